"""One scale for everything that follows: pixels as stored, to float32 between 0 and 255."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["INTENSITY_POLICY", "to_display_scale"]

INTENSITY_POLICY = "8-bit as stored; deeper images scaled by their own minimum and maximum"
"""How stored values reach the scale 0 to 255; recorded in every protocol."""

# ITU-R BT.601 luma, as Pillow's own conversion from RGB to L.
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def to_display_scale(pixels: NDArray[Any], *, num_channels: int | None = None) -> NDArray[np.float32]:
    """Bring decoded pixels to (height, width, channels) float32 on the scale 0 to 255.

    Args:
        pixels: (h, w) or (h, w, 3) of any integer or real type. 8-bit values stay as they are. Deeper ones
            are scaled by the image's own range: converting them to 8-bit directly would saturate most of it.
        num_channels: 1 turns colour into luma, 3 repeats grey; None keeps what the image has.

    Returns:
        (h, w, 1) or (h, w, 3) float32; a constant deep image becomes 0.

    Raises:
        ValueError: if `num_channels` is neither None, 1 nor 3.
    """
    if num_channels not in (None, 1, 3):
        raise ValueError("num_channels is 1, 3 or None")
    if pixels.dtype == np.uint8:
        scaled = pixels.astype(np.float32)
    else:
        # Halved, so that a span up to the largest number does not overflow.
        wide = pixels.astype(np.float64) / 2
        low = float(wide.min())
        span = float(wide.max()) - low
        if span < np.finfo(np.float64).tiny:
            scaled = np.zeros(wide.shape, np.float32)
        else:
            scaled = ((wide - low) / span * 255.0).astype(np.float32)
    if scaled.ndim == 2:
        scaled = scaled[..., np.newaxis]
    if num_channels == 1 and scaled.shape[2] == 3:
        scaled = (scaled @ _LUMA)[..., np.newaxis]
    if num_channels == 3 and scaled.shape[2] == 1:
        scaled = np.repeat(scaled, 3, axis=2)
    return scaled
