"""Images for a browser: samples as stored, without loss, and small pictures."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.images.display import to_display_scale

__all__ = ["SampleScale", "Samples", "choose_scale", "encode_samples", "encode_thumbnail"]

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
        low: smallest sample that occurs, in the picture or in all that are shown on its scale.
        high: largest one.
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


@dataclass(frozen=True, slots=True)
class SampleScale:
    """How stored values become samples of 8 or 16 bits.

    Attributes:
        bits: 8 or 16.
        slope: stored value = slope * sample + intercept.
        intercept: see `slope`.
        is_exact: see `Samples`.
        low: sample of the smallest value.
        high: sample of the largest value.
    """

    bits: int
    slope: float
    intercept: float
    is_exact: bool
    low: int = 0
    high: int = 0

    def apply(self, values: NDArray[Any]) -> NDArray[Any]:
        """Bring values to uint8, or to uint16 with the low byte first."""
        if values.dtype == np.bool_:
            return values.astype(np.uint8) * np.uint8(255)
        if self.bits == 8:
            return values.astype(np.uint8, copy=False)
        if self.is_exact:
            return (values.astype(np.int64) - int(self.intercept)).astype("<u2")
        # Halved, so that a span up to the largest number does not overflow.
        return np.rint((values.astype(np.float64) / 2 - self.intercept / 2) * (2 / self.slope)).astype("<u2")


def choose_scale(values: NDArray[Any]) -> SampleScale:
    """Choose samples for values that are shown on one scale, such as those of all slices of a volume.

    8- and 16-bit values stay what they are.

    Args:
        values: of any shape, and of any integer or real type, finite.
    """
    lowest, highest = values.min(), values.max()
    if values.dtype == np.bool_:
        scale = SampleScale(8, 1 / 255, 0.0, True)
    elif values.dtype == np.uint8:
        scale = SampleScale(8, 1.0, 0.0, True)
    elif values.dtype.kind in "iu" and int(highest) - int(lowest) <= _DEEPEST:
        # Samples of unsigned 16-bit files are the stored values; others are counted from the smallest.
        offset = 0 if int(lowest) >= 0 and int(highest) <= _DEEPEST else int(lowest)
        scale = SampleScale(16, 1.0, float(offset), True)
    else:
        half_span = float(highest) / 2 - float(lowest) / 2
        steps = _DEEPEST / half_span if half_span > np.finfo(np.float64).tiny else 0.0
        scale = SampleScale(16, 2 / steps if steps else 1.0, float(lowest), False)
    low, high = scale.apply(np.array([lowest, highest])).tolist()
    return replace(scale, low=low, high=high)


def encode_samples(pixels: NDArray[Any], scale: SampleScale | None = None) -> Samples:
    """Bring decoded pixels to 8 or 16 bits a sample; 8- and 16-bit values stay what they are.

    Args:
        pixels: (h, w) or (h, w, 3) of any integer or real type, finite.
        scale: that of all pictures shown together, where this is one of several; its own when None.
    """
    scale = scale or choose_scale(pixels)
    return Samples(
        data=np.ascontiguousarray(scale.apply(pixels)).tobytes(),
        width=pixels.shape[1],
        height=pixels.shape[0],
        channels=1 if pixels.ndim == 2 else pixels.shape[2],
        bits=scale.bits,
        slope=scale.slope,
        intercept=scale.intercept,
        is_exact=scale.is_exact,
        low=scale.low,
        high=scale.high,
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
