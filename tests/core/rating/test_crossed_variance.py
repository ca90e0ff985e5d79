"""The variance over raters and images against loops, and where it must not move."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from core.rating.crossed_variance import compute_crossed_variance


def cross(n_raters: int, n_images: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    return np.repeat(np.arange(n_raters), n_images), np.tile(np.arange(n_images), n_raters)


def naive_sum(influence: NDArray[np.float64], codes: NDArray[np.intp]) -> float:
    total, kinds = 0.0, sorted(set(codes.tolist()))
    for kind in kinds:
        total += sum(value for value, code in zip(influence, codes, strict=True) if code == kind) ** 2
    return total * len(kinds) / (len(kinds) - 1)


def test_raters_and_images_that_both_differ_add_up() -> None:
    rng = np.random.default_rng(0)
    raters, images = cross(6, 40)
    values = rng.normal(size=6)[raters] + rng.normal(size=40)[images] + rng.normal(size=240)
    influence = (values - values.mean()) / 240
    found = compute_crossed_variance(influence, raters=raters, images=images)
    of_raters, of_images = naive_sum(influence, raters), naive_sum(influence, images)
    simple = float(np.var(values, ddof=1)) / 240
    assert found.simple == pytest.approx(simple)
    assert found.variance == pytest.approx(of_raters + of_images - simple)
    assert found.df == pytest.approx(found.variance**2 / (of_raters**2 / 5 + of_images**2 / 39))
    assert (found.n_raters, found.n_images) == (6, 40)
    assert found.raters_differ and found.images_differ
    assert "raters and images differ" in found.describe()
    # Student's quantile with few degrees of freedom.
    assert found.quantile > 2.2


def test_independent_answers_keep_the_simple_variance() -> None:
    rng = np.random.default_rng(1)
    raters, images = cross(5, 60)
    widened = 0
    for _ in range(400):
        answers = rng.random(300) < 0.3
        found = compute_crossed_variance((answers - answers.mean()) / 300, raters=raters, images=images)
        widened += found.design_effect > 1
        assert found.variance >= found.simple
    # Chance passes one of the two levels, 0.2 and 0.1.
    assert 0.2 < widened / 400 < 0.36


def test_sets_that_differ_are_no_variance_of_images() -> None:
    raters, images = cross(4, 60)
    strata = (images >= 30).astype(np.intp)
    # Everyone recognises the second half and misses the first: a matter of sets alone.
    answers = strata.astype(float)
    influence = (answers - answers.mean()) / 240
    alone = compute_crossed_variance(influence, raters=raters, images=images)
    by_set = compute_crossed_variance(influence, raters=raters, images=images, strata=strata)
    assert alone.images_differ and alone.design_effect > 3
    assert not by_set.images_differ and by_set.design_effect == 1


def test_one_rater_and_no_answer_have_no_spread_between_raters() -> None:
    images = np.arange(30)
    answers = np.arange(30) % 3 == 0
    found = compute_crossed_variance(
        (answers - answers.mean()) / 30, raters=np.zeros(30, dtype=np.intp), images=images
    )
    assert found.variance == found.simple and math.isinf(found.df) and found.n_raters == 1
    assert found.quantile == pytest.approx(1.959964)
    none = np.zeros(0, dtype=np.intp)
    assert compute_crossed_variance(np.zeros(0), raters=none, images=none).variance == 0


def test_raters_alone_have_their_own_degrees_of_freedom() -> None:
    raters, images = cross(3, 50)
    answers = (np.tile(np.arange(50), 3) < np.array([10, 25, 40])[raters]).astype(float)
    found = compute_crossed_variance((answers - answers.mean()) / 150, raters=raters, images=images)
    assert found.raters_differ
    assert found.quantile > 3
