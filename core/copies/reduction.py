"""Reduces pictures and volumes to thumbnails in whole numbers, and gives those mean 0 and variance 1."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

__all__ = ["GREY_STEPS", "make_filter", "normalise_sums", "to_grey"]

GREY_STEPS: Final = 256
"""Steps of one grey level in a thumbnail."""

# A thumbnail with a smaller standard deviation, in grey levels, shows nothing but rounding.
_CONSTANT: Final = 2 / GREY_STEPS
# ITU-R BT.601 luma, as everywhere else in this library.
_LUMA: Final = (np.float32(0.299), np.float32(0.587), np.float32(0.114))


def to_grey(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the luma (height, width) of (height, width, 1 or 3) pixels."""
    red, green, blue = (pixels[:, :, min(channel, pixels.shape[2] - 1)] for channel in range(3))
    # Grey saved as colour has the thumbnail of grey, without the rounding of the sum below.
    if np.array_equal(red, green) and np.array_equal(red, blue):
        return red
    luma: NDArray[np.float32] = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
    return luma


@lru_cache(maxsize=64)
def make_filter(size: int, side: int, steps: int) -> csr_array:
    """Weights (side, size) of each output sample, mirror-symmetric whole numbers; rows sum to `steps`.

    Hamming's window of Pillow's resize: as local as a box, and yet smooth in the image's size.

    Args:
        size: samples along the axis.
        side: samples wanted; even, so that weights are symmetric.
        steps: steps of weight 1.
    """
    scale = max(size / side, 1.0)
    inputs = np.arange(size)
    weights = np.zeros((side, size), dtype=np.int64)
    for row in range(side // 2):
        centre = (row + 0.5) * size / side
        distance = (inputs + 0.5 - centre) / scale
        window = np.where(
            np.abs(distance) < 1.0, np.sinc(distance) * (0.54 + 0.46 * np.cos(np.pi * distance)), 0.0
        )
        if not window.any():  # a single input pixel
            window[min(int(centre), size - 1)] = 1.0
        whole = np.rint(window / window.sum() * steps).astype(np.int64)
        whole[np.argmax(whole)] += steps - whole.sum()
        weights[row], weights[side - 1 - row] = whole, whole[::-1]
    return csr_array(weights.astype(np.float64))


def normalise_sums(sums: NDArray[np.int64], samples: int) -> NDArray[np.float32]:
    """Bring thumbnails to mean 0 and variance 1, exactly up to the last division.

    Args:
        sums: (n, ...) sums of grey steps, each over a block of `samples` samples.
        samples: samples in a block.

    Returns:
        float32 of the same shape; 0 throughout where a thumbnail is constant.
    """
    axes = tuple(range(1, sums.ndim))
    n_blocks = int(np.prod(sums.shape[1:]))
    total = sums.sum(axis=axes, keepdims=True)
    centred = n_blocks * sums - total
    # At most 2^56 for pictures and 2^62 for volumes, at every side: whole numbers, in any order.
    scatter = n_blocks * np.square(sums).sum(axis=axes, keepdims=True) - total * total
    deviation = np.sqrt(scatter.astype(np.float64))
    is_constant = deviation < _CONSTANT * GREY_STEPS * n_blocks * samples
    return np.where(is_constant, 0.0, centred / np.where(is_constant, 1.0, deviation)).astype(np.float32)
