"""What a compressed frame says of itself, so that a decoder is never asked for more than was announced."""

from __future__ import annotations

from core.errors import ImageReadError
from core.images.dicom.header import Layout
from core.images.dicom.syntaxes import JPEG_8_BIT, JPEG_2000, JPEG_LS, RLE

__all__ = ["check_frame"]

_DAMAGED = "a compressed frame of it is damaged or truncated"


def check_frame(frame: bytes, layout: Layout) -> None:
    """Compare a compressed frame with the header: decoders allocate what the frame itself announces.

    Raises:
        ImageReadError: if its size or number of samples is another one, if no size can be found, or if its
            samples are deeper than what is read.
    """
    if layout.syntax == RLE:
        # PackBits packs at most 128 bytes into two (PS3.5, G.3).
        expected = layout.rows * layout.columns * layout.samples * layout.bits_allocated // 8
        if len(frame) < 64 or (len(frame) - 64) * 64 < expected:
            raise ImageReadError(_DAMAGED)
        return
    rows, columns, samples, bits = _read_jpeg_2000(frame) if layout.syntax in JPEG_2000 else _read_jpeg(frame)
    if (rows, columns, samples) != (layout.rows, layout.columns, layout.samples):
        raise ImageReadError("a compressed frame of it has another size than its header announces")
    if layout.syntax in JPEG_LS and b"\xff\xd9" not in frame[-64:]:
        # Without an end marker, the decoder reads on beyond the end of the data.
        raise ImageReadError(_DAMAGED)
    if layout.syntax in JPEG_8_BIT and bits != 8:
        raise ImageReadError(
            "its pixels are stored in JPEG Extended with 12 bits, which is not read; save it as Explicit VR "
            "Little Endian"
        )
    if bits > layout.bits_allocated:
        raise ImageReadError("a compressed frame of it has deeper samples than its header announces")


def _read_jpeg(frame: bytes) -> tuple[int, int, int, int]:
    """Rows, columns, components and precision from the frame header (ISO 10918-1, B.2.2, and 14495-1)."""
    at = 2
    while at + 4 <= len(frame):
        if frame[at] != 0xFF:
            break
        marker = frame[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        length = int.from_bytes(frame[at + 2 : at + 4], "big")
        is_start = marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC))
        if is_start and at + 10 <= len(frame):
            rows = int.from_bytes(frame[at + 5 : at + 7], "big")
            return rows, int.from_bytes(frame[at + 7 : at + 9], "big"), frame[at + 9], frame[at + 4]
        at += 2 + length
    raise ImageReadError(_DAMAGED)


def _read_jpeg_2000(frame: bytes) -> tuple[int, int, int, int]:
    """The same from the size marker (ISO 15444-1, A.5.1)."""
    at = frame.find(b"\xff\x4f\xff\x51")
    if at < 0 or at + 4 + 39 > len(frame):
        raise ImageReadError(_DAMAGED)
    fields = [int.from_bytes(frame[at + 8 + 4 * i : at + 12 + 4 * i], "big") for i in range(8)]
    width, height, left, top = fields[:4]
    components = int.from_bytes(frame[at + 40 : at + 42], "big")
    depth = (frame[at + 42] & 0x7F) + 1
    # Tiles are decoded one by one; a header of many tiny ones would ask for any amount of work.
    tile_width, tile_height = fields[4:6]
    if min(width, height, tile_width, tile_height) < 1:
        raise ImageReadError(_DAMAGED)
    if -(-width // tile_width) * -(-height // tile_height) > 65_535:
        raise ImageReadError(_DAMAGED)
    return height - top, width - left, components, depth
