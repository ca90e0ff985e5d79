"""The data elements of a DICOM file, read under limits and kept out of sight.

Headers hold names, dates and free text of patients. This reader keeps the few elements that a picture needs,
as raw bytes that nothing prints, and steps over all others without reading them: no text is decoded, so no
library's warning can quote it, and a header of any size costs little memory. Encoding as in DICOM PS3.5, 7.
"""

from __future__ import annotations

import io
import math
import struct
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from core.errors import ImageReadError

__all__ = ["Elements", "PixelElement", "read_elements"]

UNDEFINED: Final = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_LONG_VR: Final = frozenset(
    (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
)
_SHORT_VR: Final = frozenset(
    (b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL",
     b"SS", b"ST", b"TM", b"UI", b"UL", b"US")
)  # fmt: skip
# Real headers hold some hundred elements; enhanced ones about 30 a frame.
_MAX_ELEMENTS: Final = 300_000
_MAX_DEPTH: Final = 24
# The longest value that is ever kept is a lookup table of 65,536 entries of 16 bits.
_MAX_VALUE_BYTES: Final = 1 << 18
_OVERLAYS: Final = range(0x6000, 0x6020)
_PIXEL_DATA: Final = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where a file's pixels stand.

    Attributes:
        tag: `7FE00010`, or the tag of pixel data in floats.
        offset: where the value begins in the stream.
        length: bytes of the value; None where it is encapsulated.
        words: whether an explicit header stores it as 16-bit words (OW).
    """

    tag: int
    offset: int
    length: int | None
    words: bool


@dataclass(slots=True, eq=False)
class Elements:
    """Raw values by tag; its `repr` shows nothing of them.

    Attributes:
        little_endian: byte order of binary values.
        pixels: where the pixels stand; None where the file has none.
        has_overlays: whether graphics lie over the picture in planes of their own.
    """

    little_endian: bool
    pixels: PixelElement | None = None
    has_overlays: bool = False
    _values: dict[int, bytes] = field(default_factory=dict, repr=False)
    _items: dict[int, list[Elements]] = field(default_factory=dict, repr=False)

    def get_bytes(self, tag: int) -> bytes:
        """Value as stored; empty where there is none."""
        return self._values.get(tag, b"")

    def get_items(self, tag: int) -> list[Elements]:
        """Items of a sequence; empty where there is none."""
        return self._items.get(tag, [])

    def get_text(self, tag: int) -> str:
        """Code or identifier without its padding; empty where there is none."""
        return self.get_bytes(tag).split(b"\x00", 1)[0].decode("ascii", "replace").strip()

    def get_integers(self, tag: int, *, signed: bool = False) -> list[int]:
        """Binary 16-bit integers (US, SS)."""
        data = self.get_bytes(tag)
        order = "<" if self.little_endian else ">"
        n = len(data) // 2
        return list(struct.unpack(f"{order}{n}{'h' if signed else 'H'}", data[: 2 * n]))

    def get_numbers(self, tag: int) -> list[float]:
        """Decimal strings (DS, IS); empty where one of them is no finite number."""
        try:
            numbers = [float(part) for part in self.get_text(tag).split("\\") if part.strip()]
        except ValueError:
            return []
        return numbers if all(map(math.isfinite, numbers)) else []

    def get_number(self, tag: int) -> float | None:
        """First of `get_numbers`."""
        numbers = self.get_numbers(tag)
        return numbers[0] if numbers else None


def read_elements(
    stream: BinaryIO,
    *,
    explicit: bool,
    little_endian: bool,
    wanted: frozenset[int],
    sequences: frozenset[int],
) -> Elements:
    """Read a data set from where a stream stands up to its pixels, which are left alone.

    Args:
        stream: seekable.
        explicit: whether elements carry their type (VR), as the transfer syntax says.
        little_endian: byte order.
        wanted: tags whose values are kept.
        sequences: tags of sequences whose items are read; all others are stepped over.

    Raises:
        ImageReadError: if it is damaged, ends too early, nests too deeply or is too long for a real header.
    """
    start = stream.tell()
    end = stream.seek(0, io.SEEK_END)
    stream.seek(start)
    reader = _Reader(stream, end, "<" if little_endian else ">", wanted, sequences)
    # Some writers name the wrong one of the two; the first element shows which it is.
    explicit = reader.sees_type(explicit)
    found = reader.read_data_set(end, explicit, 0)
    assert found is not None
    return found


class _Reader:
    def __init__(
        self, stream: BinaryIO, end: int, order: str, wanted: frozenset[int], sequences: frozenset[int]
    ) -> None:
        self.stream, self.end, self.order = stream, end, order
        self.wanted, self.sequences = wanted, sequences
        self.n_left = _MAX_ELEMENTS
        self.tag_and_length = struct.Struct(f"{order}HHL")
        self.short_length, self.long_length = struct.Struct(f"{order}H"), struct.Struct(f"{order}L")

    def sees_type(self, announced: bool) -> bool:
        at = self.stream.tell()
        head = self.stream.read(8)
        self.stream.seek(at)
        if len(head) < 8:
            return announced
        return head[4:6] in _LONG_VR or head[4:6] in _SHORT_VR

    def read_data_set(self, end: int, explicit: bool, depth: int, *, keep: bool = True) -> Elements | None:
        """Read elements up to `end` or to the end of an item; without `keep`, only step over them."""
        found = Elements(self.order == "<") if keep else None
        stream = self.stream
        while stream.tell() < end:
            head = stream.read(8)
            if len(head) < 8:
                if depth == 0:
                    break  # a few bytes of padding
                raise _cut_off()
            self.n_left -= 1
            if self.n_left < 0:
                raise ImageReadError("its DICOM header holds more elements than any real one")
            tag, vr, length = self._parse(head, explicit)
            if tag in (_ITEM_END, _SEQUENCE_END):
                break
            here = stream.tell()
            if tag in _PIXEL_DATA and depth == 0:
                if length != UNDEFINED and length > self.end - here:
                    raise ImageReadError("it is truncated: its pixels end too early")
                assert found is not None
                found.pixels = PixelElement(tag, here, None if length == UNDEFINED else length, vr == b"OW")
                break
            if length != UNDEFINED and length > self.end - here:
                raise _cut_off()
            if found is not None and (tag >> 16) in _OVERLAYS:
                found.has_overlays = True
            # Unknown sequences are implicit inside (PS3.5, 6.2.2).
            inner_explicit = explicit and vr != b"UN"
            if found is not None and tag in self.sequences and vr in (b"SQ", b"UN", b""):
                found._items[tag] = self._read_sequence(length, inner_explicit, depth + 1)
            elif length == UNDEFINED:
                self._read_sequence(length, inner_explicit, depth + 1, keep=False)
            elif found is not None and tag in self.wanted and length <= _MAX_VALUE_BYTES:
                found._values[tag] = stream.read(length)
            else:
                stream.seek(here + length)
        return found

    def _parse(self, head: bytes, explicit: bool) -> tuple[int, bytes, int]:
        group, element, length = self.tag_and_length.unpack(head)
        tag = group << 16 | element
        vr = head[4:6]
        # Delimiters never carry a type, and some writers fall back to none within sequences.
        if not explicit or group == 0xFFFE or not (b"AA" <= vr <= b"ZZ"):
            return tag, b"", length
        if vr in _LONG_VR:
            more = self.stream.read(4)
            if len(more) < 4:
                raise _cut_off()
            return tag, vr, self.long_length.unpack(more)[0]
        return tag, vr, self.short_length.unpack(head[6:8])[0]

    def _read_sequence(self, length: int, explicit: bool, depth: int, *, keep: bool = True) -> list[Elements]:
        if depth > _MAX_DEPTH:
            raise ImageReadError("its DICOM header nests sequences deeper than any real one")
        stream, items = self.stream, []
        end = self.end if length == UNDEFINED else stream.tell() + length
        while stream.tell() < end:
            head = stream.read(8)
            if len(head) < 8:
                raise _cut_off()
            self.n_left -= 1
            group, element, item_length = self.tag_and_length.unpack(head)
            tag = group << 16 | element
            if tag == _SEQUENCE_END:
                break
            if tag != _ITEM or self.n_left < 0:
                raise ImageReadError("a sequence of its DICOM header is damaged")
            if item_length == UNDEFINED:
                item = self.read_data_set(end, explicit, depth, keep=keep)
            else:
                if item_length > end - stream.tell():
                    raise _cut_off()
                item_end = stream.tell() + item_length
                item = self.read_data_set(item_end, explicit, depth, keep=keep) if keep else None
                stream.seek(item_end)
            if item is not None:
                items.append(item)
        return items


def _cut_off() -> ImageReadError:
    return ImageReadError("its DICOM header is damaged or truncated")
