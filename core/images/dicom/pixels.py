"""Decodes the pixels of a DICOM file as stored, after every announced size was checked."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from core.errors import ImageReadError
from core.images.dicom import tags
from core.images.dicom.codestream import check_frame
from core.images.dicom.elements import PixelElement
from core.images.dicom.header import Layout
from core.images.dicom.syntaxes import JPEG_8_BIT, JPEG_2000, JPEG_LOSSLESS, JPEG_LS, is_compressed
from core.images.lossless_jpeg_decoding import decode_lossless_jpeg

__all__ = ["read_stored"]

# pydicom warns and logs of oddities whose messages may quote a header; what matters comes as a value.
warnings.filterwarnings("ignore", module=r"pydicom\.")
for _name in ("pydicom", "openjpeg", "pylibjpeg", "jpeg_ls"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False

_KEYWORDS = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", tags.PIXEL_DATA: "PixelData"}


def read_stored(stream: BinaryIO, pixels: PixelElement, layout: Layout) -> NDArray[Any]:
    """Decode all frames.

    Args:
        stream: the one that `pixels` counts in.
        pixels: where the pixels stand.
        layout: how they are stored; its sizes are within the limit.

    Returns:
        (frames, rows, columns) of stored values (indices for PALETTE COLOR), or (frames, rows, columns, 3)
        RGB, in the machine's byte order.

    Raises:
        ImageReadError: if the pixels are damaged, truncated or of another size than announced.
    """
    compressed = is_compressed(layout.syntax)
    if compressed != (pixels.length is None):
        raise ImageReadError("its transfer syntax does not fit how its pixels are stored")
    stream.seek(pixels.offset)
    if not compressed:
        expected = _native_bytes(layout)
        data = stream.read(expected)
        if len(data) < expected or (pixels.length or 0) < expected:
            raise ImageReadError("it is truncated: it holds fewer pixels than its header announces")
        return _decode_native(data, pixels, layout)
    frames = _split_frames(stream.read(), layout)
    first = _decode_frame(next(frames), layout)
    if layout.n_frames == 1:
        return first[np.newaxis]
    stored = np.empty((layout.n_frames, *first.shape), first.dtype)
    stored[0] = first
    for index, frame in enumerate(frames, start=1):
        stored[index] = _decode_frame(frame, layout)
    return stored


def _native_bytes(layout: Layout) -> int:
    n = layout.rows * layout.columns * layout.samples * layout.n_frames
    if layout.photometric == "YBR_FULL_422":
        # Two pixels share their colour (PS3.3, C.7.6.3.1.2).
        n = n // 3 * 2
    return (n * layout.bits_allocated + 7) // 8


def _decode_native(data: bytes, pixels: PixelElement, layout: Layout) -> NDArray[Any]:
    from pydicom.pixels.decoders.base import get_decoder

    decoder = get_decoder(layout.syntax)
    options = _options(layout)
    options |= {"pixel_keyword": _KEYWORDS[pixels.tag], "pixel_vr": "OW" if pixels.words else "OB"}
    shape = (layout.n_frames, layout.rows, layout.columns)
    if len(data) % 2:
        data += b"\x00"
    if layout.samples == 1:
        array, _ = decoder.as_array(data, validate=False, **options)
        return _in_machine_order(array).reshape(shape)
    # Colours are converted in real numbers: one frame at a time.
    stored = np.empty((*shape, 3), np.dtype(f"u{layout.bits_allocated // 8}"))
    for index in range(layout.n_frames):
        stored[index], _ = decoder.as_array(data, index=index, validate=False, **options)
    return stored


def _split_frames(data: bytes, layout: Layout) -> Iterator[bytes]:
    """Compressed frames one after the other, each checked; as many as were announced, at once counted."""
    from pydicom.encaps import generate_frames

    found = []
    try:
        for frame in generate_frames(data, number_of_frames=layout.n_frames):
            check_frame(frame, layout)
            found.append(frame)
            if len(found) == layout.n_frames:
                break
    except ImageReadError:
        raise
    # A damaged structure makes the parser raise nearly anything.
    except Exception:
        raise ImageReadError("it is damaged or truncated: its compressed frames cannot be found") from None
    if len(found) < layout.n_frames:
        raise ImageReadError("it is truncated: it holds fewer frames than its header announces")
    return iter(found)


def _decode_frame(frame: bytes, layout: Layout) -> NDArray[Any]:
    from pydicom.encaps import encapsulate
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.pixels.processing import convert_color_space

    shape = (layout.rows, layout.columns) if layout.samples == 1 else (layout.rows, layout.columns, 3)
    try:
        if layout.syntax in JPEG_LOSSLESS:
            array = _to_sample_type(decode_lossless_jpeg(frame), layout)
            if layout.samples == 3 and layout.photometric in ("YBR_FULL", "YBR_FULL_422"):
                array = convert_color_space(array, "YBR_FULL", "RGB")
        else:
            options = _options(layout) | {"number_of_frames": 1, "pixel_keyword": "PixelData"}
            array, _ = get_decoder(layout.syntax).as_array(
                encapsulate([frame], has_bot=False),
                index=0,
                validate=False,
                decoding_plugin=_find_decoder(layout.syntax),
                **options,
            )
    except MemoryError:
        raise ImageReadError("it does not fit into memory") from None
    # A decoder that is fed a damaged frame may raise nearly anything; all of it means the same.
    except Exception:
        raise ImageReadError("a compressed frame of it is damaged, or of a kind that is not read") from None
    if array.shape != shape:
        raise ImageReadError("a compressed frame of it has another size than its header announces")
    return _in_machine_order(array)


def _find_decoder(syntax: str) -> str:
    """One decoder for each syntax: whatever else is installed, the same file gives the same pixels."""
    if syntax in JPEG_2000:
        return "pylibjpeg"
    if syntax in JPEG_LS:
        return "pyjpegls"
    # For run lengths pydicom's own in Python, since a native one may end a process over a damaged file.
    return "pillow" if syntax in JPEG_8_BIT else "pydicom"


def _to_sample_type(samples: NDArray[np.uint16], layout: Layout) -> NDArray[Any]:
    """Lossless JPEG knows no sign: of the bits in use, the highest one is it."""
    unused = 16 - layout.bits
    if layout.is_signed:
        shifted: NDArray[Any] = (samples << unused).view(np.int16) >> unused
    else:
        shifted = (samples << unused) >> unused
    width = 8 if layout.bits_allocated == 8 else 16
    return shifted.astype(f"{'i' if layout.is_signed else 'u'}{width // 8}")


def _options(layout: Layout) -> dict[str, Any]:
    return {
        "rows": layout.rows,
        "columns": layout.columns,
        "number_of_frames": layout.n_frames,
        "samples_per_pixel": layout.samples,
        "photometric_interpretation": layout.photometric,
        "bits_allocated": layout.bits_allocated,
        "bits_stored": layout.bits,
        "pixel_representation": int(layout.is_signed),
        "planar_configuration": int(layout.is_planar),
    }


def _in_machine_order(array: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(array.astype(array.dtype.newbyteorder("="), copy=False))
