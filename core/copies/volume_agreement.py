"""How well two volumes agree that lie alike and are shifted against each other, voxel by voxel, in float64.

As with pictures (`core.copies.agreement`), detail decides: what stays after the local mean is taken away. All
heads are alike in the large, so that strangers' grey levels correlate at 0.9.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["VolumeAgreement", "compare_slices", "compare_volumes", "keep_detail"]

# Less of the query than this on the real volume says little about the rest.
_MIN_OVERLAP: Final = 0.5
# Standard deviation of the Gaussian that local means are taken with, as a share of the side.
_LOCAL: Final = 1 / 16
# Volumes have variance 1: a standard deviation below this, in the overlap, is no picture.
_LEAST_DEVIATION: Final = 1e-3

Values = NDArray[np.float64]
Box = tuple[slice, slice, slice]


@dataclass(frozen=True, slots=True)
class VolumeAgreement:
    """What a pair has in common.

    Attributes:
        pixel_agreement: normalised cross-correlation of grey levels over the overlap, -1 to 1.
        distance: sqrt(2 (1 - r)) with r the same of detail, 0 to 2; exactly 0 for equal volumes.
        overlap: share of the query that lies on the real volume and was compared, 0 to 1.
    """

    pixel_agreement: float
    distance: float
    overlap: float


def compare_volumes(query: Values, real: Values, shift: Values) -> VolumeAgreement:
    """Correlate a query with the real volume that a shift lays it on.

    Pairs that overlap on less than half of the query count as uncorrelated, as do pairs of which only one
    varies there; where neither varies, they are equal up to brightness, and their correlation is 1.

    Args:
        query: (side, side, side) of variance 1 or constant 0, already turned.
        real: likewise.
        shift: (3,) voxels along slices, rows and columns from places on the query to places on the real
            volume.
    """
    box = _find_box(query.shape[0], shift)
    one, other = query[box], _sample(real, box, shift)
    overlap = one.size / query.size
    if overlap < _MIN_OVERLAP:
        return VolumeAgreement(0.0, float(np.sqrt(2.0)), overlap)
    grey = _square_distance(one, other)
    detail = _square_distance(
        keep_detail(one, box, side=query.shape[0]), keep_detail(other, box, side=query.shape[0])
    )
    return VolumeAgreement(1.0 - grey / 2, float(np.sqrt(detail)), overlap)


def compare_slices(query: Values, real: Values, shift: Values) -> NDArray[np.float32]:
    """Correlate corresponding slices along the three axes of the real volume.

    Args:
        query: as in `compare_volumes`.
        real: likewise.
        shift: likewise.

    Returns:
        (3, side) correlation of detail, slice by slice from the first to the last one of the real
        volume, along slices, rows and columns (axial, coronal, sagittal); NaN where the query does not reach
        or either is constant.
    """
    box = _find_box(real.shape[0], -shift)
    one, other = _sample(query, box, -shift), real[box]
    details = [keep_detail(values, box, side=real.shape[0]) for values in (one, other)]
    agreement = np.full((3, real.shape[0]), np.nan, dtype=np.float32)
    for axis in range(3):
        both = [np.moveaxis(values, axis, 0) for values in (one, other)]
        seen, known = (np.moveaxis(detail, axis, 0) for detail in details)
        for at, place in enumerate(range(box[axis].start, box[axis].stop)):
            if all(_standardise(values[at])[1] for values in both):
                agreement[axis, place] = 1.0 - _square_distance(seen[at], known[at]) / 2
    return agreement


def keep_detail(values: Values, box: Box | None = None, *, side: int | None = None) -> Values:
    """Take local means away from a volume, or from a box of it.

    Args:
        values: the volume, or the box; what lies outside of it has no weight.
        box: where the box lies; None where the volume is whole.
        side: side of the volume; None where it is whole.
    """
    side = side or values.shape[0]
    means, weight = values, np.ones((1, 1, 1))
    for axis, part in enumerate(box or (slice(0, side),) * 3):
        window = _make_window(side)[part, part]
        # One product an axis, so that the order of sums depends on nothing but the box.
        means = np.moveaxis(np.tensordot(window, means, axes=(1, axis)), 0, axis)
        weight = weight * window.sum(axis=1).reshape([-1 if other == axis else 1 for other in range(3)])
    return np.ascontiguousarray(values - means / weight)


@lru_cache(maxsize=4)
def _make_window(side: int) -> Values:
    """(side, side) symmetric matrix that sums a line's neighbours with a Gaussian's weights."""
    steps = np.arange(side)
    return np.exp(-0.5 * np.square((steps[:, None] - steps) / (_LOCAL * side)))


def _find_box(side: int, shift: Values) -> Box:
    """Return the places of the query that lie on the real volume.

    Where the query reaches beyond it, one more voxel is left out: a moved copy is blended there with what
    fills its edge.
    """
    low = np.ceil(np.maximum(-shift, 0.0)).astype(int)
    high = np.floor(np.minimum(side - 1 - shift, side - 1)).astype(int) + 1
    low += low > 0
    high -= high < side
    first, second, third = (slice(int(a), max(int(a), int(b))) for a, b in zip(low, high, strict=True))
    return first, second, third


def _sample(values: Values, box: Box, shift: Values) -> Values:
    """Look a volume up at a box's places after a shift, between voxels linearly; whole shifts are exact."""
    for axis, (part, step) in enumerate(zip(box, shift.tolist(), strict=True)):
        whole = int(np.floor(step))
        places = np.arange(part.start, part.stop) + whole
        low = np.take(values, places, axis=axis)
        if share := step - whole:
            # Beyond the last voxel only where nothing of it is asked for.
            high = np.take(values, np.minimum(places + 1, values.shape[axis] - 1), axis=axis)
            low = low * (1.0 - share) + high * share
        values = low
    return values


def _square_distance(one: Values, other: Values) -> float:
    """Return 2 (1 - r), from the difference: equal volumes are at 0, not at rounding's mercy."""
    (one, one_varies), (other, other_varies) = _standardise(one), _standardise(other)
    if one_varies != other_varies:
        return 2.0
    return float(np.square(one - other).sum()) if one_varies else 0.0


def _standardise(values: Values) -> tuple[Values, bool]:
    """Return a vector of mean 0 and length 1 (0 where values are constant), and whether they vary."""
    flat = values.ravel()
    centred = flat - flat.mean()
    length = float(np.sqrt(np.square(centred).sum()))
    varies = length > _LEAST_DEVIATION * np.sqrt(flat.size)
    return (centred / length if varies else np.zeros_like(centred)), bool(varies)
