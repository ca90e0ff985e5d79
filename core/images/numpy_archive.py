"""NumPy `.npz` archives: one array is found and unpacked within limits; nothing is unpickled."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import Final

from core.errors import ImageReadError
from core.images.numpy_array import check_npy, decode_npy_volume
from core.images.volume import Volume

__all__ = ["decode_npz", "extract_npy", "is_npz", "list_npz_arrays"]

_MAX_ARRAYS: Final = 1000
_MAX_DIRECTORY_BYTES: Final = 1 << 20
_END: Final = struct.Struct("<4s4H2LH")  # APPNOTE.TXT 4.3.16: end of central directory record
_START_BYTES: Final = 1 << 14  # an array's header is about a hundred bytes, and refused above this


def is_npz(data: bytes) -> bool:
    """Tell whether a file held in memory is an archive that holds arrays only."""
    try:
        with _open(data):
            return True
    except ImageReadError:
        return False


def list_npz_arrays(data: bytes) -> tuple[str, ...]:
    """Names of an archive's arrays, in its order.

    Raises:
        ImageReadError: if it is no such archive.
    """
    with _open(data) as archive:
        return tuple(info.filename.removesuffix(".npy") for info in archive.infolist())


def decode_npz(data: bytes, *, max_pixels: int, name: str | None = None) -> Volume:
    """Decode one array of a `.npz` archive held in memory, by the rules of `decode_npy_volume`.

    Args:
        data: the archive's bytes.
        max_pixels: an array of more voxels is refused before it is unpacked.
        name: which array; needed where there are several.

    Raises:
        ImageReadError: with the reason, if it is no such archive, is damaged, or holds several arrays and
            none was named, or the array is no picture.
    """
    return decode_npy_volume(extract_npy(data, max_pixels=max_pixels, name=name), max_pixels=max_pixels)


def extract_npy(data: bytes, *, max_pixels: int, name: str | None = None) -> bytes:
    """Unpack one array of an archive as the bytes of a `.npy` file.

    As many bytes are unpacked as the array's own header needs, and never more than `max_pixels` allows.

    Args:
        data: the archive's bytes.
        max_pixels: an array of more values (colours counting once) is refused.
        name: which array, with or without `.npy`; may be left out where there is one.

    Raises:
        ImageReadError: with the reason, if it cannot be unpacked.
    """
    with _open(data) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        if name is None and len(members) != 1:
            raise ImageReadError(f"it holds {len(members)} arrays; choose one by its name")
        wanted = next(iter(members)) if name is None else name.removesuffix(".npy")
        if wanted not in members:
            raise ImageReadError("it holds no array of the name that was asked for")
        info = members[wanted]
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
            raise ImageReadError("it is encrypted or packed in a way that NumPy does not write")
        try:
            with archive.open(info) as stream:
                start = stream.read(_START_BYTES)
                n_bytes = check_npy(start, max_pixels=max_pixels)
                # One byte more shows the end of the member, where its checksum is compared.
                rest = stream.read(max(0, n_bytes - len(start)) + 1)
        except (ImageReadError, MemoryError):
            raise
        # zipfile and zlib raise several errors for damaged archives; some quote names.
        except Exception:
            raise ImageReadError("its archive is damaged or truncated") from None
        return (start + rest)[: max(0, n_bytes)]


def _open(data: bytes) -> zipfile.ZipFile:
    """Open an archive whose directory is small and lists arrays only."""
    # The directory is read whole, entry by entry, as soon as an archive is opened: it is measured before.
    # NumPy writes no comment behind it, so that its end is the file's.
    if not data.startswith(b"PK\x03\x04") or len(data) < _END.size:
        raise ImageReadError("it is not a .npz archive")
    magic, *_, n_entries, n_bytes, _start, n_comment = _END.unpack(data[-_END.size :])
    has_large_end = data[-_END.size - 20 : -_END.size].startswith(b"PK\x06\x07")
    if magic != b"PK\x05\x06" or n_comment or has_large_end:
        raise ImageReadError("its archive is damaged, truncated or not written by NumPy")
    if n_entries > _MAX_ARRAYS or n_bytes > _MAX_DIRECTORY_BYTES:
        raise ImageReadError(f"it holds more than {_MAX_ARRAYS:,} arrays")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except Exception:
        raise ImageReadError("its archive is damaged or truncated") from None
    names = archive.namelist()
    if not names or any(not name.endswith(".npy") for name in names) or len(set(names)) < len(names):
        raise ImageReadError("it is a zip archive, but not one of NumPy arrays (.npz)")
    return archive
