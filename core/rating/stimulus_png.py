"""Writes the PNG files of a session: of one size in pixels and mode, they have the same number of bytes."""

from __future__ import annotations

import struct
import zlib
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["StimulusMode", "encode_stimulus"]

StimulusMode = Literal["L", "RGB"]
"""One channel of grey, or three of colour; 8 bits each."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {1: 0, 3: 2}  # PNG (third edition), 11.2.1: greyscale, truecolour


def encode_stimulus(pixels: NDArray[np.uint8]) -> bytes:
    """Encode pixels as PNG without compression and without any chunk but the three that PNG demands.

    Every row has filter 0 and zlib only stores, so neither the length of the file nor the time to decode it
    depends on the picture.

    Args:
        pixels: (height, width) grey or (height, width, 3) colour.

    References:
        W3C, Portable Network Graphics (PNG) Specification (Third Edition).
    """
    height, width = pixels.shape[:2]
    rows = np.ascontiguousarray(pixels).reshape(height, -1)
    # (height, width*channels) -> (height, 1 + width*channels): each row begins with its filter, 0
    scanlines = np.pad(rows, ((0, 0), (1, 0))).tobytes()
    colour_type = _COLOUR_TYPES[rows.shape[1] // width]
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    data = zlib.compress(scanlines, level=0)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
