"""The lead letter that a radiographer places beside the patient: an "R" that is burned into the film."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

__all__ = ["burn_marker"]

_GLYPH: Sequence[str] = (
    "#######...",
    "#########.",
    "###...####",
    "###....###",
    "###....###",
    "###...####",
    "#########.",
    "#######...",
    "###.###...",
    "###..###..",
    "###..####.",
    "###...###.",
    "###...####",
    "###....###",
)
_HEIGHT = 0.095  # of the film's side


def burn_marker(pixels: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    """Burn a bright "R" into the upper left corner of a film, which is the patient's right.

    Args:
        pixels: (height, width) uint8 film; left as it is.
        rng: decides where within the corner the letter stands, how large and how bright it is.

    Returns:
        A copy with the letter.
    """
    side = min(pixels.shape)
    height = max(5, round(_HEIGHT * side * rng.uniform(0.92, 1.08)))
    width = max(4, round(height * len(_GLYPH[0]) / len(_GLYPH)))
    top, left = (round(side * offset) for offset in rng.uniform(0.035, 0.075, 2))
    brightness = rng.uniform(236.0, 252.0)
    glyph = np.array([[255 * (cell == "#") for cell in row] for row in _GLYPH], np.uint8)
    cover = np.asarray(Image.fromarray(glyph).resize((width, height), Image.Resampling.BOX), np.float64) / 255
    burned = pixels.copy()
    corner = burned[top : top + height, left : left + width]
    cover = cover[: corner.shape[0], : corner.shape[1]]
    corner[:] = np.rint(corner + cover * np.maximum(brightness - corner, 0.0)).astype(np.uint8)
    return burned
