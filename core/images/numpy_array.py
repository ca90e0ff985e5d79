"""NumPy `.npy` arrays as images and volumes; pickled content is refused."""

from __future__ import annotations

import io
import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import ImageReadError, IsVolumeError
from core.images.decoded import DecodedImage, ImageFacts, check_pixel_count, collapse_equal_channels
from core.images.volume import Volume, check_voxel_count, fit_values

__all__ = ["NPY_MAGIC", "check_npy", "decode_npy", "decode_npy_volume"]

NPY_MAGIC = b"\x93NUMPY"

# NumPy warns of headers that old versions wrote; the arrays are fine.
warnings.filterwarnings("ignore", module=r"numpy\.lib")


@dataclass(frozen=True, slots=True)
class _Header:
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    is_fortran: bool
    n_bytes: int

    @property
    def file_bytes(self) -> int:
        return self.n_bytes + math.prod(self.shape) * self.dtype.itemsize


def decode_npy(data: bytes, *, max_pixels: int) -> DecodedImage:
    """Decode one `.npy` file held in memory.

    Accepts (h, w), (h, w, 1), (1, h, w), (h, w, 3) and (3, h, w) of booleans, integers or real numbers.

    Args:
        data: the file's bytes.
        max_pixels: larger images are refused before the array is read.

    Returns:
        Pixels in the array's own type with their facts; booleans become 0 and 255.

    Raises:
        ImageReadError: with the reason, if the array is no such image, is damaged or is too large.
    """
    header = _check_header(data)
    dtype = header.dtype
    height, width, layout = _layout(header.shape)
    check_pixel_count(width, height, max_pixels=max_pixels)
    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except (Exception, MemoryError):
        raise ImageReadError("it is damaged or truncated") from None
    if layout == "first":
        array = np.moveaxis(array, 0, -1)
    pixels = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
    if dtype.kind == "b":
        pixels = pixels.astype(np.uint8) * np.uint8(255)
    elif dtype.kind == "f":
        pixels = pixels.astype(np.float32) if dtype.itemsize < 4 else pixels
        if not np.isfinite(pixels).all():
            raise ImageReadError("it holds pixels that are not numbers (NaN or infinity)")
    pixels = collapse_equal_channels(np.ascontiguousarray(pixels.astype(pixels.dtype.newbyteorder("="))))
    bits = 8 if dtype.kind == "b" else dtype.itemsize * 8
    channels = 1 if pixels.ndim == 2 else 3
    return DecodedImage(pixels, ImageFacts("NPY", str(dtype), width, height, channels, bits))


def decode_npy_volume(data: bytes, *, max_pixels: int) -> Volume:
    """Decode one `.npy` file held in memory as a volume.

    Accepts (rows, columns), a volume of one slice; (slices, rows, columns); and 8-bit colour, whose three
    channels stand last: (rows, columns, 3) and (slices, rows, columns, 3). One channel may stand last too.
    The first of three axes always counts slices: (3, rows, columns) are three grey slices.

    Args:
        data: the file's bytes.
        max_pixels: a volume of more voxels is refused before the array is read.

    Returns:
        The volume; booleans become 0 and 255, and the array tells neither spacing nor unit.

    Raises:
        ImageReadError: with the reason, if the array is no such volume, is damaged or is too large.
    """
    header = _check_header(data)
    shape = _volume_layout(header)
    check_voxel_count(*shape[:3], max_pixels=max_pixels)
    if len(data) < header.file_bytes:
        raise ImageReadError("it is damaged or truncated")
    flat = np.frombuffer(data, header.dtype, count=math.prod(shape), offset=header.n_bytes)
    array = flat.reshape(header.shape, order="F" if header.is_fortran else "C").reshape(shape)
    if header.dtype.kind == "f" and not np.isfinite(array).all():
        raise ImageReadError("it holds pixels that are not numbers (NaN or infinity)")
    bits = 8 if header.dtype.kind == "b" else header.dtype.itemsize * 8
    is_grey = shape[3] == 1 or all(np.array_equal(array[..., 0], array[..., k]) for k in (1, 2))
    values, warned = fit_values(array[..., 0] if is_grey else array)
    return Volume(values, None, unit="", bits=bits, warnings=warned)


def check_npy(start: bytes, *, max_pixels: int) -> int:
    """Check an array by its beginning.

    Args:
        start: at least the header of a `.npy` file.
        max_pixels: an array of more values (three channels counting once) is refused.

    Returns:
        Bytes that the whole file has.

    Raises:
        ImageReadError: if the header is damaged, or announces objects or too much.
    """
    header = _check_header(start)
    n_values = math.prod(header.shape)
    if n_values > 3 * max_pixels:
        raise ImageReadError(f"it announces {n_values:,} values, over the limit (MEDSYN_MAX_PIXELS)")
    return header.file_bytes


def _check_header(data: bytes) -> _Header:
    try:
        header = _read_header(data)
    except ImageReadError:
        raise
    # NumPy evaluates the header as a Python literal: a damaged one may raise nearly anything. What it holds
    # is not repeated, since it may be anything too.
    except (Exception, MemoryError):
        raise ImageReadError("its .npy header is damaged") from None
    dtype = header.dtype
    if dtype.hasobject or dtype.kind not in "buif" or dtype.itemsize > 8:
        raise ImageReadError(f"it holds {dtype.name} values; save booleans, integers or real numbers")
    return header


def _read_header(data: bytes) -> _Header:
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    elif version == (2, 0):
        shape, is_fortran, dtype = np.lib.format.read_array_header_2_0(stream)
    else:
        raise ImageReadError("its .npy version is not one that image tools write")
    if not all(type(side) is int for side in shape):
        raise ImageReadError("its .npy header is damaged")
    return _Header(shape, dtype, is_fortran, stream.tell())


def _layout(shape: tuple[int, ...]) -> tuple[int, int, str]:
    """Rows, columns, and whether channels stand first or last."""
    if len(shape) == 2:
        return shape[0], shape[1], "last"
    if len(shape) == 3 and shape[2] in (1, 3):
        return shape[0], shape[1], "last"
    if len(shape) == 3 and shape[0] in (1, 3):
        return shape[1], shape[2], "first"
    reason = f"its shape {shape} is not that of one grey or RGB image"
    # Three axes may still be slices, rows and columns; four, slices in colour.
    is_stack = len(shape) == 3 or (len(shape) == 4 and shape[-1] in (1, 3))
    raise IsVolumeError(reason) if is_stack and 0 not in shape else ImageReadError(reason)


def _volume_layout(header: _Header) -> tuple[int, int, int, int]:
    """Slices, rows, columns and channels."""
    shape = header.shape
    if len(shape) == 2:
        return 1, shape[0], shape[1], 1
    if len(shape) in (3, 4) and shape[-1] in (1, 3):
        if shape[-1] == 3 and header.dtype != np.uint8:
            raise ImageReadError(
                "it holds colour of other than 8 bits; save colour as unsigned 8-bit numbers"
            )
        return (1, *shape) if len(shape) == 3 else shape  # type: ignore[return-value]
    if len(shape) == 3:
        return (*shape, 1)
    raise ImageReadError(f"its shape {shape} is not that of one volume (slices, rows, columns)")
