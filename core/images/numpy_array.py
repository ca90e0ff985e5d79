"""NumPy `.npy` arrays as images; pickled content is refused."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np

from core.errors import ImageReadError
from core.images.decoded import DecodedImage, ImageFacts, check_pixel_count, collapse_equal_channels

__all__ = ["NPY_MAGIC", "decode_npy"]

NPY_MAGIC = b"\x93NUMPY"

# NumPy warns of headers that old versions wrote; the arrays are fine.
warnings.filterwarnings("ignore", module=r"numpy\.lib")


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
    try:
        shape, dtype = _read_header(data)
    except ImageReadError:
        raise
    # NumPy evaluates the header as a Python literal: a damaged one may raise nearly anything. What it holds
    # is not repeated, since it may be anything too.
    except (Exception, MemoryError):
        raise ImageReadError("its .npy header is damaged") from None
    if dtype.hasobject or dtype.kind not in "buif" or dtype.itemsize > 8:
        raise ImageReadError(f"it holds {dtype.name} values; save booleans, integers or real numbers")
    height, width, layout = _layout(shape)
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


def _read_header(data: bytes) -> tuple[tuple[int, ...], np.dtype[Any]]:
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    elif version == (2, 0):
        shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
    else:
        raise ImageReadError("its .npy version is not one that image tools write")
    if not all(type(side) is int for side in shape):
        raise ImageReadError("its .npy header is damaged")
    return shape, dtype


def _layout(shape: tuple[int, ...]) -> tuple[int, int, str]:
    """Rows, columns, and whether channels stand first or last."""
    if len(shape) == 2:
        return shape[0], shape[1], "last"
    if len(shape) == 3 and shape[2] in (1, 3):
        return shape[0], shape[1], "last"
    if len(shape) == 3 and shape[0] in (1, 3):
        return shape[1], shape[2], "first"
    raise ImageReadError(f"its shape {shape} is not that of one grey or RGB image")
