"""Unpacks gzip and deflate in bounded steps: what is asked for is unpacked, never more."""

from __future__ import annotations

import zlib
from typing import Final

from core.errors import ImageReadError

__all__ = ["GZIP_MAGIC", "ByteSource", "inflate"]

GZIP_MAGIC: Final = b"\x1f\x8b"

_CHUNK: Final = 1 << 18
_MAX_EMPTY_MEMBERS: Final = 100
_GZIP_WBITS: Final = 31  # zlib's window bits: 15, and 16 for the gzip wrapper with its checksum


class ByteSource:
    """Reads a file held in memory from its beginning, unpacking it where it is gzip.

    Nothing is kept but what is asked for, so a file that unpacks to terabytes costs what its reader asks.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0
        self.is_packed = data.startswith(GZIP_MAGIC)
        self._unpacker = zlib.decompressobj(_GZIP_WBITS) if self.is_packed else None
        self._n_empty = 0

    def read(self, n_bytes: int) -> bytes | bytearray:
        """Read the next bytes; fewer where the file ends before.

        Raises:
            ImageReadError: if the gzip stream is damaged or cut.
        """
        if self._unpacker is None:
            piece = self._data[self._place : self._place + n_bytes]
            self._place += len(piece)
            return piece
        unpacked = bytearray()  # grows with what is there, whatever was announced
        while len(unpacked) < n_bytes:
            piece = self._unpack(min(n_bytes - len(unpacked), _CHUNK))
            if not piece:
                break
            unpacked += piece
        return unpacked

    def skip(self, n_bytes: int) -> bool:
        """Pass over bytes without keeping them; False where the file ends before."""
        if self._unpacker is None:
            self._place += n_bytes
            return self._place <= len(self._data)
        while n_bytes > 0:
            piece = self._unpack(min(n_bytes, _CHUNK))
            if not piece:
                return False
            n_bytes -= len(piece)
        return True

    def count_left(self) -> int | None:
        """Bytes that are left; None where only unpacking would tell."""
        return None if self.is_packed else max(0, len(self._data) - self._place)

    def _unpack(self, n_bytes: int) -> bytes:
        """Unpack 1 to `n_bytes` bytes; none at the end."""
        assert self._unpacker is not None
        try:
            while True:
                if self._unpacker.eof:
                    # Block-wise gzip (bgzip) is many members one after the other.
                    rest = self._unpacker.unused_data
                    self._place -= len(rest)
                    if not self._data.startswith(GZIP_MAGIC, self._place):
                        return b""
                    self._n_empty += 1
                    if self._n_empty > _MAX_EMPTY_MEMBERS:
                        raise ImageReadError("its gzip stream is a chain of empty parts")
                    self._unpacker = zlib.decompressobj(_GZIP_WBITS)
                packed = self._unpacker.unconsumed_tail
                if not packed:
                    packed = self._data[self._place : self._place + _CHUNK]
                    self._place += len(packed)
                    if not packed:
                        raise ImageReadError("its gzip stream is cut off")
                piece = self._unpacker.decompress(packed, n_bytes)
                if piece:
                    self._n_empty = 0
                    return piece
        except zlib.error:
            raise ImageReadError("its gzip stream is damaged") from None


def inflate(packed: bytes | memoryview, n_bytes: int) -> bytes:
    """Unpack one deflate stream (zlib's wrapper) of which the unpacked size is known.

    Args:
        packed: the stream.
        n_bytes: bytes that it should unpack to; more are never unpacked.

    Returns:
        At most `n_bytes` bytes.

    Raises:
        ImageReadError: if the stream is damaged.
    """
    try:
        return zlib.decompressobj().decompress(packed, n_bytes) if n_bytes else b""
    except zlib.error:
        raise ImageReadError("its deflate stream is damaged") from None
