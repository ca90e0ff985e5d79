"""The directory of a TIFF or BigTIFF file: what each page is and where its strips or tiles are.

Read here within limits, since a directory may announce anything: a count is checked against what the page
needs before numbers are read, and texts are left where they are.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import ImageReadError
from core.images.decoded import check_pixel_count
from core.images.file_window import Bytes
from core.images.tiff_tags import (
    WHOLE_TYPES,
    PageTags,
    TagEntry,
    TagWalk,
    is_tiff,
    read_numbers,
    unpack_at,
)

__all__ = ["TiffPage", "is_tiff", "read_pages", "read_slide_pages"]

_MAX_PIECES: Final = 1 << 21
_MAX_TEXT_BYTES: Final = 1 << 16
_MAX_SMALLER_PAGES: Final = 64
_SMALLER_PAGES, _JPEG_TABLES, _SUBSAMPLING, _RESOLUTION_UNIT, _NDPI_LENS = 330, 347, 530, 296, 65421


@dataclass(frozen=True, slots=True)
class TiffPage:
    """One page; numbers of schemes are those of TIFF 6.0.

    Attributes:
        index: its place in the file.
        order: byte order of its values, `<` or `>`.
        width: columns.
        height: rows.
        bits: bits of a sample.
        samples: samples of a pixel.
        kind: `u`, `i` or `f`: how a sample is to be understood; empty for what is no picture.
        photometric: 0 and 1 for grey that begins at white or black, 2 for RGB, 3 for a palette, ...
        compression: 1 for none, 5 for LZW, 8 for Deflate, ...
        predictor: 1 for none, 2 for differences of whole numbers, 3 of real ones.
        is_planar: whether each sample has strips or tiles of its own.
        is_reversed: whether the lowest bit of a byte comes first.
        piece: columns and rows of a tile or strip; of strips, the last may have fewer rows.
        is_tiled: whether pieces are tiles.
        orientation: 1 to 8, which way the first row and column lie.
        is_reduced: whether it says to be a smaller copy of another page, or a mask.
        tags: where its other values are.
    """

    index: int
    order: str
    width: int
    height: int
    bits: int
    samples: int
    kind: str
    photometric: int
    compression: int
    predictor: int
    is_planar: bool
    is_reversed: bool
    piece: tuple[int, int]
    is_tiled: bool
    orientation: int
    is_reduced: bool
    tags: dict[int, TagEntry]

    @property
    def grid(self) -> tuple[int, int]:
        """Pieces down and across, of one plane."""
        return ceil(self.height / self.piece[1]), ceil(self.width / self.piece[0])

    def find_pieces(self, data: Bytes) -> tuple[NDArray[Any], NDArray[Any]]:
        """Offsets and sizes in bytes of all pieces, plane by plane and row by row.

        Raises:
            ImageReadError: if there are fewer than the page needs, or absurdly many.
        """
        down, across = self.grid
        n_pieces = down * across * (self.samples if self.is_planar else 1)
        where = self.tags.get(324 if self.is_tiled else 273)
        too_few = (
            f"its TIFF directory lists fewer {'tiles' if self.is_tiled else 'strips'} than its size needs"
        )
        if where is None or where.count < n_pieces:
            raise ImageReadError(too_few)
        if n_pieces > _MAX_PIECES:
            raise ImageReadError("its pages are cut into too many strips; save it with larger ones")
        offsets = read_numbers(data, self.order, where, n_pieces)
        sizes = read_numbers(data, self.order, self.tags.get(325 if self.is_tiled else 279), n_pieces)
        if self.compression == 1 and not len(sizes):
            # Old writers leave the sizes out, which without compression are known.
            sizes = np.full(n_pieces, len(data))
        if len(offsets) < n_pieces or len(sizes) < n_pieces:
            raise ImageReadError(too_few)
        return offsets, sizes

    def read_colour_map(self, data: Bytes) -> NDArray[np.uint16]:
        """The palette, (2**bits, 3).

        Raises:
            ImageReadError: if there is none.
        """
        n_colours = 3 << self.bits
        numbers = read_numbers(data, self.order, self.tags.get(320), n_colours)
        if len(numbers) != n_colours:
            raise ImageReadError("its palette is missing or damaged")
        return numbers.reshape(3, -1).T.astype(np.uint16)

    def read_description(self, data: Bytes) -> bytes:
        """The beginning of its description, for looking up numbers in it; never to be shown."""
        entry = self.tags.get(270)
        if entry is None or entry.kind not in (1, 2, 7):
            return b""
        return data[entry.start : entry.start + min(entry.count, _MAX_TEXT_BYTES)]

    def read_jpeg_tables(self, data: Bytes) -> bytes:
        """Tables that its JPEG pieces share; empty where there are none."""
        entry = self.tags.get(_JPEG_TABLES)
        if entry is None or entry.kind not in (1, 7):
            return b""
        return data[entry.start : entry.start + min(entry.count, _MAX_TEXT_BYTES)]

    def read_subsampling(self, data: Bytes) -> tuple[int, int] | None:
        """Pixels that share a colour along a row and along a column, or None."""
        values = read_numbers(data, self.order, self.tags.get(_SUBSAMPLING), 2).tolist()
        return (values[0], values[1]) if len(values) == 2 else None

    def read_lens(self, data: Bytes) -> float | None:
        """Hamamatsu's magnification of the objective, or None."""
        entry = self.tags.get(_NDPI_LENS)
        if entry is None or entry.kind != 11 or entry.count != 1:
            return None
        (value,) = unpack_at(f"{self.order}f", data, entry.start)
        return float(value)

    def read_resolution_unit(self, data: Bytes) -> int:
        """2 for the inch, which is also what files without the tag mean; 3 for the centimetre."""
        values = read_numbers(data, self.order, self.tags.get(_RESOLUTION_UNIT), 1).tolist()
        return int(values[0]) if values else 2

    def read_resolution(self, data: Bytes) -> tuple[float, float] | None:
        """Pixels a unit of length along a row and along a column, or None."""
        values = []
        for tag in (282, 283):
            entry = self.tags.get(tag)
            if entry is None or entry.kind != 5 or entry.count < 1:
                return None
            above, below = unpack_at(f"{self.order}II", data, entry.start)
            if not above or not below:
                return None
            values.append(above / below)
        return values[0], values[1]


