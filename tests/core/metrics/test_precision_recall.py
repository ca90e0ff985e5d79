"""Precision and recall: which is which, closed forms, and a naive reference."""

from __future__ import annotations

import numpy as np
import pytest

from core.metrics._intervals import wilson_interval
from core.metrics.neighbourhood import compute_neighbourhood
from core.metrics.precision_recall import compute_precision, compute_recall


def test_a_collapsed_set_is_precise_and_recalls_little() -> None:
    rng = np.random.default_rng(0)
    real = rng.standard_normal((400, 8))
    collapsed = real[7] + 1e-3 * rng.standard_normal((300, 8))
    near = compute_neighbourhood(real=real, synthetic=collapsed)
    assert compute_precision(near).value == 1.0
    assert compute_recall(near).value < 0.01


def test_a_scattered_set_recalls_and_is_imprecise() -> None:
    rng = np.random.default_rng(1)
    real = rng.standard_normal((300, 8))
    scattered = 4 * rng.standard_normal((400, 8))
    near = compute_neighbourhood(real=real, synthetic=scattered)
    assert compute_precision(near).value < 0.2
    assert compute_recall(near).value > 0.8


def test_known_positions_on_a_line() -> None:
    # Real radii for k = 1 are all 1; synthetic ones 0.5, 0.5, 9.5.
    near = compute_neighbourhood(
        real=np.array([[0.0], [1.0], [2.0], [3.0]]), synthetic=np.array([[0.0], [0.5], [10.0]]), nearest_k=1
    )
    precision, recall = compute_precision(near), compute_recall(near)
    assert precision.value == pytest.approx(2 / 3)
    # 0 lies in the ball of 0. 1 lies on the edge of that of 0.5, which is outside, but like 2 and 3 in that of 10.
    assert recall.value == 1.0
    assert (precision.low, precision.high) == wilson_interval(2, 3)
    assert (recall.n_real, recall.n_synthetic) == (4, 3)


def test_on_the_edge_of_a_ball_is_outside() -> None:
    near = compute_neighbourhood(
        real=np.array([[0.0], [1.0]]), synthetic=np.array([[2.0], [-1.0]]), nearest_k=1
    )
    assert compute_precision(near).value == 0.0


@pytest.mark.parametrize("k", [1, 3, 5])
def test_naive_reference(k: int) -> None:
    rng = np.random.default_rng(2)
    real, synthetic = rng.standard_normal((90, 4)), 1.3 * rng.standard_normal((70, 4)) + 0.4

    def manifold_share(points: np.ndarray, manifold: np.ndarray) -> float:
        radii = [sorted(np.linalg.norm(manifold - centre, axis=1))[k] for centre in manifold]
        inside = [
            any(
                np.linalg.norm(point - centre) < radius
                for centre, radius in zip(manifold, radii, strict=True)
            )
            for point in points
        ]
        return float(np.mean(inside))

    near = compute_neighbourhood(real=real, synthetic=synthetic, nearest_k=k, block_rows=32)
    assert compute_precision(near).value == pytest.approx(manifold_share(synthetic, real))
    assert compute_recall(near).value == pytest.approx(manifold_share(real, synthetic))


def test_swapping_the_sets_swaps_the_two() -> None:
    rng = np.random.default_rng(3)
    real, synthetic = rng.standard_normal((50, 3)), 2 * rng.standard_normal((60, 3))
    there = compute_neighbourhood(real=real, synthetic=synthetic)
    back = compute_neighbourhood(real=synthetic, synthetic=real)
    assert compute_precision(there).value == compute_recall(back).value != compute_recall(there).value
