"""The Vendi score at a given number of images."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import TooFewImagesError
from core.metrics.vendi import compute_vendi_at, compute_vendi_score


def test_at_all_images_it_is_the_score() -> None:
    points = np.random.default_rng(0).standard_normal((30, 8))
    whole, at_all = compute_vendi_score(synthetic=points), compute_vendi_at(synthetic=points, n=30)
    assert (at_all.value, at_all.low, at_all.high) == (whole.value, whole.low, whole.high)


def test_sets_of_different_sizes_agree_at_one_size() -> None:
    rng = np.random.default_rng(1)
    small, large = rng.standard_normal((60, 24)), rng.standard_normal((600, 24))
    apart = compute_vendi_score(synthetic=large).value - compute_vendi_score(synthetic=small).value
    at = [compute_vendi_at(synthetic=points, n=60) for points in (small, large)]
    assert abs(at[1].value - at[0].value) < apart / 4
    assert at[1].low < at[0].value < at[1].high
    assert all(one.n_synthetic == 60 and one.value <= 60 for one in at)


def test_errors() -> None:
    with pytest.raises(TooFewImagesError, match="at least 4 images, not 3"):
        compute_vendi_at(synthetic=np.ones((9, 2)), n=3)
    with pytest.raises(TooFewImagesError, match="10 synthetic images, but there are 9"):
        compute_vendi_at(synthetic=np.ones((9, 2)), n=10)
