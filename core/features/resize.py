"""The three ways in which images reach a network's input size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.features.base import Pixels, ResizeMode

__all__ = ["resize_image"]

_Positions = NDArray[np.float32]


def resize_image(pixels: Pixels, *, side: int, mode: ResizeMode) -> NDArray[np.float32]:
    """Resize one image to a square; thread-safe.

    An image of that size already comes out as it went in, whichever the mode, as it does in the tools that
    the modes are named after.

    Args:
        pixels: (height, width, channels) float32 on the scale 0 to 255.
        side: side of the square in pixels; the aspect ratio is not kept.
        mode: the filter.

    Returns:
        (channels, side, side) float32 on the scale 0 to 255, contiguous.

    References:
        Parmar et al., On Aliased Resizing and Surprising Subtleties in GAN Evaluation, CVPR 2022, sec. 3.
    """
    height, width, _ = pixels.shape
    if (height, width) == (side, side):
        resized = pixels.transpose(2, 0, 1)
    elif mode is ResizeMode.CLEAN:
        resized = _resize_bicubic(pixels, side)
    else:
        positions = _half_pixel_positions if mode is ResizeMode.PYTORCH_FID else _corner_positions
        resized = _interpolate(pixels, rows=positions(height, side), columns=positions(width, side))
    return np.ascontiguousarray(resized, dtype=np.float32)


def _resize_bicubic(pixels: Pixels, side: int) -> NDArray[np.float32]:
    """Antialiased bicubic of each channel in float32; overshoots are clipped, nothing is rounded."""
    resized = np.empty((pixels.shape[2], side, side), dtype=np.float32)
    for channel, plane in enumerate(resized):
        # A two-dimensional float32 array becomes an image of PIL's mode "F".
        image = Image.fromarray(np.ascontiguousarray(pixels[:, :, channel], dtype=np.float32))
        resampled = np.asarray(image.resize((side, side), Image.Resampling.BICUBIC))
        np.clip(resampled, 0.0, 255.0, out=plane)
    return resized


def _half_pixel_positions(size: int, side: int) -> _Positions:
    """Where output pixels sample the input when pixels are areas: (i + 1/2) size/side - 1/2, not before 0.

    In float32, as torch computes them: rounding moves the position in a 1,000-pixel row by up to 6e-5, which
    a steep edge would turn into a visible difference.
    """
    scale = np.float32(size / side)
    positions = (np.arange(side, dtype=np.float32) + np.float32(0.5)) * scale - np.float32(0.5)
    return positions.clip(0.0, None)


def _corner_positions(size: int, side: int) -> _Positions:
    """Where TensorFlow 1 samples, which takes pixels for points at their upper left corners: i size/side."""
    return np.arange(side, dtype=np.float32) * np.float32(size / side)


def _interpolate(pixels: Pixels, *, rows: _Positions, columns: _Positions) -> NDArray[np.float32]:
    """Bilinear interpolation without antialiasing; past the last pixel its value goes on."""
    across_rows = _blend(pixels, rows, axis=0)  # (height, width, c) -> (side, width, c)
    return _blend(across_rows, columns, axis=1).transpose(2, 0, 1)  # -> (side, side, c) -> (c, side, side)


def _blend(values: NDArray[np.float32], positions: _Positions, *, axis: int) -> NDArray[np.float32]:
    before = np.minimum(positions.astype(np.intp), values.shape[axis] - 1)
    after = np.minimum(before + 1, values.shape[axis] - 1)
    weights = (positions - before.astype(np.float32)).reshape([-1 if a == axis else 1 for a in range(3)])
    low: NDArray[np.float32] = values.take(before, axis=axis)
    blended: NDArray[np.float32] = values.take(after, axis=axis)
    blended -= low
    blended *= weights
    blended += low
    return blended
