"""Resizes pixels on the scale 0 to 255 without rounding them to 8 bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["resize_pixels"]


def resize_pixels(pixels: NDArray[np.float32], *, width: int, height: int) -> NDArray[np.float32]:
    """Resize (h, w, channels) float32 to (height, width, channels), antialiased, each channel on its own.

    Bicubic in float32, as Parmar et al. 2022 (clean-fid) recommend; values may overshoot 0 to 255 slightly.
    """
    if pixels.shape[:2] == (height, width):
        return pixels
    channels = [
        np.asarray(Image.fromarray(pixels[..., c]).resize((width, height), Image.Resampling.BICUBIC))
        for c in range(pixels.shape[2])
    ]
    return np.stack(channels, axis=-1)
