"""Fréchet distance: textbook values by every route, floor, equal sizes, and honest intervals."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

from core.errors import TooFewImagesError
from core.metrics import _gaussians
from core.metrics._gaussians import fit_gaussian, frechet_distance, gaussian_distance, gaussian_root
from core.metrics._subset_distances import SubsetDistances
from core.metrics.frechet import compute_frechet_at, compute_frechet_distance, compute_frechet_floor


def textbook(real: np.ndarray, synthetic: np.ndarray) -> float:
    """The formula as it stands, by eigenvectors of the product itself."""
    gap = real.mean(axis=0) - synthetic.mean(axis=0)
    left, right = np.atleast_2d(np.cov(real.T)), np.atleast_2d(np.cov(synthetic.T))
    roots = np.sqrt(np.clip(scipy.linalg.eigvals(left @ right).real, 0, None))
    return float(gap @ gap + np.trace(left) + np.trace(right) - 2 * roots.sum())


@pytest.mark.parametrize(
    ("n", "m", "d"),
    [
        (200, 150, 12),
        (30, 20, 60),
        (60, 8, 20),
        (8, 60, 20),
        (21, 21, 20),
        (20, 200, 20),
        (50, 40, 1),
        (4, 4, 300),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equals_the_textbook_by_both_routes(n: int, m: int, d: int, dtype: type) -> None:
    rng = np.random.default_rng(n * m * d)
    mix = rng.standard_normal((d, d))
    real = (rng.standard_normal((n, d)) @ mix + 3).astype(dtype)
    synthetic = (1.4 * rng.standard_normal((m, d)) @ mix + 1).astype(dtype)
    expected = textbook(real.astype(np.float64), synthetic.astype(np.float64))
    assert frechet_distance(real, synthetic) == pytest.approx(expected, rel=1e-6)
    assert gaussian_distance(fit_gaussian(real), fit_gaussian(synthetic)) == pytest.approx(expected, rel=1e-6)
    assert compute_frechet_distance(real=real, synthetic=synthetic).value == frechet_distance(real, synthetic)


def test_one_dimension_in_closed_form() -> None:
    real, synthetic = np.array([[0.0], [2.0], [0.0], [2.0]]), np.array([[5.0], [9.0], [5.0], [9.0]])
    # Means 1 and 7; standard deviations sqrt(4/3) and twice that.
    assert compute_frechet_distance(real=real, synthetic=synthetic).value == pytest.approx(36 + 4 / 3)


def test_a_shift_adds_its_square_and_a_scale_its_own_part() -> None:
    real = np.random.default_rng(0).standard_normal((100, 6))
    shift = np.arange(6.0)
    shifted = compute_frechet_distance(real=real, synthetic=real + shift).value
    scaled = compute_frechet_distance(real=real, synthetic=real.mean(axis=0) + 3 * (real - real.mean(axis=0)))
    assert shifted == pytest.approx(shift @ shift)
    assert scaled.value == pytest.approx(4 * np.trace(np.cov(real.T)))


@pytest.mark.parametrize(("n", "d"), [(50, 6), (50, 200)])
def test_equal_sets_are_at_zero_and_not_below(n: int, d: int) -> None:
    real = np.random.default_rng(1).standard_normal((n, d)) + 1e3
    estimate = compute_frechet_distance(real=real, synthetic=real[::-1])
    assert 0 <= estimate.value < 1e-5
    assert estimate.low == 0.0


def test_singular_covariances_of_many_images() -> None:
    rng = np.random.default_rng(2)
    real = rng.standard_normal((300, 4)) @ rng.standard_normal((4, 10))
    synthetic = rng.standard_normal((200, 4)) @ rng.standard_normal((4, 10))
    real[:, 3] = synthetic[:, 3] = 0.0
    left, right = fit_gaussian(real), fit_gaussian(synthetic)
    expected = textbook(real, synthetic)
    assert gaussian_distance(left, right) == pytest.approx(expected, rel=1e-5)
    root = gaussian_root(real)
    np.testing.assert_allclose(root @ root.T, np.cov(real.T), atol=1e-10)


@pytest.mark.parametrize(("n", "m", "d"), [(60, 50, 100), (60, 50, 20), (60, 50, 30)])
def test_subset_distances_equal_the_plain_ones(n: int, m: int, d: int) -> None:
    rng = np.random.default_rng(11)
    real = (rng.standard_normal((n, d)) + 1e3).astype(np.float32)
    synthetic = (1.3 * rng.standard_normal((m, d)) + 1e3).astype(np.float32)
    distance = SubsetDistances(real, synthetic)
    for size_real, size_synthetic in ((n, m), (20, 30), (31, 8)):
        i, j = rng.choice(n, size_real, replace=False), rng.choice(m, size_synthetic, replace=False)
        assert distance(i, j) == pytest.approx(frechet_distance(real[i], synthetic[j]), rel=1e-6)


def test_covariance_is_summed_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_gaussians, "_COVARIANCE_ROWS", 7)
    points = (np.random.default_rng(3).standard_normal((50, 5)) + 1e4).astype(np.float32)
    fit = fit_gaussian(points)
    np.testing.assert_allclose(np.tril(fit.covariance), np.tril(np.cov(points.T.astype(float))), rtol=1e-9)
    np.testing.assert_allclose(fit.mean, points.astype(float).mean(axis=0), rtol=1e-14)


def test_neither_sides_nor_item_order_matter_and_the_seed_moves_only_the_interval() -> None:
    rng = np.random.default_rng(4)
    real, synthetic = rng.standard_normal((60, 8)), rng.standard_normal((40, 8)) + 0.3
    one = compute_frechet_distance(real=real, synthetic=synthetic)
    assert compute_frechet_distance(real=synthetic, synthetic=real).value == pytest.approx(one.value)
    assert compute_frechet_distance(real=real[::-1], synthetic=synthetic).value == pytest.approx(one.value)
    other = compute_frechet_distance(real=real, synthetic=synthetic, seed=1)
    assert other.value == one.value and other.high != one.high
    assert compute_frechet_distance(real=real, synthetic=synthetic) == one


@pytest.mark.parametrize(("n", "m", "d"), [(120, 120, 10), (200, 60, 30), (60, 60, 150)])
def test_intervals_hold_the_sampling_spread(n: int, m: int, d: int) -> None:
    """Over fresh draws, the interval's half-width is about 1.96 standard deviations of the distance."""
    rng = np.random.default_rng(5)

    def draw() -> tuple[np.ndarray, np.ndarray]:
        return rng.standard_normal((n, d)), 1.2 * rng.standard_normal((m, d)) + 3 / np.sqrt(d)

    values = np.array([frechet_distance(*draw()) for _ in range(150)])
    halves = []
    hits = 0
    for seed in range(30):
        real, synthetic = draw()
        estimate = compute_frechet_distance(real=real, synthetic=synthetic, seed=seed, n_subsets=60)
        halves.append(estimate.high - estimate.value)
        hits += estimate.low <= values.mean() <= estimate.high
    assert 0.85 < np.mean(halves) / (1.96 * values.std()) < 1.6
    assert hits >= 26


