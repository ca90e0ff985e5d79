"""Whole-slide images in TIFF: tiles are found by tifffile, read one by one, and a few of them are kept."""

from __future__ import annotations

import logging
import math
from collections import OrderedDict
from typing import Any, BinaryIO, Final

import numpy as np
import tifffile
from numpy.typing import NDArray

from core.errors import ImageReadError
from core.images.decoded import check_pixel_count
from core.images.slide import Slide, SlideLevel
from core.images.slide_piece import check_page, decode_piece
from core.images.slide_scale import read_scale

__all__ = ["TiffSlide"]

_KEPT_BYTES: Final = 64 * 2**20
_SLACK_BYTES: Final = 65_536
_GLASS: Final = 255

# It quotes headers in its warnings.
logging.getLogger("tifffile").addHandler(logging.NullHandler())
logging.getLogger("tifffile").propagate = False


class TiffSlide(Slide):
    """A pyramid of tiles or strips; at most 64 MiB of decoded ones are kept at a time.

    Tiles that the scanner left out are glass: white in a picture, 0 in a mask.

    Args:
        stream: the open file; stays open as long as the slide.
        max_pixels: a tile or strip with more is refused.
        keep_values: values as stored, for masks.

    Attributes:
        n_pieces_read: tiles and strips decoded so far.

    Raises:
        ImageReadError: if it is no such file.
    """

    def __init__(self, stream: BinaryIO, *, max_pixels: int, keep_values: bool = False) -> None:
        self._keep_values = keep_values
        self.n_pieces_read = 0
        self._kept: OrderedDict[tuple[int, int], NDArray[Any]] = OrderedDict()
        self._kept_bytes = 0
        try:
            self._file = tifffile.TiffFile(stream)
            self._pages = [level.keyframe for level in self._file.series[0].levels]
            sizes = [(int(page.imagewidth), int(page.imagelength)) for page in self._pages]
            self.mpp, self.objective = read_scale(self._file, self._pages[0])
            self._check_pages(sizes, max_pixels)
        except ImageReadError:
            raise
        # A damaged directory may raise nearly anything; what it holds is not repeated.
        except Exception:
            raise ImageReadError("its TIFF directory is damaged, or it holds no picture") from None
        full_width, full_height = sizes[0]
        # Sides are rounded by whoever halves them; the longer one tells the factor best.
        longer = int(full_height > full_width)
        self.levels = tuple(
            SlideLevel(*size, downsample=sizes[0][longer] / max(1, size[longer])) for size in sizes
        )

    def _check_pages(self, sizes: list[tuple[int, int]], max_pixels: int) -> None:
        for page, (width, height) in zip(self._pages, sizes, strict=True):
            check_page(page, keep_values=self._keep_values)
            if width < 1 or height < 1 or getattr(page, "imagedepth", 1) != 1:
                raise ImageReadError("it announces an empty picture, or a stack of them")
            piece_width, piece_height = self._piece_size(page)
            check_pixel_count(piece_width, piece_height, max_pixels=max_pixels)
            across, down = math.ceil(width / piece_width), math.ceil(height / piece_height)
            if not len(page.dataoffsets) == len(page.databytecounts) >= across * down:
                raise ImageReadError("its TIFF directory lists fewer tiles than its size needs")

    def close(self) -> None:
        """Forget the tiles; the stream is its opener's."""
        self._kept.clear()
        self._file.close()

    def _read(self, level: int, left: int, top: int, width: int, height: int) -> NDArray[Any]:
        page = self._pages[level]
        piece_width, piece_height = self._piece_size(page)
        across = math.ceil(page.imagewidth / piece_width)
        region: NDArray[Any] | None = None
        for row in range(top // piece_height, (top + height - 1) // piece_height + 1):
            for column in range(left // piece_width, (left + width - 1) // piece_width + 1):
                piece = self._piece(level, row * across + column)
                x, y = column * piece_width, row * piece_height
                x0, x1 = max(left, x), min(left + width, x + piece.shape[1])
                y0, y1 = max(top, y), min(top + height, y + piece.shape[0])
                if region is None:
                    region = np.empty((height, width, *piece.shape[2:]), piece.dtype)
                region[y0 - top : y1 - top, x0 - left : x1 - left] = piece[y0 - y : y1 - y, x0 - x : x1 - x]
        assert region is not None
        return region

    def _piece(self, level: int, index: int) -> NDArray[Any]:
        key = (level, index)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        page = self._pages[level]
        width, height = self._piece_size(page)
        if not page.is_tiled:
            height = min(height, page.imagelength - index * height)
        piece = self._decode(page, index, width, height)
        self._kept[key] = piece
        self._kept_bytes += piece.nbytes
        while self._kept_bytes > _KEPT_BYTES and len(self._kept) > 1:
            self._kept_bytes -= self._kept.popitem(last=False)[1].nbytes
        return piece

    def _decode(self, page: tifffile.TiffPage, index: int, width: int, height: int) -> NDArray[Any]:
        offset, n_bytes = int(page.dataoffsets[index]), int(page.databytecounts[index])
        samples, bytes_each = page.samplesperpixel, page.bitspersample // 8
        if n_bytes == 0:
            shape = (height, width) if samples == 1 else (height, width, 3)
            kind = np.dtype(f"u{bytes_each}")
            return np.full(shape, 0 if self._keep_values else _GLASS, kind)
        # No compression of real pixels makes them much larger: a count that says so is a lie.
        if n_bytes > 2 * width * height * samples * bytes_each + _SLACK_BYTES:
            raise ImageReadError("one of its tiles announces more bytes than it can hold")
        try:
            handle = self._file.filehandle
            handle.seek(offset)
            data = handle.read(n_bytes)
        except (OSError, ValueError, OverflowError):
            raise ImageReadError("one of its tiles cannot be read") from None
        self.n_pieces_read += 1
        return decode_piece(page, data, width=width, height=height, keep_values=self._keep_values)

    @staticmethod
    def _piece_size(page: tifffile.TiffPage) -> tuple[int, int]:
        if page.is_tiled:
            return int(page.tilewidth), int(page.tilelength)
        return int(page.imagewidth), int(min(page.rowsperstrip, page.imagelength))
