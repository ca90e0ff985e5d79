"""The directory of a TIFF or BigTIFF file: what each page is and where its strips or tiles are.

Read here within limits, since a directory may announce anything: a count is checked against what the page
needs before numbers are read, pages may not run in a circle, and texts are left where they are.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import ImageReadError
from core.images.decoded import check_pixel_count

__all__ = ["TiffPage", "is_tiff", "read_pages"]

_MAX_PAGES: Final = 1 << 14
_MAX_TAGS: Final = 1 << 10
_MAX_PIECES: Final = 1 << 21
_MAX_TEXT_BYTES: Final = 1 << 16
# TIFF 6.0, section 2, and BigTIFF: types of whole numbers, and bytes of one value of any type.
_WHOLE: Final = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_TYPE_BYTES: Final = {
    1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: int
    count: int
    start: int


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
    tags: dict[int, _Entry]

    @property
    def grid(self) -> tuple[int, int]:
        """Pieces down and across, of one plane."""
        return ceil(self.height / self.piece[1]), ceil(self.width / self.piece[0])

    def find_pieces(self, data: bytes) -> tuple[list[int], list[int]]:
        """Offsets and sizes in bytes of all pieces, plane by plane and row by row.

        Raises:
            ImageReadError: if there are fewer than the page needs, or absurdly many.
        """
        down, across = self.grid
        n_pieces = down * across * (self.samples if self.is_planar else 1)
        if n_pieces > _MAX_PIECES:
            raise ImageReadError("its pages are cut into too many strips; save it with larger ones")
        offsets = _numbers(data, self.order, self.tags.get(324 if self.is_tiled else 273), n_pieces)
        sizes = _numbers(data, self.order, self.tags.get(325 if self.is_tiled else 279), n_pieces)
        if self.compression == 1 and not len(sizes):
            # Old writers leave the sizes out, which without compression are known.
            sizes = np.full(n_pieces, len(data))
        if len(offsets) < n_pieces or len(sizes) < n_pieces:
            raise ImageReadError("its TIFF directory lists fewer strips or tiles than its size needs")
        return offsets.tolist(), sizes.tolist()

    def read_colour_map(self, data: bytes) -> NDArray[np.uint16]:
        """The palette, (2**bits, 3).

        Raises:
            ImageReadError: if there is none.
        """
        n_colours = 3 << self.bits
        numbers = _numbers(data, self.order, self.tags.get(320), n_colours)
        if len(numbers) != n_colours:
            raise ImageReadError("its palette is missing or damaged")
        return numbers.reshape(3, -1).T.astype(np.uint16)

    def read_description(self, data: bytes) -> bytes:
        """The beginning of its description, for looking up numbers in it; never to be shown."""
        entry = self.tags.get(270)
        if entry is None or entry.kind not in (1, 2, 7):
            return b""
        return data[entry.start : entry.start + min(entry.count, _MAX_TEXT_BYTES)]

    def read_resolution(self, data: bytes) -> tuple[float, float] | None:
        """Pixels a unit of length along a row and along a column, or None."""
        values = []
        for tag in (282, 283):
            entry = self.tags.get(tag)
            if entry is None or entry.kind != 5 or entry.count < 1:
                return None
            above, below = struct.unpack_from(f"{self.order}II", data, entry.start)
            if not above or not below:
                return None
            values.append(above / below)
        return values[0], values[1]


def is_tiff(data: bytes) -> bool:
    """Tell whether a file held in memory begins as TIFF or BigTIFF does."""
    return data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def read_pages(data: bytes, *, max_pixels: int) -> tuple[TiffPage, ...]:
    """Read the directory of a file held in memory; pages below others (SubIFDs) are not looked at.

    Args:
        data: the file's bytes.
        max_pixels: a page that announces more is refused.

    Raises:
        ImageReadError: if the directory is damaged or announces too much.
    """
    if not is_tiff(data):
        raise ImageReadError("it is not a TIFF file")
    try:
        pages = []
        for index, (order, tags) in enumerate(_walk(data)):
            pages.append(_read_page(data, index, order, tags, max_pixels))
    except (struct.error, ValueError, OverflowError):
        raise ImageReadError("its TIFF directory is damaged") from None
    if not pages:
        raise ImageReadError("it holds no page")
    return tuple(pages)


def _walk(data: bytes) -> Iterator[tuple[str, dict[int, _Entry]]]:
    """Yield the tags of page after page."""
    order = "<" if data.startswith(b"II") else ">"
    is_big = data[2:4].strip(b"\0") == b"+"
    word, number, entry_bytes = ("Q", "Q", 20) if is_big else ("I", "H", 12)
    inline = struct.calcsize(word)
    (offset,) = struct.unpack_from(f"{order}{word}", data, 8 if is_big else 4)
    seen: set[int] = set()
    while offset:
        if offset in seen:
            raise ImageReadError("its pages run in a circle")
        if len(seen) >= _MAX_PAGES:
            raise ImageReadError(f"it holds more than {_MAX_PAGES:,} pages")
        seen.add(offset)
        (n_tags,) = struct.unpack_from(f"{order}{number}", data, offset)
        if n_tags > _MAX_TAGS:
            raise ImageReadError("its TIFF directory is damaged")
        place = offset + struct.calcsize(number)
        tags: dict[int, _Entry] = {}
        for _ in range(n_tags):
            tag, kind, count = struct.unpack_from(f"{order}HH{word}", data, place)
            size = count * _TYPE_BYTES.get(kind, 1)
            start = place + 4 + inline
            if size > inline:
                (start,) = struct.unpack_from(f"{order}{word}", data, start)
            # What lies outside of the file is as if it were not there; a page that needs it says so.
            if tag not in tags and start + size <= len(data):
                tags[tag] = _Entry(kind, count, start)
            place += entry_bytes
        (offset,) = struct.unpack_from(f"{order}{word}", data, place)
        yield order, tags


def _numbers(data: bytes, order: str, entry: _Entry | None, most: int) -> NDArray[Any]:
    """Whole numbers of a tag, the first `most` of them."""
    if entry is None or entry.kind not in _WHOLE:
        return np.empty(0, np.uint8)
    return np.frombuffer(
        data, f"{order}{_WHOLE[entry.kind]}", count=min(entry.count, most), offset=entry.start
    )


def _read_page(data: bytes, index: int, order: str, tags: dict[int, _Entry], max_pixels: int) -> TiffPage:
    def numbers(tag: int, default: int, most: int = 8) -> tuple[int, ...]:
        entry = tags.get(tag)
        if entry is None or entry.kind not in _WHOLE or entry.count < 1:
            return (default,)
        return struct.unpack_from(f"{order}{min(entry.count, most)}{_WHOLE[entry.kind]}", data, entry.start)

    def number(tag: int, default: int = 0) -> int:
        return numbers(tag, default, 1)[0]

    width, height, samples = number(256), number(257), number(277, 1)
    check_pixel_count(width, height, max_pixels=max_pixels)
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
    down, across = page.grid
    check_pixel_count(across * piece[0], down * piece[1], max_pixels=max(max_pixels, 1 << 22))
    return page