def test_a_bootstrap_would_have_been_biased() -> None:
    """Why intervals come from subsets without replacement and are centred on the value."""
    rng = np.random.default_rng(6)
    real, synthetic = rng.standard_normal((80, 60)), rng.standard_normal((80, 60))
    estimate = compute_frechet_distance(real=real, synthetic=synthetic)
    resampled = [
        frechet_distance(real[rng.integers(0, 80, 80)], synthetic[rng.integers(0, 80, 80)]) for _ in range(20)
    ]
    assert np.mean(resampled) > estimate.high
    assert estimate.low < estimate.value < estimate.high


def test_the_floor_is_what_fresh_images_score() -> None:
    rng = np.random.default_rng(7)
    fresh = [
        frechet_distance(rng.standard_normal((50, 20)), rng.standard_normal((50, 20))) for _ in range(60)
    ]
    floor = compute_frechet_floor(
        real=rng.standard_normal((200, 20)), heldout=rng.standard_normal((100, 20)), n=50, seed=0
    )
    assert floor.n == 50
    for estimate in (floor.halves, floor.heldout):
        assert estimate is not None
        assert estimate.value == pytest.approx(np.mean(fresh), rel=0.1)
        assert estimate.low < np.mean(fresh) < estimate.high
    away = compute_frechet_at(
        real=rng.standard_normal((200, 20)), synthetic=rng.standard_normal((90, 20)) + 1, n=50
    )
    assert away.low > floor.halves.high
    assert (away.n_real, away.n_synthetic) == (50, 50)


def test_at_full_size_it_is_the_distance_itself() -> None:
    rng = np.random.default_rng(8)
    real, synthetic = rng.standard_normal((40, 9)), rng.standard_normal((40, 9)) + 1
    at = compute_frechet_at(real=real, synthetic=synthetic, n=40)
    whole = compute_frechet_distance(real=real, synthetic=synthetic)
    assert at.value == pytest.approx(whole.value)
    assert at.high == pytest.approx(whole.high)


def test_floor_without_halves_or_without_heldout() -> None:
    rng = np.random.default_rng(9)
    real, heldout = rng.standard_normal((30, 3)), rng.standard_normal((30, 3))
    assert compute_frechet_floor(real=real, heldout=heldout, n=30).halves is None
    assert compute_frechet_floor(real=real, heldout=heldout[:5], n=15).heldout is None
    assert compute_frechet_floor(real=real, n=15).heldout is None


def test_errors() -> None:
    points = np.random.default_rng(10).standard_normal((10, 3))
    with pytest.raises(TooFewImagesError, match="4 real images, but there are 3"):
        compute_frechet_distance(real=points[:3], synthetic=points)
    with pytest.raises(TooFewImagesError, match="4 synthetic images, but there are 3"):
        compute_frechet_distance(real=points, synthetic=points[:3])
    with pytest.raises(TooFewImagesError, match="11 real images, but there are 10"):
        compute_frechet_at(real=points, synthetic=points, n=11)
    with pytest.raises(TooFewImagesError, match="not 3"):
        compute_frechet_at(real=points, synthetic=points, n=3)
    with pytest.raises(TooFewImagesError, match="there are 10 real and none held-out"):
        compute_frechet_floor(real=points, n=6)
    with pytest.raises(TooFewImagesError, match="there are 10 real and 5 held-out"):
        compute_frechet_floor(real=points, heldout=points[:5], n=6)
    with pytest.raises(TooFewImagesError, match="at least 4"):
        compute_frechet_floor(real=points, n=3)
