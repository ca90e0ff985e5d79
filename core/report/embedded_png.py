"""Pictures as data URIs of PNG files, for pages and reports that load nothing."""

from __future__ import annotations

import base64
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["embed_png"]


def embed_png(pixels: NDArray[np.generic], *, palette: bool = False) -> str:
    """Write a PNG file into a data URI.

    Args:
        pixels: (h, w, channels) from 0 to 255; rounded, and clipped where they lie outside.
        palette: whether they have 256 colours at most and are written with a palette.
    """
    levels = np.rint(np.clip(np.asarray(pixels, dtype=np.float64), 0, 255)).astype(np.uint8)
    image = Image.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels)
    if palette:
        image = image.quantize(256, dither=Image.Dither.NONE)
    buffer = BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
