"""Luma and chroma of one image as squares of a fixed side, by NumPy and Pillow alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.features.base import Pixels

__all__ = ["resize_plane", "split_luma_chroma"]

Plane = NDArray[np.float32]


def split_luma_chroma(pixels: Pixels) -> tuple[Plane, tuple[Plane, Plane] | None]:
    """Split an image into luma and the two colour differences.

    Args:
        pixels: (height, width, 1 or 3) float32 on the scale 0 to 255.

    Returns:
        Luma (height, width) on the scale 0 to 255, and (Cb, Cr) around 0 on the same scale, or None for a
        grey image. Three equal channels are grey, so that grey stored as RGB has the features of grey.

    References:
        ITU-R BT.601-7, section 2.5.
    """
    if pixels.shape[2] == 1:
        return np.ascontiguousarray(pixels[:, :, 0]), None
    red, green, blue = (np.ascontiguousarray(pixels[:, :, channel]) for channel in range(3))
    if np.array_equal(red, green) and np.array_equal(red, blue):
        return red, None
    luma = np.float32(0.299) * red + np.float32(0.587) * green + np.float32(0.114) * blue
    return luma, ((blue - luma) / np.float32(1.772), (red - luma) / np.float32(1.402))


def resize_plane(plane: Plane, side: int, filtering: Image.Resampling) -> Plane:
    """Resize (height, width) float32 to (side, side), antialiased; the aspect is not kept."""
    if plane.shape == (side, side):
        return plane
    return np.asarray(Image.fromarray(plane).resize((side, side), filtering), dtype=np.float32)