def read_pages(data: Bytes, *, max_pixels: int) -> tuple[TiffPage, ...]:
    """Read the directory of a file; pages below others (SubIFDs) are not looked at.

    Args:
        data: the file's bytes.
        max_pixels: a page that announces more is refused.

    Raises:
        ImageReadError: if the directory is damaged or announces too much.
    """
    pages = []
    try:
        for index, tags in enumerate(TagWalk(data)):
            pages.append(_read_page(data, index, tags, max_pixels))
    except (struct.error, ValueError, OverflowError):
        raise ImageReadError("its TIFF directory is damaged") from None
    if not pages:
        raise ImageReadError("it holds no page")
    return tuple(pages)


def read_slide_pages(data: Bytes) -> tuple[TiffPage, ...]:
    """Read the pages of a slide: the first, those below it (SubIFDs), and the others that can be read.

    Args:
        data: the file's bytes; pages may be of any size, since they are read in pieces.

    Raises:
        ImageReadError: if the directory or the first page is damaged.
    """
    pages: list[TiffPage] = []
    try:
        walk = TagWalk(data)
        for index, tags in enumerate(walk):
            if index == 0:
                pages.append(_read_page(data, 0, tags, None))
                below = read_numbers(data, walk.order, tags.get(_SMALLER_PAGES), _MAX_SMALLER_PAGES).tolist()
                others = [walk.read_tags(offset)[0] for offset in below]
            else:
                others = [tags]
            for one in others:
                # A label or a map of another kind beside the picture is no fault of it.
                with suppress(ImageReadError):
                    pages.append(_read_page(data, len(pages), one, None))
    except (struct.error, ValueError, OverflowError):
        raise ImageReadError("its TIFF directory is damaged") from None
    if not pages:
        raise ImageReadError("it holds no page")
    return tuple(pages)


def _read_page(data: Bytes, index: int, tags: PageTags, max_pixels: int | None) -> TiffPage:
    """Read what a page is; with no limit of pixels, it is one of a slide."""
    order = tags.order

    def numbers(tag: int, default: int, most: int = 8) -> tuple[int, ...]:
        entry = tags.get(tag)
        if entry is None or entry.kind not in WHOLE_TYPES or entry.count < 1:
            return (default,)
        return unpack_at(f"{order}{min(entry.count, most)}{WHOLE_TYPES[entry.kind]}", data, entry.start)

    def number(tag: int, default: int = 0) -> int:
        return numbers(tag, default, 1)[0]

    width, height, samples = number(256), number(257), number(277, 1)
    check_pixel_count(width, height, max_pixels=width * height if max_pixels is None else max_pixels)
    if not 1 <= samples <= 8:
        raise ImageReadError(f"its pixels have {samples} samples; save grey or RGB")
    if number(32997, 1) > 1:
        raise ImageReadError("its pages are volumes of their own; save one slice a page")
    bits, kinds = set(numbers(258, 1)[:samples]), set(numbers(339, 1)[:samples])
    if len(bits) > 1 or len(kinds) > 1:
        raise ImageReadError("its samples differ in size or type; save it as grey or RGB")
    is_tiled = 322 in tags
    rows = number(278, height)
    piece = (number(322), number(323)) if is_tiled else (width, min(rows, height))
    if min(piece) < 1:
        raise ImageReadError("its TIFF directory is damaged (size of its strips or tiles)")
    page = TiffPage(
        index=index,
        order=order,
        width=width,
        height=height,
        bits=bits.pop(),
        samples=samples,
        kind={1: "u", 2: "i", 3: "f", 4: "u"}.get(kinds.pop(), ""),
        photometric=number(262, 2 if samples >= 3 else 1),
        compression=number(259, 1),
        predictor=number(317, 1),
        is_planar=number(284, 1) == 2 and samples > 1,
        is_reversed=number(266, 1) == 2,
        piece=piece,
        is_tiled=is_tiled,
        orientation=number(274, 1),
        # NewSubfileType: bit 0 for a smaller copy, bit 2 for a mask; SubfileType, its forerunner: 2.
        is_reduced=bool(number(254) & 0b101) or number(255) == 2,
        tags=tags,
    )
    # Tiles reach over the border: few pixels may announce endless tiles.
    if max_pixels is not None:
        down, across = page.grid
        check_pixel_count(across * piece[0], down * piece[1], max_pixels=max(max_pixels, 1 << 22))
    return page
