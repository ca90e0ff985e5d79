"""Reads volumes: one file by its content, or the files of a DICOM series."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from typing import Final

from core.errors import ImageReadError
from core.images.decoded import ImageFacts
from core.images.dicom.header import read_header
from core.images.dicom.opening import DICOM_SNIFF_BYTES, is_dicom
from core.images.dicom.series import DicomStack, group_stacks
from core.images.dicom.stacking import load_stack
from core.images.loaded_volume import LoadedVolume
from core.images.nifti import decode_nifti, is_nifti
from core.images.numpy_archive import decode_npz
from core.images.numpy_array import NPY_MAGIC, decode_npy_volume
from core.images.tiff import decode_tiff
from core.images.tiff_directory import is_tiff

__all__ = ["compute_voxel_digest", "decode_series", "decode_volume", "describe_volume", "find_volume_format"]

_SNIFF_BYTES: Final = 4096
_ZIP: Final = b"PK\x03\x04"
_NOTE_LENGTH: Final = 120


def find_volume_format(start: bytes) -> str | None:
    """Name the format of a file that may hold a volume, by its first 4,096 bytes; None for any other."""
    if is_dicom(start[:DICOM_SNIFF_BYTES]):
        return "DICOM"
    if is_nifti(start[:_SNIFF_BYTES]):
        return "NIfTI"
    if is_tiff(start):
        return "TIFF"
    if start.startswith(NPY_MAGIC):
        return "NPY"
    return "NPZ" if start.startswith(_ZIP) else None


def decode_volume(data: bytes, *, max_pixels: int, key: bytes = b"") -> LoadedVolume:
    """Decode one file held in memory as a volume, whatever its name ends with.

    Args:
        data: the file's bytes: NIfTI, TIFF, `.npy`, `.npz`, or DICOM of many frames.
        max_pixels: a volume of more voxels is refused before it is decoded.
        key: the workspace's (`core.workspace_key`), for identifiers' hashes.

    Raises:
        ImageReadError: with the reason, if it is no such file, is damaged or too large, or holds several
            volumes.
    """
    match find_volume_format(data[:_SNIFF_BYTES]):
        case "DICOM":
            return decode_series(("",), lambda _: data, max_pixels=max_pixels, key=key)
        case "NIfTI":
            return LoadedVolume(decode_nifti(data, max_pixels=max_pixels))
        case "TIFF":
            return LoadedVolume(decode_tiff(data, max_pixels=max_pixels))
        case "NPY":
            return LoadedVolume(decode_npy_volume(data, max_pixels=max_pixels))
        case "NPZ":
            return LoadedVolume(decode_npz(data, max_pixels=max_pixels))
    raise ImageReadError("it is no DICOM, NIfTI, TIFF, .npy or .npz volume")


def decode_series(
    names: Sequence[str], read: Callable[[str], bytes], *, max_pixels: int, key: bytes = b""
) -> LoadedVolume:
    """Decode DICOM files that are slices of one volume, or one file of many frames.

    Args:
        names: of the files; order does not matter, positions in the patient do.
        read: gives a file's bytes by its name, or raises ImageReadError.
        max_pixels: a volume of more voxels is refused before it is decoded.
        key: the workspace's, for identifiers' hashes.

    Raises:
        ImageReadError: if a file cannot be read, or the files are not slices of one volume.
    """
    stack = _find_stack(names, read, max_pixels, key)
    return load_stack(stack, read, max_pixels=max_pixels, key=key)


def describe_volume(loaded: LoadedVolume, format_name: str) -> ImageFacts:
    """Facts about a volume, as an image set keeps them."""
    volume = loaded.volume
    slices, rows, columns = volume.shape
    return ImageFacts(
        format=format_name,
        mode="RGB" if volume.is_colour else str(volume.values.dtype),
        width=columns,
        height=rows,
        channels=3 if volume.is_colour else 1,
        bit_depth=8 if volume.is_colour else volume.bits,
        note=(volume.warnings[0].rstrip(".")[:_NOTE_LENGTH] if volume.warnings else ""),
        patient=loaded.patient,
        slices=slices,
        spacing_mm=volume.spacing_mm,
    )


def compute_voxel_digest(loaded: LoadedVolume) -> str:
    """SHA-256 of a volume's values, equal for the same volume saved in other lossless formats."""
    values = loaded.volume.values
    digest = hashlib.sha256(f"{values.dtype.str}{values.shape}".encode())
    for one in values:  # a whole volume as bytes would be a second one in memory
        digest.update(one.tobytes())
    return digest.hexdigest()


def _find_stack(
    names: Sequence[str], read: Callable[[str], bytes], max_pixels: int, key: bytes
) -> DicomStack:
    stacks = group_stacks(
        (name, read_header(io.BytesIO(read(name)), max_pixels=max_pixels, key=key)) for name in names
    )
    if len(stacks) == 1:
        return stacks[0]
    if len(names) == 1:
        raise ImageReadError(
            f"its frames form {len(stacks)} volumes of different sizes or directions; save one a file"
        )
    raise ImageReadError("its files are not slices of one volume any more")
