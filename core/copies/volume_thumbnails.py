"""Small grey cubes that are compared in place of volumes, equal bit by bit for turned copies.

As thumbnails of pictures, they are computed in whole numbers, so that turning a volume turns its thumbnail.
The whole extent of a volume fills the whole cube: physical proportions are not kept, so that a volume that
was resampled or saved with another spacing has the same thumbnail.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.copies.reduction import GREY_STEPS, make_filter, normalise_sums, to_grey

__all__ = ["VOLUME_SIDE", "VolumeThumbnails", "compute_volume_thumbnail", "stack_volume_thumbnails"]

VOLUME_SIDE: Final = 32
"""Side of a stored thumbnail in voxels; even, so that filter weights are symmetric."""

_WEIGHT_STEPS: Final = 2**12


@dataclass(frozen=True, slots=True)
class VolumeThumbnails:
    """The thumbnails of a set of volumes, 64 KiB a volume.

    Attributes:
        values: (n, VOLUME_SIDE, VOLUME_SIDE, VOLUME_SIDE) uint16 grey levels in steps of 1/256; slices, rows
            and columns in the volumes' own order.
    """

    values: NDArray[np.uint16]

    def __post_init__(self) -> None:
        """Refuse another shape or type."""
        if self.values.dtype != np.uint16 or self.values.shape[1:] != (VOLUME_SIDE,) * 3:
            raise ValueError(f"thumbnails of volumes are a (n{f', {VOLUME_SIDE}' * 3}) uint16 array")

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: slice | NDArray[np.intp]) -> VolumeThumbnails:
        """Return some of them, in the order asked for."""
        return VolumeThumbnails(self.values[rows])

    def normalise(self) -> NDArray[np.float32]:
        """Return (n, side, side, side) float32, each of mean 0 and variance 1; 0 where it is constant."""
        return normalise_sums(self.values.astype(np.int64), 1)


def compute_volume_thumbnail(levels: NDArray[Any]) -> NDArray[np.uint16]:
    """Reduce one volume to its thumbnail; thread-safe.

    Args:
        levels: (slices, rows, columns) or (slices, rows, columns, 3) uint8, of any size.

    Returns:
        (VOLUME_SIDE, VOLUME_SIDE, VOLUME_SIDE) uint16 grey levels in steps of 1/256, antialiased.
    """
    n_slices, height, width = levels.shape[:3]
    over_slices, down, right = (
        make_filter(size, VOLUME_SIDE, _WEIGHT_STEPS) for size in (n_slices, height, width)
    )
    # At most 2^16 grey steps x (2^12)^3: every product and sum is a whole number below 2^53. Slice by slice,
    # so that no copy of the whole volume is made in float64.
    planes = np.empty((n_slices, VOLUME_SIDE, VOLUME_SIDE))
    for index in range(n_slices):
        grey = np.rint(to_grey(_as_pixels(levels[index])).astype(np.float64) * GREY_STEPS)
        planes[index] = (right @ (down @ grey).T).T
    reduced = (over_slices @ planes.reshape(n_slices, -1)).reshape((VOLUME_SIDE,) * 3)
    thumbnail: NDArray[np.uint16] = np.rint(reduced / float(_WEIGHT_STEPS) ** 3).astype(np.uint16)
    return thumbnail


def stack_volume_thumbnails(thumbnails: Iterable[NDArray[np.uint16]]) -> VolumeThumbnails:
    """Put single thumbnails together, in order."""
    rows = list(thumbnails)
    return VolumeThumbnails(np.stack(rows) if rows else np.empty((0, *(VOLUME_SIDE,) * 3), dtype=np.uint16))


def _as_pixels(plane: NDArray[Any]) -> NDArray[np.float32]:
    return (plane[..., None] if plane.ndim == 2 else plane).astype(np.float32)
