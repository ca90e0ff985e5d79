"""Small grey pictures that are compared in place of images, equal bit by bit for turned copies.

A copy must come out at distance exactly 0, also a turned one, and a float sum depends on the order of its
terms, which turning changes. So thumbnails are computed in whole numbers: grey levels in steps of 1/256 and
filter weights in steps of 2^-14 make every sum exact in float64, in any order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.copies.reduction import GREY_STEPS, make_filter, normalise_sums, to_grey

__all__ = ["SIDE", "Thumbnails", "compute_thumbnail", "stack_thumbnails"]

SIDE: Final = 64
"""Side of a stored thumbnail in pixels; even, so that filter weights are symmetric."""

_WEIGHT_STEPS: Final = 2**14


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
        return normalise_sums(blocks, step * step)


def compute_thumbnail(pixels: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Reduce one image to its thumbnail; thread-safe.

    The aspect ratio is not kept, so that a turned image has the turned thumbnail.

    Args:
        pixels: (height, width, 1 or 3) float32 on the scale 0 to 255, of any size.

    Returns:
        (SIDE, SIDE) uint16 grey levels in steps of 1/256, antialiased.
    """
    grey = np.rint(np.clip(to_grey(pixels), 0.0, 255.0).astype(np.float64) * GREY_STEPS)
    height, width = grey.shape
    # At most 2^16 grey steps x 2^14 x 2^14: every product and sum is a whole number below 2^53.
    down, right = (make_filter(size, SIDE, _WEIGHT_STEPS) for size in (height, width))
    reduced = (right @ (down @ grey).T).T
    thumbnail: NDArray[np.uint16] = np.rint(reduced / _WEIGHT_STEPS**2).astype(np.uint16)
    return thumbnail


def stack_thumbnails(thumbnails: Iterable[NDArray[np.uint16]]) -> Thumbnails:
    """Put single thumbnails together, in order."""
    rows = list(thumbnails)
    return Thumbnails(np.stack(rows) if rows else np.empty((0, SIDE, SIDE), dtype=np.uint16))
