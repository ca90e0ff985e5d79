"""An open file seen as bytes of which only the pieces asked for are read."""

from __future__ import annotations

import io
from typing import BinaryIO, Protocol

from core.errors import ImageReadError

__all__ = ["Bytes", "FileWindow"]


class Bytes(Protocol):
    """Bytes that slices are taken of: held in memory, or a `FileWindow`."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def __getitem__(self, place: slice, /) -> bytes:
        """Some of them; fewer where they end before."""
        ...


class FileWindow:
    """A file of any size; nothing of it is kept.

    Args:
        stream: open and seekable; stays its opener's.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._size = stream.seek(0, io.SEEK_END)

    def __len__(self) -> int:
        """Bytes of the file when it was opened."""
        return self._size

    def __getitem__(self, place: slice, /) -> bytes:
        """Bytes `start` to `stop`, both counted from the beginning.

        Raises:
            ImageReadError: if the file cannot be read there.
        """
        start, stop, _ = place.indices(self._size)
        try:
            self._stream.seek(start)
            return self._stream.read(max(0, stop - start))
        except (OSError, ValueError):
            raise ImageReadError("a part of the file cannot be read") from None
