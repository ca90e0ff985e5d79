"""Intervals: for shares, for means, and for statistics that only subsets of the images can tell about."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from core.metrics._parallel import map_draws
from core.metrics.estimate import Array, Estimate

__all__ = ["Z_95", "bootstrap_mean", "estimate_share", "half_sampling_sd", "mean_interval", "wilson_interval"]

Z_95 = float(stats.norm.ppf(0.975))
"""Half-width of a 95 % interval of a normal distribution, in standard deviations."""

N_BOOTSTRAP = 1000


def wilson_interval(successes: int, n: int) -> tuple[float, float]:
    """95 % score interval of a share.

    Args:
        successes: items that have the property.
        n: items, at least 1.

    Returns:
        Lower and upper end within [0, 1]; sensible also for shares of 0 and 1.

    References:
        Wilson, Probable inference, the law of succession, and statistical inference, JASA 1927.
    """
    share = successes / n
    shrink = 1 + Z_95**2 / n
    centre = (share + Z_95**2 / (2 * n)) / shrink
    half = Z_95 / shrink * math.sqrt(share * (1 - share) / n + Z_95**2 / (4 * n**2))
    # At shares of 0 and 1 the end is the share itself, which rounding would miss.
    return min(max(centre - half, 0.0), share), max(min(centre + half, 1.0), share)


def estimate_share(members: NDArray[np.bool_], *, n_real: int, n_synthetic: int) -> Estimate:
    """Share of true entries with its Wilson interval.

    Args:
        members: (n,) whether each item has the property.
        n_real: real images behind the estimate.
        n_synthetic: synthetic images behind it.
    """
    successes = int(np.count_nonzero(members))
    low, high = wilson_interval(successes, len(members))
    return Estimate(successes / len(members), low, high, n_real, n_synthetic)


def bootstrap_mean(values: Array, *, seed: int) -> tuple[float, float]:
    """95 % percentile bootstrap interval of a mean of per-image values.

    Args:
        values: (n,) one value an image.
        seed: seeds the draws.

    References:
        Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13.
    """
    rng = np.random.default_rng(seed)
    values = np.asarray(values, dtype=np.float64)
    means = [values[rng.integers(0, len(values), len(values))].mean() for _ in range(N_BOOTSTRAP)]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def mean_interval(values: Array) -> tuple[float, float]:
    """95 % Student interval of the mean of a few independent values.

    Args:
        values: (n,) with n at least 2.
    """
    values = np.asarray(values, dtype=np.float64)
    half = float(stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values)))
    mean = float(values.mean())
    return mean - half, mean + half


def half_sampling_sd(
    statistic: Callable[[NDArray[np.intp], NDArray[np.intp]], float],
    *,
    n_real: int,
    n_synthetic: int,
    n_subsets: int,
    max_subset: int,
    rng: np.random.Generator,
) -> float:
    """Standard deviation of a two-sample statistic over fresh draws of both sets.

    Subsets of half of each side (or of `max_subset` images where that is fewer) are drawn without
    replacement, and the sides are redrawn in turn: successive values differ by one side's subset only, so
    that each side's variance is told apart and scaled by its own f / (1 - f), f the share drawn. A bootstrap
    would repeat images, which biases covariances; subsets do not.

    Args:
        statistic: value from indices of real and of synthetic images; runs in threads.
        n_real: real images, at least 4.
        n_synthetic: synthetic images, at least 4.
        n_subsets: values computed; the relative error of the result is about 1 / sqrt(n_subsets).
        max_subset: images a side at most, for speed.
        rng: source of the draws.

    References:
        Politis and Romano, Large sample confidence regions based on subsamples, Annals of Statistics 1994,
        with the finite-population correction for subsets that are not small.
    """
    size_real, size_synthetic = min(n_real // 2, max_subset), min(n_synthetic // 2, max_subset)

    def draw(n: int, size: int) -> NDArray[np.intp]:
        return rng.choice(n, size, replace=False)

    draws = [(draw(n_real, size_real), draw(n_synthetic, size_synthetic))]
    for step in range(n_subsets):
        chosen_real, chosen_synthetic = draws[-1]
        if step % 2:
            chosen_synthetic = draw(n_synthetic, size_synthetic)
        else:
            chosen_real = draw(n_real, size_real)
        draws.append((chosen_real, chosen_synthetic))
    values = map_draws(statistic, draws)
    steps = [(after - before) ** 2 for before, after in pairwise(values)]
    squares = steps[::2], steps[1::2]
    # The difference of two independent draws has twice the variance of one.
    variance_real, variance_synthetic = (sum(part) / len(part) / 2 for part in squares)
    return math.sqrt(
        variance_real * size_real / (n_real - size_real)
        + variance_synthetic * size_synthetic / (n_synthetic - size_synthetic)
    )
