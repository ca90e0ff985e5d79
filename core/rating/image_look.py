"""What of an image file can still be seen after it was brought to the form that raters are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.images.decoded import DecodedImage

__all__ = ["ImageLook", "both_have_colour", "look_at"]

# Compression leaves a border not quite even.
_EVEN_RANGE = 0.02
_LEAST_BORDER = 0.01
# Generators often paint the outermost lines darker or brighter, by a tenth of the image's range and more;
# in most radiographs they differ by a few hundredths.
_EDGE_STEP = 0.1


@dataclass(frozen=True, slots=True)
class ImageLook:
    """Looks of one image that have nothing to do with what it shows.

    Attributes:
        width: columns of the file.
        height: its rows.
        is_colour: whether its channels differ.
        bit_depth: bits of one channel in the file.
        is_lossy: whether its format is one that leaves traces of compression.
        has_border: whether a side begins with rows or columns of one even tone, at least 1 % of its length,
            or its outermost one is much darker or brighter than what follows.
    """

    width: int
    height: int
    is_colour: bool
    bit_depth: int
    is_lossy: bool
    has_border: bool

    @property
    def long_px(self) -> int:
        """The longer side in pixels."""
        return max(self.width, self.height)

    @property
    def aspect(self) -> float:
        """Width by height, to two digits."""
        return round(self.width / self.height, 2)


def look_at(image: DecodedImage) -> ImageLook:
    """Tell an image's looks from its decoded pixels and the facts of its file."""
    facts = image.facts
    return ImageLook(
        width=facts.width,
        height=facts.height,
        is_colour=facts.channels == 3,
        bit_depth=facts.bit_depth,
        is_lossy=facts.format in ("JPEG", "WEBP"),
        has_border=_has_border(image.pixels),
    )


def both_have_colour(real: Sequence[ImageLook], synthetic: Sequence[ImageLook]) -> bool:
    """Whether some of the real and some of the synthetic images have colour."""
    return any(one.is_colour for one in real) and any(one.is_colour for one in synthetic)


def _has_border(pixels: NDArray[Any]) -> bool:
    span = float(pixels.max()) - float(pixels.min())
    if span == 0:
        return True
    height, width = pixels.shape[:2]
    rows, columns = (max(2, round(_LEAST_BORDER * length)) for length in (height, width))
    # Each side's outermost lines and the next one, outermost first: (lines, length) or (lines, length, 3)
    across = np.swapaxes(pixels, 0, 1)
    sides = (
        pixels[: rows + 1],
        pixels[::-1][: rows + 1],
        across[: columns + 1],
        across[::-1][: columns + 1],
    )
    return any(_begins_with_border(side.astype(np.float64) / span) for side in sides)


def _begins_with_border(lines: NDArray[np.float64]) -> bool:
    # Each line of an even border is even, channel by channel; the lines may differ.
    is_even = bool((np.ptp(lines[:-1], axis=1) <= _EVEN_RANGE).all())
    step = np.abs(lines[0].mean(axis=0) - lines[-1].mean(axis=0)).max()
    return is_even or bool(step >= _EDGE_STEP)
