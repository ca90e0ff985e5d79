"""Small grey pictures that are compared in place of images, equal bit by bit for turned copies.

A copy must come out at distance exactly 0, also a turned one, and a float sum depends on the order of its
terms, which turning changes. So thumbnails are computed in whole numbers: grey levels in steps of 1/256 and
filter weights in steps of 2^-14 make every sum exact in float64, in any order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

__all__ = ["SIDE", "Thumbnails", "compute_thumbnail", "stack_thumbnails"]

SIDE: Final = 64
"""Side of a stored thumbnail in pixels; even, so that filter weights are symmetric."""

_GREY_STEPS: Final = 256  # steps of one grey level
_WEIGHT_STEPS: Final = 2**14
# A thumbnail with a smaller standard deviation, in grey levels, shows nothing but rounding.
_CONSTANT: Final = 2 / _GREY_STEPS
# ITU-R BT.601 luma, as everywhere else in this library.
_LUMA: Final = (np.float32(0.299), np.float32(0.587), np.float32(0.114))


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """The thumbnails of an image set, 8 KiB an image.

    Attributes:
        values: (n, SIDE, SIDE) uint16 grey levels in steps of 1/256.
    """

    values: NDArray[np.uint16]

    def __post_init__(self) -> None:
        if self.values.dtype != np.uint16 or self.values.shape[1:] != (SIDE, SIDE):
            raise ValueError(f"thumbnails are a (n, {SIDE}, {SIDE}) uint16 array")

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: slice | NDArray[np.intp]) -> Thumbnails:
        """Return some of them, in the order asked for."""
        return Thumbnails(self.values[rows])

    def normalise(self, side: int) -> NDArray[np.float32]:
        """Return the thumbnails at a side, each with mean 0 and variance 1.

        Args:
            side: a divisor of SIDE; blocks of pixels are averaged.

        Returns:
            (n, side, side) float32; 0 throughout where a thumbnail is constant, which has no correlation
            with anything. Turning a thumbnail turns the result, bit by bit.
        """
        step = SIDE // side
        if side * step != SIDE:
            raise ValueError(f"{side} does not divide {SIDE}")
        # (n, SIDE, SIDE) -> (n, side, step, side, step) -> (n, side, side), in whole numbers.
        blocks = self.values.reshape(-1, side, step, side, step).sum(axis=(2, 4), dtype=np.int64)
        n_pixels = side * side
        total = blocks.sum(axis=(1, 2), keepdims=True)
        centred = n_pixels * blocks - total
        # At most 2^12 pixels x 2^12 pixels x (2^16 grey steps)^2 = 2^56, at every side.
        scatter = n_pixels * np.square(blocks).sum(axis=(1, 2), keepdims=True) - total * total
        deviation = np.sqrt(scatter.astype(np.float64))
        is_constant = deviation < _CONSTANT * _GREY_STEPS * n_pixels * step * step
        return np.where(is_constant, 0.0, centred / np.where(is_constant, 1.0, deviation)).astype(np.float32)


def compute_thumbnail(pixels: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Reduce one image to its thumbnail; thread-safe.

    The aspect ratio is not kept, so that a turned image has the turned thumbnail.

    Args:
        pixels: (height, width, 1 or 3) float32 on the scale 0 to 255, of any size.

    Returns:
        (SIDE, SIDE) uint16 grey levels in steps of 1/256, antialiased.
    """
    grey = np.rint(np.clip(_to_grey(pixels), 0.0, 255.0).astype(np.float64) * _GREY_STEPS)
    height, width = grey.shape
    # At most 2^16 grey steps x 2^14 x 2^14: every product and sum is a whole number below 2^53.
    reduced = (_filter_weights(width) @ (_filter_weights(height) @ grey).T).T
    thumbnail: NDArray[np.uint16] = np.rint(reduced / _WEIGHT_STEPS**2).astype(np.uint16)
    return thumbnail


def stack_thumbnails(thumbnails: Iterable[NDArray[np.uint16]]) -> Thumbnails:
    """Put single thumbnails together, in order."""
    rows = list(thumbnails)
    return Thumbnails(np.stack(rows) if rows else np.empty((0, SIDE, SIDE), dtype=np.uint16))


def _to_grey(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    red, green, blue = (pixels[:, :, min(channel, pixels.shape[2] - 1)] for channel in range(3))
    # Grey saved as colour has the thumbnail of grey, without the rounding of the sum below.
    if np.array_equal(red, green) and np.array_equal(red, blue):
        return red
    luma: NDArray[np.float32] = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
    return luma


@lru_cache(maxsize=64)
def _filter_weights(size: int) -> csr_array:
    """Weights (SIDE, size) of each output pixel in steps of 2^-14, mirror-symmetric; rows sum to 2^14.

    Hamming's window of Pillow's resize: as local as a box, and yet smooth in the image's size.
    """
    scale = max(size / SIDE, 1.0)
    inputs = np.arange(size)
    weights = np.zeros((SIDE, size), dtype=np.int64)
    for row in range(SIDE // 2):
        centre = (row + 0.5) * size / SIDE
        distance = (inputs + 0.5 - centre) / scale
        window = np.where(
            np.abs(distance) < 1.0, np.sinc(distance) * (0.54 + 0.46 * np.cos(np.pi * distance)), 0.0
        )
        if not window.any():  # a single input pixel
            window[min(int(centre), size - 1)] = 1.0
        whole = np.rint(window / window.sum() * _WEIGHT_STEPS).astype(np.int64)
        whole[np.argmax(whole)] += _WEIGHT_STEPS - whole.sum()
        weights[row], weights[SIDE - 1 - row] = whole, whole[::-1]
    return csr_array(weights.astype(np.float64))
