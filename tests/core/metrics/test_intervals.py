"""Intervals: published values, coverage and their edge cases."""

from __future__ import annotations

import numpy as np
import pytest

from core.metrics._intervals import (
    bootstrap_mean,
    estimate_share,
    half_sampling_sd,
    mean_interval,
    wilson_interval,
)


def test_wilson_known_values() -> None:
    # Newcombe, Statistics in Medicine 1998, table I: 81/263, 15/148, 0/20, 1/29.
    for successes, n, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ]:
        assert wilson_interval(successes, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("n", [1, 7, 1000])
def test_wilson_holds_its_share_at_both_ends(n: int) -> None:
    assert wilson_interval(0, n)[0] == 0.0
    assert wilson_interval(n, n)[1] == 1.0
    low, high = wilson_interval(n, n)
    assert 0 < low < high


def test_share() -> None:
    estimate = estimate_share(np.array([True, False, True, True]), n_real=9, n_synthetic=4)
    assert (estimate.value, estimate.n_real, estimate.n_synthetic) == (0.75, 9, 4)
    assert (estimate.low, estimate.high) == wilson_interval(3, 4)


def test_mean_interval_is_students() -> None:
    # t of 2 degrees at 97.5 %: 4.302653.
    assert mean_interval(np.array([1.0, 2.0, 3.0])) == pytest.approx(
        (2 - 4.302653 / np.sqrt(3), 2 + 4.302653 / np.sqrt(3)), abs=1e-6
    )


def test_bootstrap_of_a_mean_has_its_standard_error() -> None:
    values = np.random.default_rng(0).exponential(size=400)
    low, high = bootstrap_mean(values, seed=0)
    assert (high - low) / 2 == pytest.approx(1.96 * values.std() / 20, rel=0.1)
    assert bootstrap_mean(np.ones(5), seed=0) == (1.0, 1.0)


@pytest.mark.parametrize("max_subset", [1000, 20])
def test_half_sampling_tells_the_sides_apart(max_subset: int) -> None:
    """The difference of two means has a known standard deviation, also when the sides differ in size."""
    rng = np.random.default_rng(1)
    real, synthetic = rng.standard_normal(400), 3 * rng.standard_normal(60)
    sd = half_sampling_sd(
        lambda i, j: float(real[i].mean() - synthetic[j].mean()),
        n_real=400,
        n_synthetic=60,
        n_subsets=4000,
        max_subset=max_subset,
        rng=rng,
    )
    expected = np.sqrt(real.var(ddof=1) / 400 + synthetic.var(ddof=1) / 60)
    assert sd == pytest.approx(expected, rel=0.06)
