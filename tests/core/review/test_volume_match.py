"""Pairs of volumes: how they lie on each other is found again, and what is looked at first tells nothing."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from core.db.review_record import PairEvidence, ReviewPair
from core.review.volume_match import VolumeMatch, find_matches

NOWHERE = [math.nan] * 4


def make_pair(number: int, query: str, real: str, extractor: str = "pixels") -> ReviewPair:
    evidence = PairEvidence(extractor, 0.1, 0.2, None, None, False, "as is", None, None, None)
    return ReviewPair(number, False, query, "", "gan", real, "", None, evidence)


def tabulate(**columns: object) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "query_id": ["a", "a", "b", "c"],
            "real_id": ["x", "y", "x", "z"],
            "extractor": ["pixels", "resnet50", "pixels", "pixels"],
            **columns,
        }
    )


def test_a_pair_is_found_by_its_images_and_its_extractor() -> None:
    shifts = [np.array([share, 0.0, -share]) for share in (0.1, 0.2, 0.3)] + [None]
    agreement = [np.array([*NOWHERE, 0.1, 0.9, 0.2, 0.3, 0.5, 0.5, 0.5, 0.25], np.float32), None, None, None]
    table = tabulate(turned_over=[True, False, False, None], shift=shifts, slice_agreement=agreement)
    wanted = [make_pair(7, "a", "x"), make_pair(8, "a", "y", "resnet50"), make_pair(9, "b", "y")]
    found = find_matches(table, [*wanted, make_pair(10, "c", "z")])
    assert set(found) == {7, 8}
    assert (found[7].is_turned_over, found[7].shift) == (True, (0.1, 0.0, -0.1))
    assert found[8] == VolumeMatch(shift=(0.2, 0.0, -0.2))
    assert found[7].agreement == (
        (None,) * 4,
        pytest.approx((0.1, 0.9, 0.2, 0.3), abs=1e-4),
        (0.5, 0.5, 0.5, 0.25),
    )
    # Nothing known: the middle; the best of four parts; of equal ones, the later of those in the middle.
    assert found[7].find_start((9, 8, 12)) == (4, 3, 7)
    assert found[8].find_start((9, 8, 1)) == (4, 4, 0)


def test_pairs_of_pictures_have_no_match() -> None:
    assert find_matches(tabulate(), [make_pair(0, "a", "x")]) == {}


@pytest.mark.parametrize("n", [1, 2, 31, 32, 33, 500])
def test_every_place_lies_in_the_volume(n: int) -> None:
    starts = []
    for place in range(32):
        values = tuple(1.0 if at == place else 0.0 for at in range(32))
        starts.append(VolumeMatch(agreement=(values,) * 3).find_start((n, n, n))[0])
    assert starts == sorted(starts)
    assert 0 <= starts[0] <= n // 32
    assert n - 1 - n // 32 <= starts[-1] <= n - 1
