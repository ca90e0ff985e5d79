"""Structural similarity of two images at several scales, from what each image brings by itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

from core.errors import InputError
from core.metrics.estimate import Array

__all__ = ["SCALE_WEIGHTS", "ImageScales", "compare_scales", "decide_n_scales", "describe_scales"]

# Wang et al. 2003, sec. 4: weights of the scales, finest first.
SCALE_WEIGHTS: Final = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
# Wang et al. 2004, sec. III-C: window of 11 pixels, standard deviation 1.5, and the two constants.
_WINDOW, _SIGMA, _K1, _K2 = 11, 1.5, 0.01, 0.03
_OFFSETS = np.arange(_WINDOW) - _WINDOW // 2
_GAUSSIAN = np.exp(-(_OFFSETS**2) / (2 * _SIGMA**2))
_GAUSSIAN /= _GAUSSIAN.sum()

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ImageScales:
    """What one image brings to every comparison that it takes part in, so that it is computed once.

    Attributes:
        images: the image at each scale, finest first.
        means: its means under the window, wherever that lies within the image.
        squares: the means of its squares.
    """

    images: tuple[FloatArray, ...]
    means: tuple[FloatArray, ...]
    squares: tuple[FloatArray, ...]


def decide_n_scales(height: int, width: int) -> int:
    """Return how many of the five scales an image is large enough for; 5 from 176 pixels a side.

    Raises:
        InputError: if a side is below the window's 11 pixels.
    """
    side = min(height, width)
    if side < _WINDOW:
        raise InputError(f"MS-SSIM needs images of at least {_WINDOW} pixels a side, not {width} x {height}.")
    return min(len(SCALE_WEIGHTS), 1 + int(math.log2(side / _WINDOW)))


def describe_scales(image: Array) -> ImageScales:
    """Prepare an image, or several as (..., h, w), for comparisons.

    Raises:
        InputError: if a side is below 11 pixels, or a pixel is not a finite number.
    """
    n_scales = decide_n_scales(*image.shape[-2:])
    scaled = image.astype(np.float64)
    if not np.isfinite(scaled).all():
        raise InputError("A pixel is not a finite number.")
    images = [scaled]
    while len(images) < n_scales:
        images.append(_halve(images[-1]))
    return ImageScales(
        tuple(images), tuple(_blur(one) for one in images), tuple(_blur(one**2) for one in images)
    )


def compare_scales(first: ImageScales, second: ImageScales, data_range: float) -> FloatArray:
    """MS-SSIM of two images, or of (...) pairs; see `core.metrics.ms_ssim.compute_pair_ms_ssim`.

    Raises:
        ValueError: if the range of values is not positive.
    """
    if data_range <= 0:
        raise ValueError(f"the range of values is positive, not {data_range}")
    c1, c2 = (_K1 * data_range) ** 2, (_K2 * data_range) ** 2
    n_scales = len(first.images)
    weights = np.array(SCALE_WEIGHTS[:n_scales]) / sum(SCALE_WEIGHTS[:n_scales])
    product = np.ones(first.images[0].shape[:-2])
    for scale, weight in enumerate(weights):
        products = first.means[scale] * second.means[scale]
        squares = first.means[scale] ** 2 + second.means[scale] ** 2
        covariance = _blur(first.images[scale] * second.images[scale]) - products
        variances = first.squares[scale] + second.squares[scale] - squares
        value = (2 * covariance + c2) / (variances + c2)
        if scale == n_scales - 1:
            # Luminance counts at the coarsest scale only.
            value *= (2 * products + c1) / (squares + c1)
        product *= np.clip(value.mean(axis=(-2, -1)), 0.0, 1.0) ** weight
    return product


def _blur(images: FloatArray) -> FloatArray:
    """Return (..., h - 10, w - 10) means under the Gaussian window."""
    edge = _WINDOW // 2
    blurred = correlate1d(images, _GAUSSIAN, axis=-2)[..., edge:-edge, :]
    return np.asarray(correlate1d(blurred, _GAUSSIAN, axis=-1)[..., edge:-edge])


def _halve(images: FloatArray) -> FloatArray:
    """Return (..., ceil(h / 2), ceil(w / 2)) means of two by two pixels; an odd edge is repeated."""
    height, width = images.shape[-2:]
    odd = [(0, 0)] * (images.ndim - 2) + [(0, height % 2), (0, width % 2)]
    padded = np.pad(images, odd, mode="edge")
    rows = padded[..., ::2, :] + padded[..., 1::2, :]
    return (rows[..., ::2] + rows[..., 1::2]) / 4
