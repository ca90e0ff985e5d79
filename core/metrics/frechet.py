"""Fréchet distance between feature distributions; FID when the features are those of the FID Inception."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.errors import TooFewImagesError
from core.metrics._checks import require_features
from core.metrics._gaussians import frechet_distance
from core.metrics._intervals import Z_95, half_sampling_sd
from core.metrics._parallel import map_draws
from core.metrics._subset_distances import SubsetDistances
from core.metrics.estimate import Array, Estimate

__all__ = [
    "Floor",
    "compute_frechet_at",
    "compute_frechet_distance",
    "compute_frechet_floor",
    "frechet_distance",
]

# Fewer images cannot be halved into sets that have a covariance.
_MIN_IMAGES = 4
# Images a side of a subset for intervals. Few dimensions allow larger subsets in the same time, and the
# nearer a subset is to half of the set, the less its own small size widens the interval.
_MAX_SUBSET, _MAX_SUBSET_FEW_DIMENSIONS, _FEW_DIMENSIONS = 512, 4096, 512


@dataclass(frozen=True, slots=True)
class Floor:
    """What the Fréchet distance is at a given size when nothing is wrong: the zero of the scale.

    The distance is biased upwards for few images, so a synthetic set is compared with the floor at the same
    n (`compute_frechet_at`).

    Attributes:
        n: images a side.
        halves: distance between disjoint random parts of the real set, averaged over splits; its interval
            tells where the distance between n and n other real images would fall. None where the real set has
            fewer than 2 n images.
        heldout: distance of held-out to real images; None without a held-out set of n images.
    """

    n: int
    halves: Estimate | None
    heldout: Estimate | None


def compute_frechet_distance(
    *, real: Array, synthetic: Array, seed: int = 0, n_subsets: int = 64
) -> Estimate:
    """Fréchet distance of the Gaussians fitted to two feature sets.

    |mu_r - mu_s|^2 + tr S_r + tr S_s - 2 tr (S_r S_s)^(1/2), covariances over n - 1, in float64.

    Args:
        real: (n, d) features of the real set.
        synthetic: (m, d) features from the same extractor.
        seed: seeds the subsets of the interval; the value does not depend on it.
        n_subsets: subsets drawn for the interval.

    Returns:
        The distance, at least 0, lower is closer. Its interval tells how far the distance at these numbers
        of images would vary with fresh images; the bias that small numbers bring is not in it. Between sets
        of one distribution, where the first-order variation vanishes, the interval is up to twice too wide.

    Raises:
        TooFewImagesError: if a set has fewer than 4 images.
        InputError: if a feature is not finite.

    References:
        Heusel et al., GANs trained by a two time-scale update rule converge to a local Nash equilibrium,
        NeurIPS 2017, eq. 6.
    """
    _require(real=real, synthetic=synthetic)
    value = frechet_distance(real, synthetic)
    sd = _sampling_sd(real, synthetic, seed=seed, n_subsets=n_subsets)
    return Estimate(value, max(value - Z_95 * sd, 0.0), value + Z_95 * sd, len(real), len(synthetic))


def compute_frechet_at(
    *, real: Array, synthetic: Array, n: int, seed: int = 0, n_draws: int = 20, n_subsets: int = 64
) -> Estimate:
    """Mean Fréchet distance between n real and n synthetic images, to hold against the floor at the same n.

    Args:
        real: (n_real, d) features of the real set.
        synthetic: (n_synthetic, d) features from the same extractor.
        n: images drawn from each side without replacement.
        seed: seeds the draws.
        n_draws: draws averaged.
        n_subsets: subsets drawn for the interval.

    Returns:
        Mean over the draws. The interval holds the sampling of both sets, as for `compute_frechet_distance`,
        and the finite number of draws; its counts are n a side.

    Raises:
        TooFewImagesError: if n is below 4, or a set has fewer than n images.
        InputError: if a feature is not finite.
    """
    _require(real=real, synthetic=synthetic, n=n)
    rng = np.random.default_rng(seed)
    distance = SubsetDistances(real, synthetic)
    draws = [
        (rng.choice(len(real), n, replace=False), rng.choice(len(synthetic), n, replace=False))
        for _ in range(1 if n == len(real) == len(synthetic) else n_draws)
    ]
    values = map_draws(distance, draws)
    value = float(np.mean(values))
    draw_sd = float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    sampling_sd = _sampling_sd(real, synthetic, seed=seed, n_subsets=n_subsets, max_subset=n)
    half = Z_95 * math.hypot(draw_sd, sampling_sd)
    return Estimate(value, max(value - half, 0.0), value + half, n, n)


def compute_frechet_floor(
    *,
    real: Array,
    heldout: Array | None = None,
    n: int,
    seed: int = 0,
    n_splits: int = 20,
    n_subsets: int = 64,
) -> Floor:
    """Fréchet distance of real images to other real images at n images a side.

    Args:
        real: (n_real, d) features of the real set.
        heldout: (n_heldout, d) features of real images that the generator never saw.
        n: images a side.
        seed: seeds the splits.
        n_splits: random splits of the real set, and draws against the held-out set.
        n_subsets: subsets drawn for each interval.

    Returns:
        The distance between disjoint parts of the real set and, where there is one, of the held-out set.

    Raises:
        TooFewImagesError: if n is below 4, or there are too few images for both of the two comparisons.
        InputError: if a feature is not finite.
    """
    require_features(real, *([] if heldout is None else [heldout]))
    with_heldout = heldout is not None and min(len(heldout), len(real)) >= n
    if n < _MIN_IMAGES or (2 * n > len(real) and not with_heldout):
        held = "none" if heldout is None else str(len(heldout))
        raise TooFewImagesError(
            f"A floor at {n} images a side (at least {_MIN_IMAGES}) needs {2 * n} real images, or {n} real "
            f"and {n} held-out ones, but there are {len(real)} real and {held} held-out."
        )
    halves = None
    if 2 * n <= len(real):
        rng = np.random.default_rng(seed)
        distance = SubsetDistances(real, real)
        orders = [rng.permutation(len(real)) for _ in range(n_splits)]
        value = float(np.mean(map_draws(distance, [(order[:n], order[n : 2 * n]) for order in orders])))
        # The splits share their images and so vary too little: take the sampling of one split's two parts.
        left, right = real[orders[-1][:n]], real[orders[-1][n : 2 * n]]
        half = Z_95 * _sampling_sd(left, right, seed=seed, n_subsets=n_subsets)
        halves = Estimate(value, max(value - half, 0.0), value + half, n, 0, "Both sides are real images.")
    against = None
    if heldout is not None and with_heldout:
        against = compute_frechet_at(
            real=real, synthetic=heldout, n=n, seed=seed, n_draws=n_splits, n_subsets=n_subsets
        )
    return Floor(n, halves, against)


def _sampling_sd(
    real: Array, synthetic: Array, *, seed: int, n_subsets: int, max_subset: int | None = None
) -> float:
    largest = _MAX_SUBSET_FEW_DIMENSIONS if real.shape[1] <= _FEW_DIMENSIONS else _MAX_SUBSET
    return half_sampling_sd(
        SubsetDistances(real, synthetic),
        n_real=len(real),
        n_synthetic=len(synthetic),
        n_subsets=n_subsets,
        max_subset=min(largest, max_subset or largest),
        # A stream of its own: the interval's draws must not follow those of the value.
        rng=np.random.default_rng([seed, 1]),
    )


def _require(*, real: Array, synthetic: Array, n: int = _MIN_IMAGES) -> None:
    if n < _MIN_IMAGES:
        raise TooFewImagesError(f"A Fréchet distance needs at least {_MIN_IMAGES} images a side, not {n}.")
    require_features(real, synthetic)
    for side, points in (("real", real), ("synthetic", synthetic)):
        if len(points) < n:
            raise TooFewImagesError(
                f"This Fréchet distance needs at least {n} {side} images, but there are {len(points)}."
            )
