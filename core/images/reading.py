"""Reads image files: the bytes under a size limit, then the decoder that their first bytes ask for."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from core.confinement import open_confined
from core.errors import ImageReadError, InputError, IsVolumeError, OutsideRootError
from core.images.decoded import DecodedImage
from core.images.dicom.opening import DICOM_SNIFF_BYTES, is_dicom
from core.images.dicom.picture import decode_dicom_picture
from core.images.nifti_header import is_nifti
from core.images.numpy_archive import extract_npy, is_npz
from core.images.numpy_array import NPY_MAGIC, decode_npy
from core.images.raster import decode_raster

__all__ = ["DECODING_VERSION", "compute_digest", "compute_pixel_digest", "decode_image", "read_bytes"]

_SNIFF_BYTES = 4096
DECODING_VERSION = "1"
"""Raised whenever the same bytes would decode to other pixels, or the same volume would be another montage;
cached facts and features key on it."""


def read_bytes(path: Path, *, max_file_bytes: int, confined_to: tuple[Path, ...] = ()) -> bytes:
    """Read one file whole.

    Args:
        path: the file, or a link to it.
        max_file_bytes: a larger file is refused.
        confined_to: folder roots; where not empty, a file outside of them is refused, whatever links say.

    Raises:
        ImageReadError: if it cannot be read, is not a regular file, is larger than `max_file_bytes`, or lies
            outside its folder root.
    """
    try:
        with open_confined(path, confined_to) as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > max_file_bytes:
                raise ImageReadError(
                    f"it has {size:,} bytes, over the limit of {max_file_bytes:,} (MEDSYN_MAX_FILE_BYTES)"
                )
            # Some network disks tell no size.
            return stream.read(size) if size else stream.read()
    except ImageReadError:
        raise
    except OutsideRootError:
        raise ImageReadError(
            "it lies outside its folder root (MEDSYN_DATA_ROOTS), or a link leads out of it"
        ) from None
    # Python refuses paths that no file can have by a ValueError.
    except (FileNotFoundError, NotADirectoryError, InputError, ValueError):
        raise ImageReadError("it is not a regular file, or a link that leads nowhere") from None
    except PermissionError:
        raise ImageReadError("its permissions do not allow reading it") from None
    except OSError as error:
        raise ImageReadError(f"it cannot be read ({error.strerror or type(error).__name__})") from None


def compute_digest(data: bytes) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def compute_pixel_digest(image: DecodedImage) -> str:
    """SHA-256 of an image's decoded pixels, equal for the same picture saved in other lossless formats."""
    shape = f"{image.pixels.dtype.str}{image.pixels.shape}".encode()
    return hashlib.sha256(shape + image.pixels.tobytes()).hexdigest()


def decode_image(data: bytes, *, max_pixels: int, key: bytes = b"") -> DecodedImage:
    """Decode an image file held in memory by its content, whatever its name ends with.

    Args:
        data: the file's bytes.
        max_pixels: larger images are refused.
        key: the workspace's (`core.workspace_key`), for patients' hashes; without one, none is made.

    Raises:
        IsVolumeError: if it is a stack of slices: `core.images.volume_reading.decode_volume` reads it.
        ImageReadError: with the reason, if it cannot be decoded.
    """
    if data.startswith(NPY_MAGIC):
        return decode_npy(data, max_pixels=max_pixels)
    if is_dicom(data[:DICOM_SNIFF_BYTES]):
        return decode_dicom_picture(data, max_pixels=max_pixels, key=key)
    if is_npz(data):
        return decode_npy(extract_npy(data, max_pixels=max_pixels), max_pixels=max_pixels)
    if is_nifti(data[:_SNIFF_BYTES]):
        raise IsVolumeError("it is a NIfTI volume, where single pictures are asked for")
    return decode_raster(data, max_pixels=max_pixels)
