"""Brings volumes to the fixed size that a network in 3-D looks at."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.images.volume import Volume

__all__ = ["resize_volume"]


def resize_volume(volume: Volume, *, size: tuple[int, int, int]) -> NDArray[np.float32]:
    """Resize a volume's whole extent to a box, linearly and antialiased; thread-safe.

    Each output voxel is the mean of the input under a triangle as wide as two output voxels, at least two
    input ones: where the volume is enlarged this is linear interpolation between voxel centres. Beyond the
    border nothing counts. Neither the aspect ratio nor the spacing is kept.

    Args:
        volume: 8-bit levels, grey or colour.
        size: slices, rows and columns of the box.

    Returns:
        (channels, slices, rows, columns) float32, within the range of the levels.
    """
    n_slices, n_rows, n_columns = volume.shape
    along_slices = _weigh(n_slices, size[0])
    along_rows, along_columns = _weigh(n_rows, size[1]), _weigh(n_columns, size[2])
    channels = 3 if volume.is_colour else 1
    resized = np.zeros((channels, *size), dtype=np.float32)
    for at, values in enumerate(volume.values):
        # Slice by slice, since a large volume as float32 would be four of it.
        # (rows, columns) or (rows, columns, 3) -> (channels, rows, columns)
        planes = np.atleast_3d(values).transpose(2, 0, 1).astype(np.float32)
        small = along_rows @ planes @ along_columns.T
        for place in np.flatnonzero(along_slices[:, at]):
            resized[:, place] += along_slices[place, at] * small
    return resized


@lru_cache(maxsize=64)
def _weigh(n_old: int, n_new: int) -> NDArray[np.float32]:
    """(n_new, n_old) weights of input voxels in output voxels; each row sums to 1."""
    step = n_old / n_new
    centres = (np.arange(n_new) + 0.5) * step - 0.5
    distances = np.abs(np.arange(n_old)[None, :] - centres[:, None]) / max(1.0, step)
    weights = np.maximum(0.0, 1.0 - distances)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights.astype(np.float32)
