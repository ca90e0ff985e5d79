"""Opens a DICOM file: finds where its data set begins, how it is written, and what it holds."""

from __future__ import annotations

import io
import struct
import zlib
from typing import BinaryIO, Final

from core.errors import ImageReadError
from core.images.dicom.elements import Elements, read_elements
from core.images.dicom.syntaxes import BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT, check_syntax

__all__ = ["DICOM_SNIFF_BYTES", "NoPictureError", "is_dicom", "open_data_set"]

DICOM_SNIFF_BYTES: Final = 140
"""As many first bytes of a file `is_dicom` wants to see."""

_PREAMBLE: Final = 128
_DIRECTORY: Final = "1.2.840.10008.1.3.10"  # Media Storage Directory Storage
_SOP_CLASS_TAG, _SYNTAX_TAG = 0x00020002, 0x00020010
# Beside its pixels, a deflated file unpacks to a header.
_HEADER_BYTES: Final = 1 << 24
_MAX_META_BYTES: Final = 1 << 20


class NoPictureError(ImageReadError):
    """A DICOM file that never had a picture, such as a DICOMDIR, a report or a plan."""


def is_dicom(data: bytes) -> bool:
    """Tell from a file's first bytes whether it is DICOM, with or without the usual preamble.

    Without one, a file must begin as old writers began: with a plain element of group 2 or 8.
    """
    if data[_PREAMBLE : _PREAMBLE + 4] == b"DICM":
        return True
    if len(data) < 8:
        return False
    group, element, vr, length = struct.unpack("<HH2sH", data[:8])
    if group not in (0x0002, 0x0008) or element > 0x0090:
        return False
    if vr in (b"UI", b"CS", b"UL", b"OB", b"DA", b"LO", b"SH"):
        return True
    # Implicit: a length in four bytes, of a short and even value.
    return bool(vr[1] == 0 and length == 0 and vr[0] % 2 == 0 and 0 < vr[0] <= 64)


def open_data_set(
    stream: BinaryIO, *, max_pixels: int, wanted: frozenset[int], sequences: frozenset[int]
) -> tuple[Elements, str, str, BinaryIO]:
    """Read a DICOM file's elements up to its pixels.

    Args:
        stream: the file from its beginning; seekable.
        max_pixels: a deflated file that unpacks to more than so many samples is refused.
        wanted: tags to keep, see `read_elements`.
        sequences: tags of sequences to read.

    Returns:
        The elements; the transfer syntax; the SOP class that the file names; the stream that
        `Elements.pixels` counts in, which is another one for a deflated file.

    Raises:
        NoPictureError: if it is a DICOMDIR.
        ImageReadError: if it is no DICOM file, is damaged, or of a transfer syntax that is not read.
    """
    if not is_dicom(stream.read(DICOM_SNIFF_BYTES)):
        raise ImageReadError("it is not a DICOM file, or its first bytes are damaged")
    stream.seek(_PREAMBLE)
    if stream.read(4) != b"DICM":
        stream.seek(0)
    syntax, sop_class = _read_meta(stream)
    if sop_class == _DIRECTORY:
        raise NoPictureError("it is a DICOMDIR, an index of other files; name their folder instead")
    if not syntax:
        syntax = _guess_syntax(stream)
    check_syntax(syntax)
    if syntax == DEFLATED:
        stream = _inflate(stream, 4 * max_pixels + _HEADER_BYTES)
    elements = read_elements(
        stream,
        explicit=syntax != IMPLICIT,
        little_endian=syntax != BIG_ENDIAN,
        wanted=wanted,
        sequences=sequences,
    )
    return elements, syntax, sop_class, stream


def _read_meta(stream: BinaryIO) -> tuple[str, str]:
    """Transfer syntax and SOP class of group 2, which is explicit and little endian in every file."""
    found = {_SYNTAX_TAG: "", _SOP_CLASS_TAG: ""}
    start = stream.tell()
    while True:
        at = stream.tell()
        head = stream.read(8)
        if len(head) < 8 or head[:2] != b"\x02\x00":
            stream.seek(at)
            return found[_SYNTAX_TAG], found[_SOP_CLASS_TAG]
        group, element, vr, length = struct.unpack("<HH2sH", head)
        if vr in (b"OB", b"UN", b"OW", b"UT", b"UC", b"UR"):
            length = int.from_bytes(stream.read(4), "little")
        tag = group << 16 | element
        if length > _MAX_META_BYTES or stream.tell() + length > start + _MAX_META_BYTES:
            raise ImageReadError("its DICOM header is damaged or truncated")
        value = stream.read(length)
        if len(value) < length:
            raise ImageReadError("its DICOM header is damaged or truncated")
        if tag in found:
            found[tag] = value.rstrip(b"\x00 ").decode("ascii", "replace")


def _guess_syntax(stream: BinaryIO) -> str:
    """What a data set without a named syntax is written in, by its first element."""
    at = stream.tell()
    head = stream.read(6)
    stream.seek(at)
    if len(head) < 6:
        raise NoPictureError("it is a DICOM file without a picture")
    if not head[4:6].isalpha():
        return IMPLICIT
    # Group 8 read in the wrong order is 2048.
    return BIG_ENDIAN if int.from_bytes(head[:2], "little") >= 1024 else EXPLICIT


def _inflate(stream: BinaryIO, max_bytes: int) -> BinaryIO:
    """Unpack a deflated data set (PS3.5, A.5) as far as the limit allows."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = unpacker.decompress(stream.read(), max_bytes)
        if unpacker.unconsumed_tail:
            raise ImageReadError(
                f"it unpacks to more than {max_bytes:,} bytes, which no image within the limit does "
                "(MEDSYN_MAX_PIXELS)"
            )
    except zlib.error:
        raise ImageReadError("it is damaged or truncated: its deflated part cannot be unpacked") from None
    return io.BytesIO(data)
