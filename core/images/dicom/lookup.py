"""Lookup tables of DICOM files: modality, VOI and palette (PS3.3, C.11.1, C.11.2, C.7.6.3.1.5)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import ImageReadError
from core.images.dicom import tags
from core.images.dicom.elements import Elements
from core.images.intensity import LookupTable

__all__ = ["read_palette", "read_table"]

_MOST: Final = 1 << 16
_DAMAGED: Final = "a lookup table of its header is damaged"


def read_table(item: Elements, *, signed: bool) -> LookupTable:
    """Read a modality or VOI table.

    Args:
        item: item of the sequence that holds it.
        signed: whether the values that it is looked up by may be negative.

    Raises:
        ImageReadError: if it is damaged.
    """
    first, n, bits = _read_descriptor(item, tags.TABLE_DESCRIPTOR, signed=signed)
    entries = _unpack(item.get_bytes(tags.TABLE_DATA), n, item.little_endian)
    # Writers announce fewer bits than the entries have, or more.
    bits = 8 if entries.dtype == np.uint8 else max(bits, int(entries.max()).bit_length())
    return LookupTable(first, entries, bits)


def read_palette(elements: Elements, *, signed: bool) -> tuple[int, NDArray[np.uint8]]:
    """Read the three palettes of a PALETTE COLOR image.

    Returns:
        Value of the first entry, and (n, 3) entries; of 16-bit palettes the high byte, as these hold an 8-bit
        colour times 256 or 257.

    Raises:
        ImageReadError: if one is missing or damaged.
    """
    channels, firsts = [], []
    for descriptor, plain, segmented in zip(
        tags.PALETTE_DESCRIPTORS, tags.PALETTES, tags.SEGMENTED_PALETTES, strict=True
    ):
        first, n, bits = _read_descriptor(elements, descriptor, signed=signed)
        data = elements.get_bytes(plain)
        if data:
            entries = _unpack(data, n, elements.little_endian)
        else:
            entries = _expand(elements.get_bytes(segmented), n, bits, elements.little_endian)
        channels.append(entries)
        firsts.append(first)
    if len(set(firsts)) > 1 or len({len(channel) for channel in channels}) > 1:
        raise ImageReadError("its palettes do not fit each other")
    entries = np.stack(channels, axis=-1)
    # The entries tell more reliably than the descriptors how deep they are.
    return firsts[0], (entries >> 8 if entries.max() > 255 else entries).astype(np.uint8)


def _read_descriptor(elements: Elements, tag: int, *, signed: bool) -> tuple[int, int, int]:
    """First value, number of entries and bits of one."""
    plain, other = elements.get_integers(tag), elements.get_integers(tag, signed=signed)
    if len(plain) != 3 or not 1 <= plain[2] <= 16:
        raise ImageReadError(_DAMAGED)
    return other[1], plain[0] or _MOST, plain[2]


def _unpack(data: bytes, n: int, little_endian: bool) -> NDArray[Any]:
    """Entries as stored: a byte each, or two."""
    if len(data) >= 2 * n:
        return np.frombuffer(data, "<u2" if little_endian else ">u2", n).astype(np.uint16)
    if len(data) >= n:
        packed = np.frombuffer(data, np.uint8)
        if not little_endian and len(packed) % 2 == 0:
            # Two entries a word, the first in the low byte (PS3.3, C.7.6.3.1.6).
            packed = packed.reshape(-1, 2)[:, ::-1].reshape(-1)
        return packed[:n]
    raise ImageReadError(_DAMAGED)


def _expand(data: bytes, n: int, bits: int, little_endian: bool) -> NDArray[Any]:
    """Expand a palette of segments (PS3.3, C.7.9.2): listed entries and straight lines.

    Segments that repeat others are refused: few bytes of them ask for any number of entries.
    """
    width = 1 if bits == 8 else 2
    codes = np.frombuffer(
        data[: len(data) // width * width], "u1" if width == 1 else ("<u2" if little_endian else ">u2")
    )
    parts: list[NDArray[Any]] = []
    at = length = last = 0
    while at + 2 < len(codes) and length < n:
        kind, count = int(codes[at]), int(codes[at + 1])
        at += 2
        if kind == 0:
            part = codes[at : at + count].astype(np.float64)
            at += count
        elif kind == 1 and parts:
            part = np.rint(np.linspace(last, int(codes[at]), count + 1)[1:])
            at += 1
        else:
            raise ImageReadError(
                "a palette of its header repeats segments, which is not read; save it as RGB"
            )
        if not len(part):
            raise ImageReadError(_DAMAGED)
        last = int(part[-1])
        length += len(part)
        parts.append(part)
    if length != n:
        raise ImageReadError(_DAMAGED)
    return np.concatenate(parts).astype(np.uint16 if width == 2 else np.uint8)
