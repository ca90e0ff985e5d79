"""FID-infinity: it takes the synthetic side's bias away, and its speed-up changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import TooFewImagesError
from core.metrics._gaussians import frechet_distance
from core.metrics.frechet_infinity import _extrapolate, compute_frechet_infinity


@pytest.mark.parametrize(("n", "m", "d"), [(120, 100, 20), (60, 100, 80), (40, 50, 30)])
def test_equals_a_plain_fit_of_distances(n: int, m: int, d: int) -> None:
    rng = np.random.default_rng(0)
    real, synthetic = rng.standard_normal((n, d)), 1.3 * rng.standard_normal((m, d)) + 0.2
    start = min(max(m // 10, 2 * d), m // 2)
    sizes = np.unique(np.linspace(start, m, 15).astype(int))
    draws = np.random.default_rng(7)
    distances = [frechet_distance(real, synthetic[draws.choice(m, size, replace=False)]) for size in sizes]
    design = np.stack([np.ones(len(sizes)), 1 / sizes], axis=1)
    intercept = np.linalg.lstsq(design, np.array(distances), rcond=None)[0][0]
    assert _extrapolate(real, synthetic, np.random.default_rng(7)) == pytest.approx(intercept, rel=1e-5)


def test_it_lies_far_nearer_to_the_true_distance() -> None:
    rng = np.random.default_rng(1)
    d, shift, scale = 40, 2.0, 1.2
    truth = shift**2 + d * (scale - 1) ** 2
    real = rng.standard_normal((20_000, d))
    plain, extrapolated = [], []
    for seed in range(5):
        synthetic = scale * rng.standard_normal((300, d)) + shift / np.sqrt(d)
        plain.append(frechet_distance(real, synthetic))
        extrapolated.append(
            compute_frechet_infinity(real=real, synthetic=synthetic, seed=seed, n_subsets=2).value
        )
    assert abs(np.mean(extrapolated) - truth) < 0.2 * abs(np.mean(plain) - truth)


def test_interval_is_about_the_spread_over_fresh_draws() -> None:
    rng = np.random.default_rng(2)

    def draw() -> tuple[np.ndarray, np.ndarray]:
        return rng.standard_normal((150, 10)), 1.2 * rng.standard_normal((150, 10)) + 1

    values = [_extrapolate(*draw(), rng) for _ in range(80)]
    real, synthetic = draw()
    estimates = [compute_frechet_infinity(real=real, synthetic=synthetic, seed=seed) for seed in range(4)]
    half = np.mean([estimate.high - estimate.value for estimate in estimates])
    assert 0.7 < half / (1.96 * np.std(values)) < 1.8


def test_seed_decides() -> None:
    rng = np.random.default_rng(3)
    real, synthetic = rng.standard_normal((50, 5)), rng.standard_normal((50, 5))
    one = compute_frechet_infinity(real=real, synthetic=synthetic, seed=4)
    assert one == compute_frechet_infinity(real=real, synthetic=synthetic, seed=4)
    assert one.value != compute_frechet_infinity(real=real, synthetic=synthetic, seed=5).value
    assert (one.n_real, one.n_synthetic) == (50, 50)


def test_errors() -> None:
    points = np.zeros((30, 3))
    with pytest.raises(TooFewImagesError, match="20 real images, but there are 19"):
        compute_frechet_infinity(real=points[:19], synthetic=points)
    with pytest.raises(TooFewImagesError, match="20 synthetic images, but there are 19"):
        compute_frechet_infinity(real=points, synthetic=points[:19])
