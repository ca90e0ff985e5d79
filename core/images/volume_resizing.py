"""Brings volumes of any shape to one frame, voxel by voxel, without rounding them to 8 bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.images.display import to_display_scale

__all__ = ["resize_volume"]


def resize_volume(
    levels: NDArray[np.uint8], *, shape: tuple[int, int, int], num_channels: int | None = None
) -> NDArray[np.float32]:
    """Resize 8-bit levels so that the whole extent of a volume fills the whole extent of the frame.

    Along each axis on its own: where the frame has fewer voxels, each is the mean of the linear interpolation
    over its extent, which keeps fine stripes from becoming coarse ones; where it has more, the linear
    interpolation at its centre. Borders are repeated. Constants stay what they are everywhere, linear ramps
    away from the borders.

    Args:
        levels: (slices, rows, columns) or (slices, rows, columns, 3) uint8.
        shape: slices, rows and columns of the frame.
        num_channels: 1 turns colour into luma, 3 repeats grey; None keeps what the volume has.

    Returns:
        (slices, rows, columns, channels) float32 on the scale 0 to 255.
    """
    n_slices, n_rows, n_columns = shape
    over_slices, over_rows, over_columns = (
        _weigh(n_old, n_new) for n_old, n_new in zip(levels.shape[:3], shape, strict=True)
    )
    planes = []
    for one in levels:  # slice by slice: a whole volume as float32 would be four more in memory
        plane = to_display_scale(one, num_channels=num_channels)
        if plane.shape[0] != n_rows:
            plane = np.tensordot(over_rows, plane, axes=(1, 0))
        if plane.shape[1] != n_columns:
            plane = np.tensordot(over_columns, plane, axes=(1, 1)).swapaxes(0, 1)
        planes.append(plane)
    stack = np.stack(planes)
    if len(stack) != n_slices:
        stack = np.tensordot(over_slices, stack, axes=(1, 0))
    return np.ascontiguousarray(stack, dtype=np.float32)


def _weigh(n_old: int, n_new: int) -> NDArray[np.float32]:
    """Weights (n_new, n_old) of the old samples in each new one; every row sums to 1."""
    step = n_old / n_new
    # One sample more at each end, with the border's value.
    centres = np.arange(-1, n_old + 1) + 0.5
    if step > 1:
        edges = np.arange(n_new + 1)[:, np.newaxis] * step
        weights = np.diff(_integrate_hat(edges - centres), axis=0) / step
    else:
        places = (np.arange(n_new)[:, np.newaxis] + 0.5) * step
        weights = np.clip(1 - np.abs(places - centres), 0, None)
    weights[:, 1] += weights[:, 0]
    weights[:, -2] += weights[:, -1]
    return np.asarray(weights[:, 1:-1], dtype=np.float32)


def _integrate_hat(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Integral up to each place of the triangle that rises from -1 to 0 and falls to 1; in all, 1."""
    left = np.square(np.clip(places + 1, 0, 1)) / 2
    right = (1 - np.square(1 - np.clip(places, 0, 1))) / 2
    return np.asarray(left + right)
