"""What a decoder hands on: pixels as stored, and facts about the file they came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ImageReadError
from core.images.intensity import Rendering

__all__ = [
    "DecodedImage",
    "GreyValues",
    "ImageFacts",
    "check_pixel_count",
    "collapse_equal_channels",
    "find_extremes",
]


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """Facts about one image file, as read.

    Attributes:
        format: container, such as `PNG`, `JPEG`, `NPY`.
        mode: how the file stores a pixel, such as `L`, `RGB`, `I;16`, `float32`.
        width: columns in pixels, as displayed (EXIF orientation applied).
        height: rows in pixels, as displayed.
        channels: 1 for grey (also for colour files whose channels are equal), 3 for colour.
        bit_depth: bits of one channel in the file.
        note: what was left out of the pixels, such as transparency; empty when nothing was.
        patient: keyed hash of the patient's id, where the file names one and the reader has a key; or empty.
        slices: slices of a volume, whose width and height are those of its axial slices; 1 for a picture.
        spacing_mm: of a volume, distances between slices, rows and columns in mm; None where not known.
    """

    format: str
    mode: str
    width: int
    height: int
    channels: int
    bit_depth: int
    note: str = ""
    patient: str = ""
    slices: int = 1
    spacing_mm: tuple[float, float, float] | None = None

    @property
    def is_volume(self) -> bool:
        """Whether the file is a stack of slices."""
        return self.slices > 1


@dataclass(frozen=True, slots=True, eq=False)
class GreyValues:
    """What a file's grey values mean, for formats that say so (DICOM).

    Attributes:
        values: (height, width) in their own unit, such as Hounsfield units.
        rendering: how the file says that they are shown.
        padding: (height, width), True where a pixel is no measurement; or None.
    """

    values: NDArray[Any] = field(repr=False)
    rendering: Rendering = field(repr=False)
    padding: NDArray[np.bool_] | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """One image.

    Attributes:
        pixels: (height, width) or (height, width, 3) as stored, high values bright.
        facts: of its file.
        grey: what its values mean, where the file says so.
    """

    pixels: NDArray[Any]
    facts: ImageFacts
    grey: GreyValues | None = None

    def find_values(self) -> tuple[float, float] | None:
        """Smallest and largest grey value in the file's own unit, of images deeper than 8 bits; or None."""
        if self.grey is None:
            return find_extremes(self.pixels)
        return find_extremes(self.grey.values, self.grey.padding)


def find_extremes(
    values: NDArray[Any], padding: NDArray[np.bool_] | None = None
) -> tuple[float, float] | None:
    """Smallest and largest of deep grey values; None of 8-bit ones and colour, whose scale is known.

    Args:
        values: grey values, or colours as uint8.
        padding: of their shape, True where one is no measurement.
    """
    if values.dtype == np.uint8:
        return None
    measured = values if padding is None else values[~padding]
    return (float(measured.min()), float(measured.max())) if measured.size else None


def check_pixel_count(width: int, height: int, *, max_pixels: int) -> None:
    """Refuse an image by its announced size, before anything is decoded.

    Raises:
        ImageReadError: if it is empty or holds more than `max_pixels` pixels.
    """
    if width < 1 or height < 1:
        raise ImageReadError(f"it announces an empty image of {width} x {height} pixels")
    if width * height > max_pixels:
        raise ImageReadError(
            f"it announces {width} x {height} pixels, over the limit of {max_pixels:,} (MEDSYN_MAX_PIXELS)"
        )


def collapse_equal_channels(pixels: NDArray[Any]) -> NDArray[Any]:
    """Turn (h, w, 3) whose channels are all equal into (h, w); anything else is returned as it is.

    A grey film saved as RGB is a grey image: kept so, its mean image and its features equal those of the
    same film saved as one channel.
    """
    if pixels.ndim == 2:
        return pixels
    red, green, blue = np.moveaxis(pixels, -1, 0)
    if np.array_equal(red, green) and np.array_equal(red, blue):
        return np.ascontiguousarray(red)
    return pixels
