"""The form that all images of a session are brought to, from their decoded pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.images.decoded import DecodedImage
from core.images.display import DEFAULT_INTENSITY, display_image
from core.images.intensity import Intensity
from core.images.resizing import resize_pixels
from core.rating.image_look import ImageLook, both_have_colour
from core.rating.stimulus_png import StimulusMode

__all__ = ["StimulusForm", "choose_form", "scramble_picture"]

_MID_GREY = 128
# A scrambled picture is a mosaic of this many pieces a side.
_PIECES = 16


@dataclass(frozen=True, slots=True)
class StimulusForm:
    """What all images of a session have in common.

    Attributes:
        side_px: side of the square.
        detail_px: longer side that every image is brought to first, so that none is sharper than another.
        mode: colour where real and synthetic images have some, otherwise grey: colour that only one side has
            would tell the two apart.
        intensity: which values of images deeper than 8 bits are black and white.
    """

    side_px: int
    detail_px: int
    mode: StimulusMode
    intensity: Intensity = DEFAULT_INTENSITY

    def shape(self, image: DecodedImage) -> NDArray[np.uint8]:
        """Bring an image to this detail, size and mode.

        Returns:
            (h, w) or (h, w, 3) on the scale 0 to 255; the longer side has `side_px` pixels.
        """
        pixels = display_image(image, self.intensity, num_channels=3 if self.mode == "RGB" else 1)
        height, width = pixels.shape[:2]
        for long_px in (self.detail_px, self.side_px):
            # Both from the file's own shape, so that rounding twice does not make shapes differ.
            share = long_px / max(width, height)
            pixels = resize_pixels(
                pixels, width=max(1, round(width * share)), height=max(1, round(height * share))
            )
        levels = np.rint(np.clip(pixels, 0, 255)).astype(np.uint8)
        return levels if self.mode == "RGB" else levels[..., 0]

    def centre(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Put a picture of this size and mode into the middle of a square of mid-grey."""
        height, width = picture.shape[:2]
        square = np.full((self.side_px, self.side_px, *picture.shape[2:]), _MID_GREY, np.uint8)
        top, left = (self.side_px - height) // 2, (self.side_px - width) // 2
        square[top : top + height, left : left + width] = picture
        return square


def choose_form(
    *,
    real: Sequence[ImageLook],
    synthetic: Sequence[ImageLook],
    side_px: int,
    intensity: Intensity = DEFAULT_INTENSITY,
) -> StimulusForm:
    """Choose the form of a session from the looks of all of its images.

    Args:
        real: of every real image that is shown.
        synthetic: of every synthetic one.
        side_px: side of the square, from the design.
        intensity: likewise.
    """
    return StimulusForm(
        side_px=side_px,
        # Where all have more detail than is shown, the shown size takes it away by itself.
        detail_px=min([side_px, *(look.long_px for look in (*real, *synthetic))]),
        mode="RGB" if both_have_colour(real, synthetic) else "L",
        intensity=intensity,
    )


def scramble_picture(picture: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """Shuffle the pieces of a picture, so that anybody sees that it is none; its tones stay what they are.

    Args:
        picture: (h, w) or (h, w, 3).
        rng: draws the order; a rest at the right and lower side stays where it is.
    """
    height, width = picture.shape[:2]
    tall, wide = max(1, height // _PIECES), max(1, width // _PIECES)
    rows, columns = height // tall, width // wide
    whole, rest = picture[: rows * tall, : columns * wide], picture.shape[2:]
    # (rows*tall, columns*wide, ...) -> (rows*columns, tall, wide, ...)
    pieces = whole.reshape(rows, tall, columns, wide, *rest).swapaxes(1, 2).reshape(-1, tall, wide, *rest)
    mixed = rng.permutation(pieces).reshape(rows, columns, tall, wide, *rest).swapaxes(1, 2)
    scrambled = picture.copy()
    scrambled[: rows * tall, : columns * wide] = mixed.reshape(whole.shape)
    return scrambled
