from __future__ import annotations

import math

import numpy as np

from core.copies.slice_words import describe_best_slices


def test_the_slices_around_the_best_one_are_named_by_the_real_volumes_numbers() -> None:
    agreement = np.full(32, 0.3)
    agreement[12:18] = (0.97, 0.975, 0.98, 0.965, 0.97, 0.96)
    agreement[25] = 0.97
    # Place 12 begins 13.5 slices of 36 from the first one's edge, in the 14th; place 17 ends 20.25 from it.
    assert (
        describe_best_slices(agreement.tolist(), 36) == "Axial slices 14 to 21 of 36 agree best (r = 0.98)."
    )
    assert describe_best_slices([0.1, 0.9, 0.2], 3) == "Axial slice 2 of 3 agrees best (r = 0.90)."
    assert describe_best_slices([-0.5, -0.9], 2, plane="coronal") == (
        "Coronal slice 1 of 2 agrees best (r = −0.50)."
    )


def test_where_all_or_none_agree_no_slice_is_singled_out() -> None:
    assert describe_best_slices([1.0] * 32, 20) == "All 20 axial slices agree about equally well (r = 1.00)."
    assert describe_best_slices([None, 0.99, 1.0, math.nan], 4) == (
        "All axial slices that can be compared, 2 to 3 of 4, agree about equally well (r = 1.00)."
    )
    assert describe_best_slices([None, math.nan], 9) == ""
    assert describe_best_slices([], 9) == ""
