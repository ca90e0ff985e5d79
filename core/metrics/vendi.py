"""Vendi score: how many different images a set is worth."""

from __future__ import annotations

import math

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from scipy.linalg import blas

from core.errors import TooFewImagesError
from core.metrics._checks import require_features
from core.metrics._intervals import Z_95
from core.metrics._pair_bounds import split_rows
from core.metrics._parallel import map_draws
from core.metrics.estimate import Array, Estimate

__all__ = ["compute_vendi_at", "compute_vendi_score"]

# Fewer images have no halves of two.
_MIN_IMAGES = 4
# Rows normalised at once.
_BLOCK_ROWS = 2048
# Images of a half-sample at most, for speed.
_MAX_SUBSET = 1024


def compute_vendi_score(*, synthetic: Array, seed: int = 0, n_subsets: int = 64) -> Estimate:
    """Vendi score: exp of the entropy of the eigenvalues of K / m, K the cosine similarities of all pairs.

    m images that share nothing score m, m copies of one image score 1, and g groups of equal images in equal
    shares score g if the groups share nothing. A feature vector of zeros (an image of one grey level) has
    similarity 1 to others of its kind and 0 to the rest.

    Args:
        synthetic: (m, d) features.
        seed: seeds the half-samples of the interval.
        n_subsets: half-samples drawn without replacement.

    Returns:
        The score, from 1 to m, higher is more varied. It grows with the number of images: compare sets of
        equal size. `n_real` is 0, since no real image enters. The interval is for fresh images: the spread of
        the entropy over half-samples, whose share f of the images is scaled by sqrt(f / (1 - f)).

    Raises:
        TooFewImagesError: if there are fewer than 4 images.
        InputError: if a feature is not finite.

    References:
        Friedman and Dieng, The Vendi score: a diversity evaluation metric for machine learning, TMLR 2023,
        def. 3.1, and sec. 3.3 for the d-by-d dual.
    """
    m = _require(synthetic)
    entropy, sd = _entropy(synthetic), _entropy_sd(synthetic, seed=seed, n_subsets=n_subsets)
    value, low, high = (math.exp(entropy + shift) for shift in (0.0, -Z_95 * sd, Z_95 * sd))
    return Estimate(min(value, m), min(max(low, 1.0), value), max(min(high, m), value), 0, m)


def compute_vendi_at(
    *, synthetic: Array, n: int, seed: int = 0, n_draws: int = 20, n_subsets: int = 64
) -> Estimate:
    """Mean Vendi score of n images of a set, to hold sets of different sizes against each other.

    Args:
        synthetic: (m, d) features.
        n: images drawn without replacement.
        seed: seeds the draws.
        n_draws: draws averaged; one where n is all images.
        n_subsets: half-samples drawn for the interval.

    Returns:
        exp of the mean entropy over the draws, from 1 to n. The interval holds the sampling of the set, as
        for `compute_vendi_score`, and the finite number of draws.

    Raises:
        TooFewImagesError: if n is below 4, or the set has fewer images than n.
        InputError: if a feature is not finite.
    """
    m = _require(synthetic, n)
    rng = np.random.default_rng(seed)
    draws = [(np.sort(rng.choice(m, n, replace=False)),) for _ in range(1 if n == m else n_draws)]
    entropies = map_draws(lambda chosen: _entropy(synthetic[chosen]), draws)
    draw_sd = float(np.std(entropies, ddof=1)) / math.sqrt(len(entropies)) if len(entropies) > 1 else 0.0
    sd = math.hypot(draw_sd, _entropy_sd(synthetic, seed=seed, n_subsets=n_subsets, max_subset=n))
    entropy = float(np.mean(entropies))
    value, low, high = (math.exp(entropy + shift) for shift in (0.0, -Z_95 * sd, Z_95 * sd))
    return Estimate(min(value, n), min(max(low, 1.0), value), max(min(high, n), value), 0, n)


def _require(synthetic: Array, n: int = _MIN_IMAGES) -> int:
    """Check a set and return how many images it has."""
    require_features(synthetic)
    if n < _MIN_IMAGES:
        raise TooFewImagesError(f"The Vendi score needs at least {_MIN_IMAGES} images, not {n}.")
    if len(synthetic) < n:
        raise TooFewImagesError(
            f"The Vendi score needs at least {n} synthetic images, but there are {len(synthetic)}."
        )
    return len(synthetic)


def _entropy_sd(points: Array, *, seed: int, n_subsets: int, max_subset: int = _MAX_SUBSET) -> float:
    """Standard deviation of the entropy over fresh images, by half-samples."""
    m = len(points)
    half = min(m // 2, max_subset, _MAX_SUBSET)
    # A stream of its own: the interval's draws must not follow those of a value.
    rng = np.random.default_rng([seed, 1])
    draws = [(np.sort(rng.choice(m, half, replace=False)),) for _ in range(n_subsets)]
    spread = map_draws(lambda chosen: _entropy(points[chosen]), draws)
    return float(np.std(spread, ddof=1)) * math.sqrt(half / (m - half))


def _entropy(points: Array) -> float:
    """Return the entropy of the eigenvalues of K / m, by whichever of the two Gram matrices is smaller."""
    m, dimension = points.shape
    if m <= dimension:
        unit = _unit_rows(points)
        gram = blas.dsyrk(1.0 / m, unit.T, trans=1, lower=1)  # (m, d) -> (m, m)
    else:
        gram = np.zeros((dimension + 1, dimension + 1), order="F")
        for rows in split_rows(m, _BLOCK_ROWS):
            unit = _unit_rows(points[rows])
            gram = blas.dsyrk(1.0 / m, unit.T, beta=1.0, c=gram, overwrite_c=True, lower=1)  # -> (d+1, d+1)
    values = scipy.linalg.eigvalsh(gram, lower=True, overwrite_a=True, check_finite=False)
    # 0 log 0 is 0; rounding may leave eigenvalues of 0 a little below.
    values = values[values > 0]
    return max(float(-(values * np.log(values)).sum()), 0.0)


def _unit_rows(points: Array) -> NDArray[np.float64]:
    """Return (m, d + 1) rows of length 1; the last column is 1 for rows of zeros, which have no direction."""
    unit = np.zeros((len(points), points.shape[1] + 1))
    unit[:, :-1] = points
    # By the largest entry first, so that no square under- or overflows.
    largest = np.abs(unit).max(axis=1)
    unit[largest == 0, -1] = 1.0
    unit /= np.where(largest > 0, largest, 1.0)[:, None]
    unit /= np.sqrt(np.einsum("ij,ij->i", unit, unit))[:, None]
    return unit
