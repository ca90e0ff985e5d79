"""KID: a naive reference for both ways of summing, unbiasedness, and an interval over images."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import TooFewImagesError
from core.metrics import kid
from core.metrics.kid import compute_kid


def naive_mmd(left: np.ndarray, right: np.ndarray) -> float:
    def kernel(x: np.ndarray, y: np.ndarray) -> float:
        return float((x @ y / len(x) + 1) ** 3)

    n = len(left)
    within = sum(
        kernel(points[i], points[j]) for points in (left, right) for i in range(n) for j in range(n) if i != j
    )
    between = sum(kernel(x, y) for x in left for y in right)
    return within / (n * (n - 1)) - 2 * between / n**2


@pytest.mark.parametrize(("n", "m", "size", "n_subsets"), [(30, 25, 12, 20), (40, 50, 8, 3)])
def test_equals_the_naive_mean_over_the_same_draws(n: int, m: int, size: int, n_subsets: int) -> None:
    """The two cases take the two ways of summing: all pairs at once, and subset by subset."""
    rng = np.random.default_rng(0)
    real, synthetic = rng.standard_normal((n, 6)).astype(np.float32), rng.standard_normal((m, 6)) + 0.5
    draws = np.random.RandomState(11)
    expected = np.mean(
        [
            naive_mmd(
                real[draws.choice(n, size, replace=False)].astype(float),
                synthetic[draws.choice(m, size, replace=False)],
            )
            for _ in range(n_subsets)
        ]
    )
    found = compute_kid(real=real, synthetic=synthetic, subset_size=size, n_subsets=n_subsets, seed=11)
    assert found.value == pytest.approx(expected, rel=1e-10)
    assert found.note == ""


def test_both_ways_of_summing_and_every_block_size_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    real, synthetic = rng.standard_normal((50, 5)), rng.standard_normal((45, 5))
    draws = kid._draw(np.random.RandomState(0), 50, 45, 20, 30)
    together = kid._subset_values(real, synthetic, *draws)
    single = [
        kid._subset_values(real, synthetic, draws[0][one : one + 1], draws[1][one : one + 1])
        for one in range(30)
    ]
    np.testing.assert_allclose(np.concatenate(single), together, rtol=1e-9)
    monkeypatch.setattr(kid, "_BLOCK_ROWS", 7)
    np.testing.assert_allclose(kid._subset_values(real, synthetic, *draws), together, rtol=1e-9)


def test_equal_distributions_score_about_zero_and_may_be_negative() -> None:
    rng = np.random.default_rng(2)
    values = [
        compute_kid(
            real=rng.standard_normal((60, 4)), synthetic=rng.standard_normal((60, 4)), seed=seed
        ).value
        for seed in range(40)
    ]
    assert min(values) < 0 < max(values)
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(40)


def test_a_greater_shift_scores_higher() -> None:
    rng = np.random.default_rng(3)
    real, synthetic = rng.standard_normal((100, 8)), rng.standard_normal((100, 8))
    values = [compute_kid(real=real, synthetic=synthetic + shift).value for shift in (0.0, 0.5, 1.0)]
    assert values == sorted(values)


@pytest.mark.parametrize("subset_size", [50, 150, 200])
def test_interval_is_for_fresh_images(subset_size: int) -> None:
    """About as wide for subsets of a quarter, of three quarters and of all images: fresh ones decide it."""
    rng = np.random.default_rng(4)

    def draw() -> tuple[np.ndarray, np.ndarray]:
        return rng.standard_normal((200, 6)), 1.1 * rng.standard_normal((200, 6)) + 0.5

    options = {"subset_size": subset_size, "n_subsets": 100, "reduce": False}
    values, halves = [], []
    for _ in range(80):
        real, synthetic = draw()
        estimate = compute_kid(real=real, synthetic=synthetic, **options)
        values.append(estimate.value)
        halves.append(estimate.high - estimate.value)
    assert 0.75 < np.mean(halves) / (1.96 * np.std(values)) < 1.5


def test_too_few_images_reduce_the_subsets_and_it_is_said() -> None:
    rng = np.random.default_rng(5)
    real, synthetic = rng.standard_normal((60, 3)), rng.standard_normal((41, 3))
    reduced = compute_kid(real=real, synthetic=synthetic)
    assert "20 instead of 1000" in reduced.note
    assert reduced.value == compute_kid(real=real, synthetic=synthetic, subset_size=20).value
    whole = compute_kid(real=real[:41], synthetic=synthetic, subset_size=41)
    assert whole.value == pytest.approx(naive_mmd(real[:41], synthetic))


def test_seed_decides_and_one_subset_has_no_interval() -> None:
    rng = np.random.default_rng(6)
    real, synthetic = rng.standard_normal((30, 3)), rng.standard_normal((30, 3))
    assert compute_kid(real=real, synthetic=synthetic, seed=1) == compute_kid(
        real=real, synthetic=synthetic, seed=1
    )
    assert (
        compute_kid(real=real, synthetic=synthetic, seed=1).value
        != compute_kid(real=real, synthetic=synthetic, seed=2).value
    )
    one = compute_kid(real=real, synthetic=synthetic, n_subsets=1, subset_size=10)
    assert one.low is None and "no spread" in one.note


def test_errors() -> None:
    points = np.zeros((10, 2))
    with pytest.raises(TooFewImagesError, match="10 real and 3 synthetic"):
        compute_kid(real=points, synthetic=points[:3])
    with pytest.raises(TooFewImagesError, match="subsets of 11"):
        compute_kid(real=points, synthetic=points, subset_size=11, reduce=False)
    for options in ({"subset_size": 1}, {"n_subsets": 0}):
        with pytest.raises(ValueError, match="subsets"):
            compute_kid(real=points, synthetic=points, **options)
