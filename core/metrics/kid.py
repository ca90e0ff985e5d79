"""Kernel Inception Distance: unbiased squared MMD with a cubic polynomial kernel."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from core.errors import TooFewImagesError
from core.metrics._checks import require_features
from core.metrics._intervals import Z_95
from core.metrics._pair_bounds import IndexVector, split_rows
from core.metrics.estimate import Array, Estimate

__all__ = ["compute_kid"]

_BLOCK_ROWS = 1024
# A subset has at least two pairs of different images.
_MIN_SUBSET = 2


def compute_kid(
    *,
    real: Array,
    synthetic: Array,
    subset_size: int = 1000,
    n_subsets: int = 100,
    seed: int = 0,
    reduce: bool = True,
) -> Estimate:
    """Kernel Inception Distance: unbiased squared MMD with the kernel (x.y / d + 1)^3, averaged over subsets.

    Draws, and hence values, are those of torch-fidelity for the same seed and subset size.

    Args:
        real: (n, d) features of the real set.
        synthetic: (m, d) features from the same extractor.
        subset_size: images drawn without replacement from each side for one estimate.
        n_subsets: number of estimates averaged.
        seed: seeds the draws; the same seed gives the same value.
        reduce: where a set has fewer than `subset_size` images, draw half of the smaller set instead and say
            so in the note; without it that is an error.

    Returns:
        Mean over subsets; lower is closer, unbiased by the number of images, and slightly below 0 for equal
        distributions. Its interval is for fresh images, not for fresh subsets of the same ones: the spread
        over subsets is scaled by sqrt(f / (1 - f)), f the share that a subset takes of the smaller set, and
        comes from subsets of half of it where f is larger. For sets of unequal size it is on the wide side.

    Raises:
        TooFewImagesError: if there are too few images for a subset of 2, or of `subset_size` unless `reduce`.
        InputError: if a feature is not finite.
        ValueError: if `subset_size` is below 2 or `n_subsets` below 1.

    References:
        Binkowski et al., Demystifying MMD GANs, ICLR 2018, sec. 4 and eq. 4.
    """
    if subset_size < _MIN_SUBSET or n_subsets < 1:
        raise ValueError(
            f"KID takes subsets of at least {_MIN_SUBSET} and at least one, not {subset_size}, {n_subsets}"
        )
    require_features(real, synthetic)
    smaller = min(len(real), len(synthetic))
    if smaller < 2 * _MIN_SUBSET:
        raise TooFewImagesError(
            f"KID needs at least {2 * _MIN_SUBSET} images in each set, but there are {len(real)} real "
            f"and {len(synthetic)} synthetic."
        )
    note = ""
    if smaller < subset_size:
        if not reduce:
            raise TooFewImagesError(
                f"KID over subsets of {subset_size} needs as many images in each set, but there are "
                f"{len(real)} real and {len(synthetic)} synthetic; choose smaller subsets."
            )
        note = f"Subsets of {smaller // 2} instead of {subset_size} images, half of the smaller set."
        subset_size = smaller // 2

    draws = _draw(np.random.RandomState(seed), len(real), len(synthetic), subset_size, n_subsets)
    values = _subset_values(real, synthetic, *draws)
    value = float(values.mean())
    if n_subsets == 1:
        return Estimate(
            value, None, None, len(real), len(synthetic), f"{note} One subset has no spread.".strip()
        )
    spread, drawn = values, subset_size
    if 2 * subset_size > smaller:
        drawn = smaller // 2
        halves = _draw(np.random.RandomState(seed + 1), len(real), len(synthetic), drawn, n_subsets)
        spread = _subset_values(real, synthetic, *halves)
    sd = float(spread.std(ddof=1)) * math.sqrt(drawn / (smaller - drawn))
    return Estimate(value, value - Z_95 * sd, value + Z_95 * sd, len(real), len(synthetic), note)


def _draw(
    rng: np.random.RandomState, n: int, m: int, size: int, n_subsets: int
) -> tuple[IndexVector, IndexVector]:
    """Return (n_subsets, size) indices of both sides, drawn in torch-fidelity's order: the sides in turn."""
    draws = [
        (rng.choice(n, size, replace=False), rng.choice(m, size, replace=False)) for _ in range(n_subsets)
    ]
    return np.stack([draw[0] for draw in draws]), np.stack([draw[1] for draw in draws])


def _subset_values(
    real: Array, synthetic: Array, chosen_real: IndexVector, chosen_synthetic: IndexVector
) -> Array:
    """Return (n_subsets,) unbiased squared MMDs of the subsets."""
    n_subsets, size = chosen_real.shape
    n, m = len(real), len(synthetic)
    # Subsets of small sets overlap so much that the kernel of all pairs, summed per subset, costs less.
    if n * n / 2 + m * m / 2 + n * m <= 2 * n_subsets * size**2:
        weights_real = _membership(chosen_real, n)
        weights_synthetic = _membership(chosen_synthetic, m)
        return _mmd(real, synthetic, weights_real, weights_synthetic, size)
    ones = np.ones((size, 1))
    return np.concatenate(
        [
            _mmd(real[i], synthetic[j], ones, ones, size)
            for i, j in zip(chosen_real, chosen_synthetic, strict=True)
        ]
    )


def _membership(chosen: IndexVector, n: int) -> NDArray[np.float64]:
    """Return (n, n_subsets) of 1 where an image belongs to a subset and 0 elsewhere."""
    weights = np.zeros((n, len(chosen)))
    np.put_along_axis(weights, chosen.T, 1.0, axis=0)
    return weights


def _mmd(real: Array, synthetic: Array, weights_real: Array, weights_synthetic: Array, size: int) -> Array:
    within = _within_sums(real, weights_real) + _within_sums(synthetic, weights_synthetic)
    between = np.zeros(weights_real.shape[1])
    for rows in split_rows(len(real), _BLOCK_ROWS):
        for columns in split_rows(len(synthetic), _BLOCK_ROWS):
            between += _kernel_sums(
                real[rows], synthetic[columns], weights_real[rows], weights_synthetic[columns]
            )
    return within / (size * (size - 1)) - 2 * between / size**2


def _within_sums(points: Array, weights: Array) -> Array:
    """Return per subset the kernel summed over its ordered pairs of different images."""
    total = np.zeros(weights.shape[1])
    blocks = split_rows(len(points), _BLOCK_ROWS)
    for position, rows in enumerate(blocks):
        for columns in blocks[position:]:
            # Pairs off the diagonal blocks stand for their mirror images, too.
            times = 1 if rows == columns else 2
            total += times * _kernel_sums(
                points[rows], points[columns], weights[rows], weights[columns], skip=times == 1
            )
    return total


def _kernel_sums(
    left: Array, right: Array, left_weights: Array, right_weights: Array, *, skip: bool = False
) -> Array:
    """Return the kernel of all pairs summed per subset; `skip` leaves out the diagonal."""
    kernel = np.asarray(left, np.float64) @ np.asarray(right, np.float64).T
    kernel /= left.shape[1]
    kernel += 1.0
    kernel *= np.square(kernel)
    if skip:
        np.fill_diagonal(kernel, 0.0)
    return np.asarray(np.einsum("is,is->s", left_weights, kernel @ right_weights))
