"""How well two aligned pictures agree, pixel by pixel, in float64.

Two correlations are taken over the overlap. That of grey levels is what a reader expects of the word. That of
detail, which is what stays after the local mean is taken away, decides: all chests are alike in the large, so
that strangers' grey levels correlate at 0.94, but the detail of copies stands out, also where bright areas
were cut off or faded.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.copies.warping import make_positions, sample_planes

__all__ = ["Agreement", "compute_agreement"]

# Less of the query than this on the real image says little about the rest.
_MIN_OVERLAP: Final = 0.7
# Standard deviation of the Gaussian that local means are taken with, as a share of the side.
_LOCAL: Final = 1 / 16
# Planes have variance 1: a standard deviation below this, in the overlap, is no picture.
_LEAST_DEVIATION: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Agreement:
    """What pairs have in common after alignment.

    Attributes:
        pixel_agreement: (n,) normalised cross-correlation of grey levels over the overlap, -1 to 1.
        distance: (n,) sqrt(2 (1 - r)) with r the same of detail, 0 to 2; exactly 0 for equal pictures.
        overlap: (n,) share of the query that lies on the real image and was compared, 0 to 1.
    """

    pixel_agreement: NDArray[np.float64]
    distance: NDArray[np.float64]
    overlap: NDArray[np.float64]


def compute_agreement(
    *, queries: NDArray[np.float32], real: NDArray[np.float32], warps: NDArray[np.float64]
) -> Agreement:
    """Correlate each query with the real image that its warp lays it on.

    Pairs that overlap on less than 70 % of the query count as uncorrelated, as do pairs of which only one
    varies there; where neither varies, they are equal up to brightness, and their correlation is 1.

    Args:
        queries: (n, side, side) planes of variance 1, already flipped or turned; or of constants 0.
        real: (n, side, side) likewise.
        warps: (n, 2, 3), see `core.copies.warping`.

    References:
        Lewis, Fast Normalized Cross-Correlation, Vision Interface 1995, eq. 2.
    """
    n, side, _ = queries.shape
    seen, inside = sample_planes(real, warps, make_positions(side))
    mask = _erode(inside.reshape(n, side, side)).astype(np.float64)
    one, other = queries * mask, seen.reshape(n, side, side) * mask
    overlap = mask.mean(axis=(1, 2))
    too_small = overlap < _MIN_OVERLAP
    grey = _square_distance(one, other, mask, too_small)
    detail = _square_distance(_keep_detail(one, mask), _keep_detail(other, mask), mask, too_small)
    return Agreement(1.0 - grey / 2, np.sqrt(detail), overlap)


def _erode(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Leave out the pixels at the real image's edge, where a moved copy is blended with its filling.

    The query's own edge is left alone, so that nothing is lost where nothing was moved.
    """
    kept = inside.copy()
    kept[:, 1:] &= inside[:, :-1]
    kept[:, :-1] &= inside[:, 1:]
    kept[:, :, 1:] &= inside[:, :, :-1]
    kept[:, :, :-1] &= inside[:, :, 1:]
    return kept


def _square_distance(
    one: NDArray[np.float64],
    other: NDArray[np.float64],
    mask: NDArray[np.float64],
    too_small: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Return (n,) 2 (1 - r), from the difference: equal pictures are at 0, not at rounding's mercy."""
    (one, one_varies), (other, other_varies) = _standardise(one, mask), _standardise(other, mask)
    squared = np.square(one - other).sum(axis=1)
    return np.where(too_small | (one_varies != other_varies), 2.0, np.where(one_varies, squared, 0.0))


def _standardise(
    planes: NDArray[np.float64], mask: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return (n, n_pixels) with mean 0 and length 1 under the mask, 0 elsewhere, and whether each varies."""
    flat, kept = planes.reshape(len(planes), -1), mask.reshape(len(mask), -1)
    count = np.maximum(kept.sum(axis=1, keepdims=True), 1.0)
    centred = (flat - flat.sum(axis=1, keepdims=True) / count) * kept
    length = np.sqrt(np.square(centred).sum(axis=1, keepdims=True))
    varies = length > _LEAST_DEVIATION * np.sqrt(count)
    return np.where(varies, centred / np.where(varies, length, 1.0), 0.0), varies[:, 0]


def _keep_detail(planes: NDArray[np.float64], mask: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take local means under the mask away from (n, side, side) planes that are 0 elsewhere."""
    window = _make_window(planes.shape[1])
    weight = window @ mask @ window
    means = (window @ planes @ window) / np.where(weight > 0, weight, 1.0)
    detail: NDArray[np.float64] = (planes - means) * mask
    return detail


@lru_cache(maxsize=4)
def _make_window(side: int) -> NDArray[np.float64]:
    """(side, side) symmetric matrix that sums a row's neighbours with a Gaussian's weights."""
    steps = np.arange(side)
    return np.exp(-0.5 * np.square((steps[:, None] - steps) / (_LOCAL * side)))
