"""All axial slices of a volume on one sheet: the picture whose file size tells how flat a volume is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["lay_out_slices"]


def lay_out_slices(volume: NDArray[Any]) -> NDArray[Any]:
    """Lay every axial slice out, from the feet to the head, left to right and top to bottom.

    Slices keep their voxels as pixels. The sheet has as many columns of slices as the root of their number,
    rounded up, and no more rows than it needs; places that are left over are 0.

    Args:
        volume: (slices, rows, columns, channels).

    Returns:
        (height, width, channels) of the same type.
    """
    n_slices, height, width, channels = volume.shape
    across = math.isqrt(n_slices - 1) + 1
    down = -(-n_slices // across)
    sheet = np.zeros((down * across, height, width, channels), volume.dtype)
    sheet[:n_slices] = volume
    rows = sheet.reshape(down, across, height, width, channels).swapaxes(1, 2)
    return rows.reshape(down * height, across * width, channels)
