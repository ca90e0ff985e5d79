"""One scale for everything that follows: pixels as stored, to float32 between 0 and 255."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.images.decoded import DecodedImage
from core.images.intensity import Intensity, IntensityMode, Rendering, apply_intensity

__all__ = ["DEFAULT_INTENSITY", "describe_intensity", "display_image", "to_display_scale", "to_levels"]

DEFAULT_INTENSITY = Intensity(mode=IntensityMode.FILE)
"""The policy of a protocol that names none: what a file says of its display, else its own range."""

_DEFAULT_WORDS = "8-bit as stored; deeper images scaled by their own minimum and maximum"
_NO_RENDERING = Rendering()

_MINMAX = Intensity(mode=IntensityMode.MINMAX)
# Of files that say nothing of their display, these are one and the same.
_BY_RANGE = {IntensityMode.FILE, IntensityMode.MINMAX, IntensityMode.AS_IS}
# ITU-R BT.601 luma, as Pillow's own conversion from RGB to L.
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def describe_intensity(policy: Intensity, *, of_volumes: bool = False) -> str:
    """Say how stored values reach the scale 0 to 255, as every protocol records it.

    The words of the default stand for a feature space: features that were computed before files could say how
    they are shown are still good.

    Args:
        policy: which values are black and white.
        of_volumes: whether it is said of volumes, which follow a policy at 8 bits, too.
    """
    if policy == DEFAULT_INTENSITY:
        return _DEFAULT_WORDS
    if of_volumes and not policy.is_left_to_files:
        return f"volumes of every depth by {policy.describe()}"
    return f"8-bit as stored; deeper images by {policy.describe()}"


def display_image(
    image: DecodedImage, policy: Intensity = DEFAULT_INTENSITY, *, num_channels: int | None = None
) -> NDArray[np.float32]:
    """Bring a decoded image to (height, width, channels) float32 on the scale 0 to 255, by a policy.

    8-bit values and colour were brought to grey levels when the file was written and stay as they are, unless
    the file itself names a window for them. Deeper grey values follow the policy: a window in their own unit,
    percentiles, the image's own range, or what its file says (else its own range).

    Args:
        image: as a reader gave it.
        policy: which values are black and white.
        num_channels: as in `to_display_scale`.

    Returns:
        (h, w, 1) or (h, w, 3) float32.

    Raises:
        ValueError: if `num_channels` is neither None, 1 nor 3.
    """
    grey = image.grey
    values = image.pixels if grey is None else grey.values
    rendering = _NO_RENDERING if grey is None else grey.rendering
    is_shown = values.dtype == np.uint8 and rendering.window is None and rendering.table is None
    by_range = grey is None and policy.mode in _BY_RANGE
    if image.pixels.ndim == 3 or is_shown or by_range:
        return to_display_scale(image.pixels, num_channels=num_channels)
    shown = apply_intensity(
        values,
        policy if policy.mode is not IntensityMode.AS_IS else _MINMAX,
        rendering=rendering,
        padding=None if grey is None else grey.padding,
        output="float32",
    )
    return _to_channels(shown, num_channels)


def to_levels(image: DecodedImage, policy: Intensity = DEFAULT_INTENSITY) -> NDArray[np.uint8]:
    """Bring a decoded image to grey levels or colours of 8 bits, (height, width) or (height, width, 3)."""
    # A large 8-bit image need not become float32 first.
    if image.pixels.dtype == np.uint8 and image.grey is None:
        return image.pixels
    levels = np.rint(display_image(image, policy)).astype(np.uint8)
    return levels[..., 0] if levels.shape[2] == 1 else levels


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
    return _to_channels(scaled, num_channels)


def _to_channels(scaled: NDArray[np.float32], num_channels: int | None) -> NDArray[np.float32]:
    if num_channels not in (None, 1, 3):
        raise ValueError("num_channels is 1, 3 or None")
    if scaled.ndim == 2:
        scaled = scaled[..., np.newaxis]
    if num_channels == 1 and scaled.shape[2] == 3:
        scaled = (scaled @ _LUMA)[..., np.newaxis]
    if num_channels == 3 and scaled.shape[2] == 1:
        scaled = np.repeat(scaled, 3, axis=2)
    return scaled
