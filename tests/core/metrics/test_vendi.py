"""Vendi score: closed forms, both Gram matrices, directions, interval."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import InputError, TooFewImagesError
from core.metrics.vendi import compute_vendi_score


def naive(points: np.ndarray) -> float:
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    values = np.linalg.eigvalsh(unit @ unit.T / len(points))
    values = values[values > 1e-14]
    return float(np.exp(-(values * np.log(values)).sum()))


@pytest.mark.parametrize("shape", [(20, 50), (50, 20), (30, 30), (2100, 5)])
def test_equals_the_definition_on_either_side_of_the_dual(shape: tuple[int, int]) -> None:
    points = np.random.default_rng(0).standard_normal(shape) + 0.5
    found = compute_vendi_score(synthetic=points.astype(np.float32), n_subsets=4)
    assert found.value == pytest.approx(naive(points), rel=1e-5)
    assert (found.n_real, found.n_synthetic) == (0, shape[0])


def test_closed_forms() -> None:
    # Orthogonal images: as many as there are. Equal images: one. Three groups of equal size: three.
    assert compute_vendi_score(synthetic=np.eye(9)).value == pytest.approx(9)
    assert compute_vendi_score(synthetic=np.ones((9, 4))).value == pytest.approx(1)
    groups = np.repeat(np.eye(5)[:3], 7, axis=0)
    assert compute_vendi_score(synthetic=groups).value == pytest.approx(3)
    # Lengths do not matter; shares of 1/4 and 3/4 have the entropy of that split.
    uneven = np.array([[2.0, 0], [0, 1], [0, 5], [0, 1e-200]])
    split = np.exp(-(0.25 * np.log(0.25) + 0.75 * np.log(0.75)))
    assert compute_vendi_score(synthetic=uneven).value == pytest.approx(split)


def test_images_without_direction_are_alike() -> None:
    blank = np.concatenate([np.zeros((4, 6)), np.eye(6)[:4]])
    assert compute_vendi_score(synthetic=blank).value == pytest.approx(
        np.exp(0.5 * np.log(2) + 0.5 * np.log(8))
    )
    assert compute_vendi_score(synthetic=np.zeros((8, 3))).value == pytest.approx(1)


def test_a_collapsed_set_scores_less() -> None:
    rng = np.random.default_rng(1)
    varied, collapsed = rng.standard_normal((200, 16)), 0.1 * rng.standard_normal((200, 16)) + 1
    assert compute_vendi_score(synthetic=collapsed).high < compute_vendi_score(synthetic=varied).low


@pytest.mark.parametrize(("m", "dimension"), [(200, 6), (400, 64)])
def test_interval_is_about_the_spread_over_fresh_draws(m: int, dimension: int) -> None:
    rng = np.random.default_rng(2)
    scale = np.linspace(0.2, 2, dimension)
    found = [
        compute_vendi_score(synthetic=rng.standard_normal((m, dimension)) * scale, n_subsets=40)
        for _ in range(40)
    ]
    spread = np.std([estimate.value for estimate in found])
    half = np.mean([(estimate.high - estimate.low) / 2 for estimate in found])
    assert 0.7 < half / (1.96 * spread) < 1.6


def test_order_and_scale_change_nothing_and_seeds_repeat() -> None:
    points = np.random.default_rng(3).standard_normal((60, 12))
    one = compute_vendi_score(synthetic=points, seed=4)
    assert compute_vendi_score(synthetic=1e-3 * points[::-1], seed=4).value == pytest.approx(one.value)
    assert compute_vendi_score(synthetic=points, seed=4) == one
    assert 1 <= one.low <= one.value <= one.high <= 60


def test_errors() -> None:
    with pytest.raises(TooFewImagesError, match="4 synthetic images, but there are 3"):
        compute_vendi_score(synthetic=np.ones((3, 2)))
    with pytest.raises(InputError, match="finite"):
        compute_vendi_score(synthetic=np.full((9, 2), np.nan))
