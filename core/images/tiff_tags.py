"""The tags of a TIFF or BigTIFF file's pages: where their values are, found within limits.

A directory may announce anything: pages may neither run in a circle nor lie over each other, and only the
tags that are used are kept.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import ImageReadError
from core.images.file_window import Bytes

__all__ = ["WHOLE_TYPES", "PageTags", "TagEntry", "TagWalk", "is_tiff", "read_numbers", "unpack_at"]

_MAX_PAGES: Final = 1 << 14
_MAX_TAGS: Final = 1 << 10
# Tags that anything here reads: a page may list a thousand others, and a file thousands of pages.
_KEPT_TAGS: Final = frozenset((
    254, 255, 256, 257, 258, 259, 262, 266, 270, 273, 274, 277, 278, 279, 282, 283, 284, 296, 317, 320, 322,
    323, 324, 325, 330, 339, 347, 530, 32997, 65421,
))  # fmt: skip
# TIFF 6.0, section 2, and BigTIFF: types of whole numbers, and bytes of one value of any type.
WHOLE_TYPES: Final = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_TYPE_BYTES: Final = {
    1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TagEntry:
    """One tag: the type of its values, their number, and where the first one begins in the file."""

    kind: int
    count: int
    start: int


def is_tiff(data: bytes) -> bool:
    """Tell whether a file held in memory begins as TIFF or BigTIFF does."""
    return data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


class PageTags(dict[int, TagEntry]):
    """Where a page's values are, and in which byte order."""

    def __init__(self, order: str) -> None:
        super().__init__()
        self.order = order


class TagWalk:
    """Goes from page to page; pages that lie over each other, as endless ones must, are refused."""

    def __init__(self, data: Bytes) -> None:
        start = data[:4]
        if not is_tiff(start):
            raise ImageReadError("it is not a TIFF file")
        self._data, self._left = data, len(data)
        self.order = "<" if start.startswith(b"II") else ">"
        self._is_big = b"+" in start
        # An offset, a number of tags, and both words of an entry.
        self._word, self._number = ("Q", "Q") if self._is_big else ("I", "H")

    def __iter__(self) -> Iterator[PageTags]:
        (offset,) = unpack_at(f"{self.order}{self._word}", self._data, 8 if self._is_big else 4)
        seen: set[int] = set()
        while offset:
            if offset in seen:
                raise ImageReadError("its pages run in a circle")
            if len(seen) >= _MAX_PAGES:
                raise ImageReadError(f"it holds more than {_MAX_PAGES:,} pages")
            seen.add(offset)
            tags, offset = self.read_tags(offset)
            yield tags

    def read_tags(self, offset: int) -> tuple[PageTags, int]:
        """Tags of the page at an offset, and the offset of the next one; 0 after the last."""
        data, order = self._data, self.order
        (n_tags,) = unpack_at(f"{order}{self._number}", data, offset)
        if n_tags > _MAX_TAGS:
            raise ImageReadError("its TIFF directory is damaged")
        entry = struct.Struct(f"{order}HH{self._word}{struct.calcsize(self._word)}s")
        word = struct.Struct(f"{order}{self._word}")
        place = offset + struct.calcsize(f"{order}{self._number}")
        self._left -= n_tags * entry.size
        if self._left < 0:
            raise ImageReadError("its pages lie over each other")
        listed = data[place : place + n_tags * entry.size + word.size]
        tags = PageTags(order)
        for index in range(n_tags):
            tag, kind, count, cell = entry.unpack_from(listed, index * entry.size)
            size = count * _TYPE_BYTES.get(kind, 1)
            start = place + index * entry.size + entry.size - word.size
            if size > word.size:
                (start,) = word.unpack(cell)
            # What lies outside of the file is as if it were not there; a page that needs it says so.
            if tag in _KEPT_TAGS and tag not in tags and start + size <= len(data):
                tags[tag] = TagEntry(kind, count, start)
        return tags, word.unpack_from(listed, n_tags * entry.size)[0]


def unpack_at(form: str, data: Bytes, start: int) -> tuple[Any, ...]:
    """Unpack numbers that begin at an offset; `struct.error` where the file ends before."""
    return struct.unpack(form, data[start : start + struct.calcsize(form)])


def read_numbers(data: Bytes, order: str, entry: TagEntry | None, most: int) -> NDArray[Any]:
    """Whole numbers of a tag, the first `most` of them."""
    if entry is None or entry.kind not in WHOLE_TYPES:
        return np.empty(0, np.uint8)
    kind = np.dtype(f"{order}{WHOLE_TYPES[entry.kind]}")
    n_bytes = min(entry.count, most) * kind.itemsize
    return np.frombuffer(data[entry.start : entry.start + n_bytes], kind)
