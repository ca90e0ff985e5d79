"""PNG, JPEG, TIFF, BMP and WebP through Pillow."""

from __future__ import annotations

import io
import logging
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import ImageReadError, IsVolumeError
from core.images.decoded import DecodedImage, ImageFacts, check_pixel_count, collapse_equal_channels
from core.images.tiff_directory import is_tiff

__all__ = ["RASTER_FORMATS", "decode_raster"]

RASTER_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP")

_GREY_8 = {"1", "L", "LA", "La"}
_DEEP_GREY = {"I", "I;16", "I;16L", "I;16B", "I;16N", "F"}
_TRANSPARENT = {"LA", "La", "RGBA", "RGBa", "PA"}

# Pillow warns about odd metadata in files whose pixels are fine; the pixels are what is audited here. What it
# logs quotes comments and headers, so it stays out of every log.
warnings.filterwarnings("ignore", module=r"PIL\.")
logging.getLogger("PIL").addHandler(logging.NullHandler())
logging.getLogger("PIL").propagate = False


def decode_raster(data: bytes, *, max_pixels: int) -> DecodedImage:
    """Decode one image file held in memory.

    Grey stays one channel at its own depth, colour becomes 8-bit RGB, transparency is dropped and noted,
    EXIF orientation is applied. The announced size is checked before pixels are decoded.

    Args:
        data: the file's bytes.
        max_pixels: larger images are refused.

    Returns:
        uint8, uint16, int32 or float32 pixels with their facts.

    Raises:
        ImageReadError: with the reason, if the file is not such an image, is damaged, holds several frames,
            holds NaN or infinity, or is too large.
    """
    try:
        return _decode(data, max_pixels)
    except ImageReadError:
        raise
    except UnidentifiedImageError:
        raise ImageReadError(_why_unidentified(data)) from None
    except Image.DecompressionBombError:
        raise ImageReadError("it announces more pixels than any real image holds") from None
    except MemoryError:
        raise ImageReadError("it does not fit into memory") from None
    # A decoder fed a damaged file may raise nearly anything (struct.error, SyntaxError, KeyError...); at this
    # boundary all of it means one thing: this file cannot be read.
    except Exception as error:
        raise ImageReadError(f"it is damaged or truncated ({_short(error)})") from None


def _decode(data: bytes, max_pixels: int) -> DecodedImage:
    with Image.open(io.BytesIO(data), formats=RASTER_FORMATS) as image:
        check_pixel_count(image.width, image.height, max_pixels=max_pixels)
        frames = getattr(image, "n_frames", 1)
        if frames > 1:
            reason = f"it holds {frames} frames; save one image a file"
            raise IsVolumeError(reason) if is_tiff(data) else ImageReadError(reason)
        kind, mode, depth = str(image.format), image.mode, _bit_depth(image)
        notes = []
        if mode in _TRANSPARENT or "transparency" in image.info:
            notes.append("transparency ignored")
        if depth > 8 and mode not in _DEEP_GREY:
            notes.append(f"{depth}-bit colour read as 8-bit")
        image.load()
        upright = ImageOps.exif_transpose(image)
        pixels = collapse_equal_channels(_to_array(upright))
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        raise ImageReadError("it holds pixels that are not numbers (NaN or infinity)")
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else 3
    return DecodedImage(pixels, ImageFacts(kind, mode, width, height, channels, depth, "; ".join(notes)))


def _to_array(image: Image.Image) -> NDArray[Any]:
    if image.mode in _DEEP_GREY:
        array = np.asarray(image)
        return array.astype(array.dtype.newbyteorder("="))
    if image.mode in _GREY_8:
        return np.asarray(image.convert("L"))
    if image.mode in {"P", "PA"}:
        # Through RGBA, since a palette may hold transparency that a direct conversion would blend in.
        image = image.convert("RGBA")
    if image.mode == "RGBA":
        return np.ascontiguousarray(np.asarray(image)[..., :3])
    return np.asarray(image.convert("RGB"))


def _bit_depth(image: Image.Image) -> int:
    """Bits of one channel in the file; Pillow's mode hides that deep colour is read as 8-bit."""
    tags = getattr(image, "tag_v2", None)
    if tags is not None and 258 in tags:  # TIFF 6.0, BitsPerSample
        bits = tags[258]
        return int(max(bits) if isinstance(bits, tuple) else bits)
    raw_modes = [tile[3] for tile in getattr(image, "tile", [])]
    if image.format == "PNG" and any("16" in str(raw) for raw in raw_modes):
        return 16
    return {"1": 1, "I;16": 16, "I;16L": 16, "I;16B": 16, "I;16N": 16, "I": 32, "F": 32}.get(image.mode, 8)


def _why_unidentified(data: bytes) -> str:
    if not data:
        return "the file is empty"
    for magic, name in ((b"GIF8", "GIF"), (b"\x00\x00\x00\x0cjP", "JPEG 2000"), (b"%PDF", "PDF")):
        if data.startswith(magic):
            return f"it is a {name} file; use PNG, JPEG, TIFF, BMP, WebP or .npy"
    if b"\x00" not in data[:1024] and data[:1024].isascii():
        return "it is a text file, not an image"
    return "it is not a PNG, JPEG, TIFF, BMP, WebP, DICOM or .npy image, or its header is damaged"


def _short(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    if "'" in text or '"' in text:
        # A quotation of the file's own bytes, which may be those of a comment.
        return type(error).__name__
    return text if len(text) <= 120 else text[:117] + "..."
