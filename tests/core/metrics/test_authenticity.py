"""Authenticity: the radius belongs to the matched real item."""

from __future__ import annotations

import numpy as np

from core.metrics.authenticity import compute_authenticity
from core.metrics.neighbourhood import compute_neighbourhood


def test_copies_are_not_authentic_and_strangers_are() -> None:
    real = np.random.default_rng(0).standard_normal((50, 4))
    assert compute_authenticity(compute_neighbourhood(real=real, synthetic=real)).value == 0.0
    assert compute_authenticity(compute_neighbourhood(real=real, synthetic=real + 100)).value == 1.0


def test_the_radius_is_that_of_the_match_not_of_the_same_index() -> None:
    # r_1 = 1, 1, 9, 10. Synthetic item 0 is 2 from the last real item, whose radius is 10: not authentic,
    # though the real item of its own index has radius 1.
    real = np.array([[0.0], [1.0], [10.0], [20.0]])
    synthetic = np.array([[22.0], [-1.5]])
    near = compute_neighbourhood(real=real, synthetic=synthetic, nearest_k=1)
    assert compute_authenticity(near).value == 0.5
    assert list(near.nearest_real_distance > near.real_knn[near.nearest_real, 0]) == [False, True]


def test_as_far_as_the_neighbour_is_not_further() -> None:
    near = compute_neighbourhood(
        real=np.array([[0.0], [1.0], [5.0]]), synthetic=np.array([[-1.0], [-1.0]]), nearest_k=1
    )
    assert compute_authenticity(near).value == 0.0


def test_fresh_images_do_not_score_one() -> None:
    rng = np.random.default_rng(1)
    near = compute_neighbourhood(
        real=rng.standard_normal((1500, 8)), synthetic=rng.standard_normal((1500, 8))
    )
    estimate = compute_authenticity(near)
    assert 0.45 < estimate.value < 0.7
    assert estimate.low < estimate.value < estimate.high
