"""Transfer syntaxes: how a file's bytes are laid out, and which of them are read (DICOM PS3.5, 10)."""

from __future__ import annotations

from typing import Final

from core.errors import ImageReadError

__all__ = [
    "BIG_ENDIAN",
    "DEFLATED",
    "EXPLICIT",
    "IMPLICIT",
    "JPEG_8_BIT",
    "JPEG_2000",
    "JPEG_LOSSLESS",
    "JPEG_LS",
    "RLE",
    "check_syntax",
    "is_compressed",
]

IMPLICIT: Final = "1.2.840.10008.1.2"
EXPLICIT: Final = "1.2.840.10008.1.2.1"
DEFLATED: Final = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"
RLE: Final = "1.2.840.10008.1.2.5"
JPEG_8_BIT: Final = frozenset(("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"))
"""Baseline, and extended as far as samples have 8 bits."""
JPEG_LOSSLESS: Final = frozenset(("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"))
JPEG_LS: Final = frozenset(("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"))
JPEG_2000: Final = frozenset(f"1.2.840.10008.1.2.4.{last}" for last in (90, 91, 201, 202, 203))
"""With its high-throughput kind."""

_FIX: Final = "Explicit VR Little Endian"
_NATIVE: Final = frozenset((IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN))
_READ: Final = _NATIVE | {RLE} | JPEG_8_BIT | JPEG_LOSSLESS | JPEG_LS | JPEG_2000


def check_syntax(uid: str) -> None:
    """Refuse a transfer syntax that is not read, by its registered name.

    Raises:
        ImageReadError: with the name and what to do.
    """
    if uid in _READ:
        return
    # Only needed here: the registry takes a while to load.
    from pydicom.uid import UID

    # The name comes from the registry; what is not registered is not repeated.
    known = UID(uid, validation_mode=0)
    is_named = known.type == "Transfer Syntax"
    what = f"the transfer syntax {known.name}" if is_named else "an unknown transfer syntax"
    raise ImageReadError(f"its pixels are stored in {what}, which is not read; save it as {_FIX}")


def is_compressed(uid: str) -> bool:
    """Whether pixels are stored frame by frame in a compressed form."""
    return uid not in _NATIVE
