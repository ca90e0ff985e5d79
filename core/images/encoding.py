"""Images for a browser: samples as stored, without loss, and small pictures."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.images.display import to_display_scale

__all__ = ["Samples", "encode_samples", "encode_thumbnail"]

_DEEPEST: Final = 65535


@dataclass(frozen=True, slots=True)
class Samples:
    """One image's samples, ready to be windowed by whoever shows them.

    Attributes:
        data: rows from the top, channels of a pixel beside each other; 1 byte a sample, or 2, low byte first.
        width: columns.
        height: rows.
        channels: 1 for grey, 3 for colour.
        bits: 8 or 16.
        slope: stored value = slope * sample + intercept.
        intercept: see `slope`.
        is_exact: whether every stored value can be told from its sample; of floats and of integers over
            16 bits, 65,536 levels between smallest and largest are kept.
        low: smallest sample that occurs.
        high: largest sample that occurs.
    """

    data: bytes
    width: int
    height: int
    channels: int
    bits: int
    slope: float
    intercept: float
    is_exact: bool
    low: int
    high: int


def encode_samples(pixels: NDArray[Any]) -> Samples:
    """Bring decoded pixels to 8 or 16 bits a sample; 8- and 16-bit values stay what they are.

    Args:
        pixels: (h, w) or (h, w, 3) of any integer or real type, finite.
    """
    slope, intercept, is_exact = 1.0, 0.0, True
    if pixels.dtype == np.bool_:
        samples, slope = pixels.astype(np.uint8) * 255, 1 / 255
    elif pixels.dtype == np.uint8:
        samples = pixels
    else:
        lowest, highest = pixels.min(), pixels.max()
        if pixels.dtype.kind in "iu" and int(highest) - int(lowest) <= _DEEPEST:
            # Samples of unsigned 16-bit files are the stored values; others are counted from the smallest.
            offset = 0 if int(lowest) >= 0 and int(highest) <= _DEEPEST else int(lowest)
            samples, intercept = (pixels.astype(np.int64) - offset).astype("<u2"), float(offset)
        else:
            # Halved, so that a span up to the largest number does not overflow.
            half = pixels.astype(np.float64) / 2
            base = float(half.min())
            span = float(half.max()) - base
            scale = _DEEPEST / span if span > np.finfo(np.float64).tiny else 0.0
            samples = np.rint((half - base) * scale).astype("<u2")
            slope, intercept, is_exact = (2 / scale if scale else 1.0), 2 * base, False
    return Samples(
        data=np.ascontiguousarray(samples).tobytes(),
        width=samples.shape[1],
        height=samples.shape[0],
        channels=1 if samples.ndim == 2 else samples.shape[2],
        bits=8 * samples.dtype.itemsize,
        slope=slope,
        intercept=intercept,
        is_exact=is_exact,
        low=int(samples.min()),
        high=int(samples.max()),
    )


def encode_thumbnail(pixels: NDArray[Any], *, side_px: int) -> bytes:
    """Make a PNG file of an image reduced to fit a square, on the scale that extractors see.

    Args:
        pixels: (h, w) or (h, w, 3) as decoded.
        side_px: larger side at most; smaller images are not enlarged.
    """
    # 8-bit values are on the scale already; a large image then need not become float32 first.
    if pixels.dtype != np.uint8:
        pixels = np.rint(to_display_scale(pixels)).astype(np.uint8)
        pixels = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    picture = Image.fromarray(pixels)
    picture.thumbnail((side_px, side_px))
    stream = io.BytesIO()
    picture.save(stream, format="PNG")
    return stream.getvalue()
