"""A slide: a picture too large for memory, read region by region from a pyramid or one decoded file."""

from __future__ import annotations

import io
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.confinement import open_confined
from core.errors import ImageReadError, InputError, OutsideRootError
from core.images.decoded import check_pixel_count
from core.images.raster import decode_raster

__all__ = ["WHOLE_FILE_FORMATS", "Slide", "SlideLevel", "open_slide"]

WHOLE_FILE_FORMATS: Final = ("PNG", "JPEG", "BMP", "WEBP")
"""Formats without tiles, decoded whole before regions are cut from them."""

_TIFF: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_BOMB_LIMIT = threading.Lock()


@dataclass(frozen=True, slots=True)
class SlideLevel:
    """One resolution of a slide.

    Attributes:
        width: columns.
        height: rows.
        downsample: pixels of the full resolution along one of this level's.
    """

    width: int
    height: int
    downsample: float


class Slide(ABC):
    """An open slide.

    Attributes:
        levels: its resolutions, the full one first.
        mpp: micrometres a pixel at full resolution, or None.
        objective: magnification of the objective, such as 40, or None.
    """

    levels: tuple[SlideLevel, ...]
    mpp: float | None
    objective: float | None

    def read_region(self, level: int, left: int, top: int, width: int, height: int) -> NDArray[Any]:
        """Read a rectangle.

        Args:
            level: which of `levels`.
            left: first column, in pixels of the level.
            top: first row.
            width: columns.
            height: rows.

        Returns:
            (height, width) or (height, width, 3) uint8; a mask's values may be uint16.

        Raises:
            ImageReadError: if that part of the file is damaged.
            ValueError: if the rectangle is empty or not inside the level.
        """
        chosen = self.levels[level]
        inside = left >= 0 and top >= 0 and left + width <= chosen.width and top + height <= chosen.height
        if not inside or width < 1 or height < 1:
            raise ValueError("the region is not inside the level")
        return self._read(level, left, top, width, height)

    @abstractmethod
    def _read(self, level: int, left: int, top: int, width: int, height: int) -> NDArray[Any]: ...


class _WholeSlide(Slide):
    """A file without tiles, decoded once."""

    def __init__(self, pixels: NDArray[Any]) -> None:
        self._pixels = pixels
        self.levels = (SlideLevel(pixels.shape[1], pixels.shape[0], 1.0),)
        self.mpp = self.objective = None

    def _read(self, level: int, left: int, top: int, width: int, height: int) -> NDArray[Any]:
        return np.ascontiguousarray(self._pixels[top : top + height, left : left + width])


@contextmanager
def open_slide(
    path: Path,
    *,
    max_pixels: int,
    max_file_bytes: int | None = None,
    confined_to: tuple[Path, ...] = (),
    keep_values: bool = False,
) -> Iterator[Slide]:
    """Open a whole-slide image or one large picture by its content, whatever its name ends with.

    TIFF files (Aperio, generic pyramids, OME, BigTIFF, tiled or in strips) are read piece by piece; PNG,
    JPEG, BMP and WebP are decoded whole.

    Args:
        path: the file, or a link to it.
        max_pixels: most pixels of one piece of a TIFF and of one file of another format.
        max_file_bytes: a larger file of another format than TIFF is refused before it is read.
        confined_to: folder roots; where not empty, a file outside of them is refused, whatever links say.
        keep_values: for masks: grey values and indices of a palette as stored.

    Yields:
        The open slide; it may not be used afterwards.

    Raises:
        ImageReadError: with the reason, if it cannot be read.
    """
    try:
        stream = open_confined(path, confined_to)
    except OutsideRootError:
        raise ImageReadError(
            "it lies outside its folder root (MEDSYN_DATA_ROOTS), or a link leads out of it"
        ) from None
    except (InputError, OSError, ValueError):
        raise ImageReadError("it cannot be opened, or is not a regular file") from None
    with stream:
        if _is_tiff(stream):
            # Only slides need it, and it takes a while to load.
            from core.images.tiff_slide import TiffSlide

            slide = TiffSlide(stream, max_pixels=max_pixels, keep_values=keep_values)
            try:
                yield slide
            finally:
                slide.close()
        else:
            size = os.fstat(stream.fileno()).st_size
            if max_file_bytes is not None and size > max_file_bytes:
                raise ImageReadError(
                    f"it has {size:,} bytes, over the limit of {max_file_bytes:,} (MEDSYN_MAX_FILE_BYTES); "
                    "save it as a tiled TIFF"
                )
            yield _WholeSlide(_decode_whole(stream, max_pixels=max_pixels, keep_values=keep_values))


def _is_tiff(stream: BinaryIO) -> bool:
    head = stream.read(4)
    stream.seek(0)
    return head in _TIFF


def _decode_whole(stream: BinaryIO, *, max_pixels: int, keep_values: bool) -> NDArray[Any]:
    data = stream.read()
    with _raised_bomb_limit(max_pixels):
        if keep_values:
            indices = _decode_palette(data, max_pixels)
            if indices is not None:
                return indices
        pixels = decode_raster(data, max_pixels=max_pixels).pixels
    if not keep_values and pixels.dtype != np.uint8:
        raise ImageReadError("it stores more than 8 bits a sample; save it with 8 bits")
    return pixels


def _decode_palette(data: bytes, max_pixels: int) -> NDArray[Any] | None:
    """Indices of a palette, which labelling tools store as a mask's values; None of any other picture."""
    try:
        with Image.open(io.BytesIO(data), formats=WHOLE_FILE_FORMATS) as image:
            if image.mode != "P":
                return None
            check_pixel_count(image.width, image.height, max_pixels=max_pixels)
            image.load()
            return np.asarray(image)
    except ImageReadError:
        raise
    # Damaged files raise nearly anything; `decode_raster` says why in one sentence.
    except Exception:
        return None


@contextmanager
def _raised_bomb_limit(max_pixels: int) -> Iterator[None]:
    """Let Pillow open what this project's own limit allows; the size is checked before decoding."""
    with _BOMB_LIMIT:
        earlier = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = max(earlier or 0, max_pixels)
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = earlier
