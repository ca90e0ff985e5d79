"""Slides for tests: pyramids of tiles that need no codec but zlib."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

GLASS = (244, 242, 243)
TISSUE = (180, 60, 150)


def paint_slide(width: int, height: int, squares: Sequence[tuple[int, int, int]]) -> NDArray[np.uint8]:
    """Glass with squares (left, top, side) of tissue, whose green tells the place."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[:] = GLASS
    for left, top, side in squares:
        pixels[top : top + side, left : left + side] = TISSUE
        place = np.add.outer(np.arange(side), np.arange(side)) % 40
        pixels[top : top + side, left : left + side, 1] = TISSUE[1] + place
    return pixels


def write_pyramid(
    path: Path, pixels: NDArray[Any], *, factors: Sequence[int] = (1, 2, 4), tile: int = 64, **first: Any
) -> None:
    """Write every `factor`-th pixel as a level of its own."""
    photometric = "rgb" if pixels.ndim == 3 else "minisblack"
    with tifffile.TiffWriter(path) as file:
        for factor in factors:
            options = {"subfiletype": 1} if factor > 1 else first
            file.write(
                pixels[::factor, ::factor],
                tile=(tile, tile),
                compression="zlib",
                photometric=photometric,
                metadata=None,
                **options,
            )


def per_cm(mpp: float) -> dict[str, Any]:
    """TIFF's own words for micrometres a pixel."""
    return {"resolution": (10_000 / mpp, 10_000 / mpp), "resolutionunit": "CENTIMETER"}
