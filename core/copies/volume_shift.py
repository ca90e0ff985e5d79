"""Finds how far a volume is shifted against another one: the best correlation of detail over the overlap.

All whole shifts up to an eighth of the extent are tried at once, by a product of Fourier transforms, and the
best one is moved to the top of the parabolas through its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from core.copies.volume_thumbnails import VOLUME_SIDE

__all__ = ["FURTHEST_SHIFT", "FittedShift", "Spectrum", "find_shift"]

FURTHEST_SHIFT: Final = VOLUME_SIDE // 8
"""Whole voxels of a thumbnail that a copy may be shifted by along each axis: an eighth of the extent."""

_PADDED: Final = VOLUME_SIDE + FURTHEST_SHIFT
_STEPS: Final = np.arange(-FURTHEST_SHIFT, FURTHEST_SHIFT + 1)
# Less of the variance than this in an overlap is no picture.
_LEAST_SHARE: Final = 1e-4
# Moves of fewer voxels are noise of the parabola; to follow them would blur the detail for nothing.
_LEAST_MOVE: Final = 0.1

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FittedShift:
    """Where two volumes agree best.

    Attributes:
        whole: (3,) whole voxels along slices, rows and columns, from the query to the real volume.
        fine: (3,) the same between voxels.
        score: correlation at `whole`, -1 to 1.
    """

    whole: Values
    fine: Values
    score: float


class Spectrum:
    """A volume's detail with what every comparison of it needs.

    Args:
        detail: (VOLUME_SIDE, VOLUME_SIDE, VOLUME_SIDE).
    """

    def __init__(self, detail: Values) -> None:
        self.varies = bool(detail.any())
        self.transform: NDArray[Any] = fft.rfftn(detail, (_PADDED,) * 3)
        # Sums over every box from the first corner on, with 0 in front.
        self.sums, self.squares = (_accumulate(values) for values in (detail, np.square(detail)))


def find_shift(query: Spectrum, real: Spectrum) -> FittedShift:
    """Find the shift at which the detail of a query correlates best with that of a real volume.

    Volumes of which neither varies are equal up to brightness where they lie: their score is 1.
    """
    if not (query.varies or real.varies):
        return FittedShift(np.zeros(3), np.zeros(3), 1.0)
    products = fft.irfftn(np.conj(query.transform) * real.transform, (_PADDED,) * 3)
    products = products[np.ix_(_STEPS, _STEPS, _STEPS)]
    count = np.ones((1, 1, 1))
    for axis in range(3):
        count = count * _along(VOLUME_SIDE - np.abs(_STEPS), axis)
    moments = []
    # The query's part of the overlap begins at -shift, the real volume's at +shift.
    for spectrum, sign in ((query, -1), (real, 1)):
        low = np.maximum(sign * _STEPS, 0)
        high = np.minimum(VOLUME_SIDE + sign * _STEPS, VOLUME_SIDE)
        total, squares = (_sum_boxes(sums, low, high) for sums in (spectrum.sums, spectrum.squares))
        moments.append((total, squares - total * total / count))
    (first, first_scatter), (second, second_scatter) = moments
    scatter = first_scatter * second_scatter
    enough = (first_scatter > _LEAST_SHARE) & (second_scatter > _LEAST_SHARE)
    scores = np.where(
        enough, (products - first * second / count) / np.sqrt(np.where(enough, scatter, 1.0)), 0.0
    )
    best = np.unravel_index(int(scores.argmax()), scores.shape)
    whole = _STEPS[np.array(best)].astype(np.float64)
    offsets = [_find_top(scores[_line_through(best, axis)], int(best[axis])) for axis in range(3)]
    return FittedShift(whole, whole + np.array(offsets), float(scores[best]))


def _accumulate(values: Values) -> Values:
    sums = np.zeros(tuple(size + 1 for size in values.shape))
    sums[1:, 1:, 1:] = values.cumsum(0).cumsum(1).cumsum(2)
    return sums


def _sum_boxes(sums: Values, low: NDArray[np.intp], high: NDArray[np.intp]) -> Values:
    """(n, n, n) sums over the boxes that begin at `low` and end at `high` along each axis."""
    for axis in range(3):
        sums = np.take(sums, high, axis=axis) - np.take(sums, low, axis=axis)
    return sums


def _along(values: NDArray[np.intp], axis: int) -> NDArray[np.intp]:
    return values.reshape([-1 if other == axis else 1 for other in range(3)])


def _line_through(place: tuple[Any, ...], axis: int) -> tuple[Any, ...]:
    return tuple(slice(None) if other == axis else at for other, at in enumerate(place))


def _find_top(line: Values, at: int) -> float:
    """Offset of the top of the parabola through a maximum and its neighbours, at most half a voxel."""
    if not 0 < at < len(line) - 1:
        return 0.0
    before, here, after = line[at - 1 : at + 2].tolist()
    bend = before - 2 * here + after
    top = float(np.clip((before - after) / (2 * bend), -0.5, 0.5)) if bend < 0 else 0.0
    return top if abs(top) > _LEAST_MOVE else 0.0
