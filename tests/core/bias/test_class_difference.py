"""Mean difference over pooled deviation, held against the formula."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from core.bias.class_difference import compute_class_differences
from tests.core.bias.planted import mark, plant


def test_difference_is_cohens_d_for_every_pair() -> None:
    images = plant(mark, n=61, n_classes=3)
    found = compute_class_differences(images)
    assert [(one.first, one.second) for one in found] == list(combinations("abc", 2))
    for one in found:
        first, second = (
            images.pixels[images.codes == images.classes.index(name)].astype(float)
            for name in (one.first, one.second)
        )
        n, m = len(first), len(second)
        assert (one.n_first, one.n_second) == (n, m)
        pooled = ((n - 1) * first.var(0, ddof=1) + (m - 1) * second.var(0, ddof=1)) / (n + m - 2)
        assert one.difference == pytest.approx((first.mean(0) - second.mean(0)) / np.sqrt(pooled))


def test_pixels_that_never_vary_do_not_divide_by_zero() -> None:
    def blank(pixels: np.ndarray, codes: np.ndarray, rng: np.random.Generator) -> None:
        pixels[:, :4] = 0
        pixels[codes == 1, 0] = 10

    (one,) = compute_class_differences(plant(blank, n=20))
    assert (one.difference[1:4] == 0).all()
    assert (one.difference[0] == -20).all()
