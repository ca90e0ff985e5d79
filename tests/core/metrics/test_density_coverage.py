"""Density and coverage: closed forms, expectations of the paper, a naive reference."""

from __future__ import annotations

import numpy as np
import pytest

from core.metrics.density_coverage import compute_coverage, compute_density
from core.metrics.neighbourhood import compute_neighbourhood


def test_equal_distributions_meet_the_papers_expectations() -> None:
    rng = np.random.default_rng(0)
    near = compute_neighbourhood(
        real=rng.standard_normal((1500, 16)), synthetic=rng.standard_normal((1500, 16))
    )
    assert compute_density(near).value == pytest.approx(1.0, abs=0.06)
    # Naeem et al. 2020, eq. 10: 1 - product of (n - i) / (2 n - i) over i = 1..k, nearly 1 - 1 / 2^k.
    assert compute_coverage(near).value == pytest.approx(1 - 1 / 2**5, abs=0.015)


def test_an_outlier_raises_recall_but_not_coverage() -> None:
    rng = np.random.default_rng(1)
    real = rng.standard_normal((200, 4))
    synthetic = np.concatenate(
        [np.full((20, 4), 30.0) + rng.standard_normal((20, 4)), np.full((1, 4), -90.0)]
    )
    near = compute_neighbourhood(real=real, synthetic=synthetic)
    assert near.in_synthetic_ball.all()
    assert compute_coverage(near).value == 0.0
    assert compute_density(near).value == 0.0


def test_crowding_at_the_mode_exceeds_one() -> None:
    rng = np.random.default_rng(2)
    real = rng.standard_normal((300, 8))
    near = compute_neighbourhood(real=real, synthetic=0.1 * rng.standard_normal((300, 8)))
    assert compute_density(near).value > 2
    assert compute_coverage(near).value < 0.7


def test_naive_reference_and_interval() -> None:
    rng = np.random.default_rng(3)
    real, synthetic, k = rng.standard_normal((60, 3)), rng.standard_normal((50, 3)) + 0.5, 4
    radii = np.array([sorted(np.linalg.norm(real - centre, axis=1))[k] for centre in real])
    distances = np.array([[np.linalg.norm(r - s) for s in synthetic] for r in real])
    near = compute_neighbourhood(real=real, synthetic=synthetic, nearest_k=k)
    density, coverage = compute_density(near), compute_coverage(near)
    assert density.value == pytest.approx((distances < radii[:, None]).sum() / (k * 50))
    assert coverage.value == pytest.approx((distances.min(axis=1) < radii).mean())
    counts = (distances < radii[:, None]).sum(axis=0) / k
    half = 1.96 * counts.std() / np.sqrt(50)
    assert density.low == pytest.approx(density.value - half, abs=0.15 * half)
    assert density.high == pytest.approx(density.value + half, abs=0.15 * half)
    assert density == compute_density(near)
    assert density.low != compute_density(near, seed=1).low
