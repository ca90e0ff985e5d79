"""One tile or strip of a slide's TIFF page, decoded on its own by libtiff inside Pillow."""

from __future__ import annotations

import io
import struct
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import ImageReadError
from core.images.file_window import Bytes
from core.images.tiff_directory import TiffPage

__all__ = ["check_page", "decode_piece"]

_RAW: Final = 1
_JPEG_2000_YCBCR: Final = 33003  # Aperio's own codes for JPEG 2000, then the one that others took
_JPEG_2000: Final = (_JPEG_2000_YCBCR, 33005, 34712)
_WEBP: Final = 50001
_COMPRESSIONS: Final = {
    5: "LZW", 7: "JPEG", 8: "Deflate", 32773: "PackBits", 32946: "Deflate", 50000: "Zstandard",
}  # fmt: skip
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _YCBCR = 0, 1, 2, 6
_JPEG_TABLES, _SUBSAMPLING = 347, 530
_OTHER_SIZE: Final = "one of its tiles has another size than the file says"


def check_page(page: TiffPage, *, keep_values: bool) -> None:
    """Refuse a page whose pieces `decode_piece` would not decode.

    Args:
        page: the first page of a level.
        keep_values: whether its values are wanted as stored, as of a mask.

    Raises:
        ImageReadError: with the reason and what to do.
    """
    compression, photometric = page.compression, page.photometric
    if compression not in (_RAW, _WEBP, *_JPEG_2000, *_COMPRESSIONS):
        known = ", ".join(dict.fromkeys((*_COMPRESSIONS.values(), "JPEG 2000", "WebP")))
        raise ImageReadError(
            f"its TIFF compression {compression} is not read; save it uncompressed or as {known}"
        )
    samples, bits = page.samples, page.bits
    if page.is_planar:
        raise ImageReadError("its colours are stored in separate planes; save it with interleaved ones")
    if page.kind != "u" or (bits != 8 and not (keep_values and samples == 1 and bits == 16)):
        raise ImageReadError("its samples are not of 8 bits; save it with 8 bits a sample")
    grey = samples == 1 and (keep_values or photometric in (_WHITE_IS_ZERO, _BLACK_IS_ZERO))
    colour = samples in (3, 4) and photometric in (_RGB, _YCBCR)
    if not grey and not colour:
        raise ImageReadError("it stores neither grey nor RGB pixels; save it as RGB")


def decode_piece(
    page: TiffPage, slide: Bytes, data: bytes, *, width: int, height: int, keep_values: bool
) -> NDArray[Any]:
    """Decode one tile or strip, so that a slide of any size is never whole in memory.

    A compressed piece is handed to Pillow as a TIFF of that one strip: libtiff then treats predictor, colour
    transform and shared JPEG tables as it does in the slide.

    Args:
        page: a page that `check_page` passed.
        slide: the slide's bytes, for tables that its pieces share.
        data: the piece's bytes in the file.
        width: its columns.
        height: its rows.
        keep_values: see `check_page`.

    Returns:
        (height, width) uint8 or uint16, or (height, width, 3) uint8; transparency is dropped.

    Raises:
        ImageReadError: if it is damaged.
    """
    compression = page.compression
    try:
        if compression == _RAW:
            pixels = _read_raw(page, data, width, height)
        elif compression in _JPEG_2000:
            pixels = _open(data, "JPEG2000", (width, height), is_ycbcr=compression == _JPEG_2000_YCBCR)
        elif compression == _WEBP:
            pixels = _open(data, "WEBP", (width, height))
        else:
            pixels = _open(_wrap(page, slide, data, width, height), "TIFF", (width, height))
    except ImageReadError:
        raise
    # libtiff and Pillow raise nearly anything for damaged pieces.
    except Exception:
        raise ImageReadError("one of its tiles is damaged or truncated") from None
    if pixels.shape[:2] != (height, width):
        raise ImageReadError(_OTHER_SIZE)
    if (pixels.ndim == 2) != (page.samples == 1) or pixels.dtype.itemsize * 8 != page.bits:
        raise ImageReadError("one of its tiles stores other pixels than the file says")
    if pixels.ndim == 3:
        return np.ascontiguousarray(pixels[..., :3])
    pixels = pixels.astype(pixels.dtype.newbyteorder("="))
    is_negative = page.photometric == _WHITE_IS_ZERO and not keep_values
    return 255 - pixels if is_negative else pixels


def _read_raw(page: TiffPage, data: bytes, width: int, height: int) -> NDArray[Any]:
    samples = page.samples
    flat = np.frombuffer(data, f"{page.order}u{page.bits // 8}", count=width * height * samples)
    pixels = flat.reshape((height, width) if samples == 1 else (height, width, samples))
    if page.predictor == 2:
        pixels = np.cumsum(pixels, axis=1, dtype=pixels.dtype.newbyteorder("="))
    return pixels


def _open(data: bytes, kind: str, size: tuple[int, int], *, is_ycbcr: bool = False) -> NDArray[Any]:
    with Image.open(io.BytesIO(data), formats=[kind]) as image:
        # A tile may announce any size of its own.
        if image.size != size:
            raise ImageReadError(_OTHER_SIZE)
        image.load()
        if is_ycbcr and image.mode == "RGB":
            return np.asarray(Image.frombytes("YCbCr", image.size, image.tobytes()).convert("RGB"))
        return np.asarray(image)


def _wrap(page: TiffPage, slide: Bytes, data: bytes, width: int, height: int) -> bytes:
    """A TIFF file of one strip that holds the piece."""
    order, samples = page.order, page.samples
    # Pillow leaves values of black-is-zero as they are stored, those of a palette or a mask too.
    photometric = _BLACK_IS_ZERO if samples == 1 else page.photometric
    entries: list[tuple[int, str, tuple[int, ...] | bytes]] = [
        (256, "I", (width,)), (257, "I", (height,)), (258, "H", (page.bits,) * samples),
        (259, "H", (page.compression,)), (262, "H", (photometric,)), (273, "I", (0,)),
        (277, "H", (samples,)), (278, "I", (height,)), (279, "I", (len(data),)), (284, "H", (1,)),
        (317, "H", (page.predictor,)),
    ]  # fmt: skip
    if samples == 4:
        entries.append((338, "H", (0,)))
    tables, subsampling = page.read_jpeg_tables(slide), page.read_subsampling(slide)
    if tables:
        entries.append((_JPEG_TABLES, "B", tables))
    if subsampling:
        entries.append((_SUBSAMPLING, "H", subsampling))
    start = 8 + 2 + 12 * len(entries) + 4
    extra = bytearray()
    packed: list[tuple[int, int, int, bytes]] = []
    for tag, kind, values in entries:
        raw = values if isinstance(values, bytes) else struct.pack(f"{order}{len(values)}{kind}", *values)
        if len(raw) <= 4:
            cell = raw.ljust(4, b"\0")
        else:
            cell = struct.pack(f"{order}I", start + len(extra))
            extra += raw + b"\0" * (len(raw) % 2)
        packed.append((tag, {"I": 4, "H": 3, "B": 7}[kind], len(values), cell))
    offset = struct.pack(f"{order}I", start + len(extra))
    directory = b"".join(
        struct.pack(f"{order}HHI", tag, kind, count) + (offset if tag == 273 else cell)
        for tag, kind, count, cell in packed
    )
    magic = b"II*\0" if order == "<" else b"MM\0*"
    head = magic + struct.pack(f"{order}IH", 8, len(entries))
    return b"".join((head, directory, b"\0\0\0\0", extra, data))
