"""A volume as one picture, for everything that looks at pictures: a montage of slices spread over it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from core.images.decoded import DecodedImage, ImageFacts
from core.images.display import DEFAULT_INTENSITY
from core.images.intensity import Intensity
from core.images.loaded_volume import LoadedVolume
from core.images.montage import choose_slices, compose_montage
from core.images.montage_options import MontageOptions
from core.images.slices import Plane, list_planes, take_slice

__all__ = ["LARGEST_CELL", "MOST_SLICES", "picture_volume"]

MOST_SLICES: Final = 16
"""Slices of a montage at most."""
LARGEST_CELL: Final = 128
"""Side in pixels of the square that a slice gets at most."""


def picture_volume(loaded: LoadedVolume, intensity: Intensity = DEFAULT_INTENSITY) -> DecodedImage:
    """Show a volume as a square montage of axial slices.

    At most 16 slices, as many as fill a square, evenly spread from the first to the last, from the feet to
    the head, left to right and top to bottom. Each keeps its physical shape within a square of the larger
    side of a slice, at most 128 px.

    Args:
        loaded: the volume.
        intensity: what becomes black and white, once for the whole volume.

    Returns:
        8-bit grey or colour; facts are those of the montage.
    """
    volume = loaded.volume
    axial = list_planes(volume)[0]
    side = min(math.isqrt(axial.n_slices), math.isqrt(MOST_SLICES))
    aspect = axial.pixel_mm[0] / axial.pixel_mm[1] if axial.pixel_mm else 1.0
    cell = min(LARGEST_CELL, max(axial.width, math.ceil(axial.height * min(aspect, 100.0))))
    options = MontageOptions(slices=side**2, per_volume=1, size=max(16, side * cell), intensity=intensity)
    shown = replace(volume, values=loaded.to_levels(intensity), bits=8)
    (chosen,) = choose_slices(0, axial.n_slices - 1, slices=side**2, per_volume=1)
    pixels = compose_montage([take_slice(shown, Plane.AXIAL, at) for at in chosen], options).pixels
    height, width = pixels.shape[:2]
    channels = 3 if volume.is_colour else 1
    facts = ImageFacts("montage", "RGB" if channels == 3 else "L", width, height, channels, 8)
    return DecodedImage(pixels, facts)
