"""Whole-slide images in TIFF: tiles are read one by one, and a few of them are kept."""

from __future__ import annotations

import struct
from collections import OrderedDict
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import ImageReadError
from core.images.decoded import check_pixel_count
from core.images.file_window import FileWindow
from core.images.slide import Slide, SlideLevel
from core.images.slide_piece import check_page, decode_piece
from core.images.slide_scale import read_scale
from core.images.tiff_directory import TiffPage, read_slide_pages

__all__ = ["TiffSlide"]

_KEPT_BYTES: Final = 64 * 2**20
_SLACK_BYTES: Final = 65_536
_GLASS: Final = 255
_RAW: Final = 1
_SAME_SHAPE: Final = 0.02


class TiffSlide(Slide):
    """A pyramid of tiles or strips; at most 64 MiB of decoded ones are kept at a time.

    The first page is the full resolution; pages of the same shape and kind that are smaller, in the row of
    pages or below the first one (SubIFDs), are its levels. Thumbnails, labels and maps are left out. Tiles
    that the scanner left out are glass: white in a picture, 0 in a mask.

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
        self._data = FileWindow(stream)
        self._pages = _find_levels(read_slide_pages(self._data))
        for page in self._pages:
            check_page(page, keep_values=keep_values)
            check_pixel_count(*page.piece, max_pixels=max_pixels)
        self._pieces = [page.find_pieces(self._data) for page in self._pages]
        try:
            self.mpp, self.objective = read_scale(self._pages[0], self._data)
        # A damaged number among what scanners write: the pixels are fine.
        except (struct.error, ArithmeticError, ValueError):
            self.mpp = self.objective = None
        full = self._pages[0]
        # Sides are rounded by whoever halves them; the longer one tells the factor best.
        longer = full.height > full.width
        self.levels = tuple(
            SlideLevel(
                page.width,
                page.height,
                downsample=full.height / page.height if longer else full.width / page.width,
            )
            for page in self._pages
        )

    def close(self) -> None:
        """Forget the tiles; the stream is its opener's."""
        self._kept.clear()

    def _read(self, level: int, left: int, top: int, width: int, height: int) -> NDArray[Any]:
        page = self._pages[level]
        piece_width, piece_height = page.piece
        across = page.grid[1]
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
        width, height = page.piece
        if not page.is_tiled:
            height = min(height, page.height - index * height)
        offsets, sizes = self._pieces[level]
        piece = self._decode(page, int(offsets[index]), int(sizes[index]), width, height)
        self._kept[key] = piece
        self._kept_bytes += piece.nbytes
        while self._kept_bytes > _KEPT_BYTES and len(self._kept) > 1:
            self._kept_bytes -= self._kept.popitem(last=False)[1].nbytes
        return piece

    def _decode(self, page: TiffPage, offset: int, n_bytes: int, width: int, height: int) -> NDArray[Any]:
        samples, bytes_each = page.samples, page.bits // 8
        if n_bytes == 0:
            shape = (height, width) if samples == 1 else (height, width, 3)
            kind = np.dtype(f"u{bytes_each}")
            return np.full(shape, 0 if self._keep_values else _GLASS, kind)
        # No compression of real pixels makes them much larger: a count that says so is a lie.
        if page.compression == _RAW:
            n_bytes = min(n_bytes, width * height * samples * bytes_each)
        if n_bytes > 2 * width * height * samples * bytes_each + _SLACK_BYTES:
            raise ImageReadError("one of its tiles announces more bytes than it can hold")
        data = self._data[offset : offset + n_bytes]
        self.n_pieces_read += 1
        return decode_piece(page, self._data, data, width=width, height=height, keep_values=self._keep_values)


def _find_levels(pages: tuple[TiffPage, ...]) -> list[TiffPage]:
    """The first page and its smaller copies, the largest first; one of each size."""
    full = pages[0]
    levels = {(full.width, full.height): full}
    for page in pages[1:]:
        is_smaller = page.width < full.width and page.height < full.height
        # Scanners store the thumbnail in strips beside levels of tiles.
        is_alike = (page.is_tiled, page.samples, page.bits) == (full.is_tiled, full.samples, full.bits)
        ratio = (page.width / full.width) / (page.height / full.height)
        if is_smaller and is_alike and abs(ratio - 1) <= _SAME_SHAPE + 1 / min(page.width, page.height):
            levels.setdefault((page.width, page.height), page)
    return sorted(levels.values(), key=lambda page: page.width * page.height, reverse=True)
