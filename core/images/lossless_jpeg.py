"""Lossless JPEG (ITU-T T.81, process 14: lossless with Huffman coding), written in one vectorised pass.

Mean images are measured by their size in this format (Deng et al. 2009, ImageNet, sec. 3.1), and common
imaging libraries only read it. What is written is the smallest plain stream: SOI, SOF3, one DHT, one SOS, the
entropy-coded samples, EOI; no JFIF header, no restart intervals, no point transform.
"""

from __future__ import annotations

import heapq
import struct

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError

__all__ = ["encode_lossless_jpeg"]

_PRECISION = 8
_N_CATEGORIES = _PRECISION + 1  # T.81 table H.2: SSSS is the bit length of |DIFF|, 0 to 8 at eight bits
_MAX_SIDE = 65_535  # T.81 B.2.2: Y and X are 16-bit fields

# T.81 B.1.1.3, table B.1
_SOI, _SOF3, _DHT, _SOS, _EOI = 0xFFD8, 0xFFC3, 0xFFC4, 0xFFDA, 0xFFD9

# Component ids are free; with these, readers that guess a colour space from the ids do not take RGB for
# YCbCr.
_COMPONENT_IDS = {1: (1,), 3: tuple(b"RGB")}


def encode_lossless_jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """Encode 8-bit pixels as lossless JPEG with predictor 1 and Huffman tables made for this image.

    Args:
        pixels: (height, width) grey, or (height, width, channels) with 1 or 3 channels, uint8.

    Returns:
        The complete file; decoding it gives `pixels` back exactly.

    Raises:
        InputError: if the array is not uint8, has another shape, no pixels, or a side above 65,535.

    References:
        ITU-T T.81 (1992): annex H (lossless mode), annex C and K.2 (Huffman tables), annex B (syntax).
    """
    if pixels.dtype != np.uint8:
        raise InputError(f"Lossless JPEG is written from 8-bit pixels, not {pixels.dtype}.")
    if pixels.ndim == 2:
        pixels = pixels[:, :, np.newaxis]
    if pixels.ndim != 3 or pixels.shape[2] not in _COMPONENT_IDS:
        raise InputError(f"Lossless JPEG holds grey or RGB pixels, not an array of shape {pixels.shape}.")
    height, width, n_components = pixels.shape
    if not (1 <= height <= _MAX_SIDE and 1 <= width <= _MAX_SIDE):
        raise InputError(f"Lossless JPEG holds sides of 1 to 65,535 pixels, not {height} x {width}.")

    differences = _compute_differences(pixels).reshape(-1, n_components)  # (height*width, channels)
    magnitudes = np.abs(differences)
    categories = _BIT_LENGTHS[magnitudes]

    tables = []
    code_values = np.zeros((n_components, _N_CATEGORIES), np.uint64)
    code_lengths = np.zeros((n_components, _N_CATEGORIES), np.int64)
    for component in range(n_components):
        counts = np.bincount(categories[:, component], minlength=_N_CATEGORIES)
        code_counts, symbols = _build_huffman_table(counts.tolist())
        tables.append((code_counts, symbols))
        _assign_codes(code_counts, symbols, code_values[component], code_lengths[component])

    # T.81 H.1.2.2 with F.1.2.1: after the category's code come SSSS bits, DIFF itself or DIFF - 1 when
    # negative.
    component_of = np.arange(n_components)
    extra_bits = (differences + (differences >> 31)) & ((1 << categories) - 1)
    values = (code_values[component_of, categories] << categories.astype(np.uint64)) | extra_bits.astype(
        np.uint64
    )
    lengths = code_lengths[component_of, categories] + categories
    # One MCU is one sample of each component (T.81 A.2.3), so interleaving is the array's own order.
    scan = _pack_bits(values.ravel(), lengths.ravel())
    return _write_headers(height, width, tables) + _stuff_bytes(scan) + struct.pack(">H", _EOI)


_BIT_LENGTHS = np.array([magnitude.bit_length() for magnitude in range(1 << _PRECISION)], np.int32)


def _compute_differences(pixels: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Subtract each sample's prediction: its left neighbour, in the first column the one above (H.1.2.1)."""
    samples = pixels.astype(np.int32)
    differences = np.empty_like(samples)
    differences[:, 1:] = samples[:, 1:] - samples[:, :-1]
    differences[1:, 0] = samples[1:, 0] - samples[:-1, 0]
    differences[0, 0] = samples[0, 0] - (1 << (_PRECISION - 1))
    return differences


def _build_huffman_table(counts: list[int]) -> tuple[list[int], list[int]]:
    """Make the optimal Huffman table of T.81 K.2.

    Args:
        counts: how often each category occurs; at least one above 0.

    Returns:
        BITS, the number of codes of each length 1 to 16, and HUFFVAL, the symbols by increasing code length.
    """
    reserved = len(counts)
    # The extra symbol takes the all-ones code, which T.81 C.2 keeps free. K.2 merges the two least frequent
    # trees, the one with the largest symbol first among equals.
    heap = [(count, -symbol, [symbol]) for symbol, count in enumerate(counts) if count]
    heap.append((1, -reserved, [reserved]))
    heapq.heapify(heap)
    sizes = [0] * (reserved + 1)
    while len(heap) > 1:
        first_count, first_key, first = heapq.heappop(heap)
        second_count, _, second = heapq.heappop(heap)
        merged = first + second
        for symbol in merged:
            sizes[symbol] += 1
        heapq.heappush(heap, (first_count + second_count, first_key, merged))
    # Ten symbols at eight bits make no code longer than nine, so K.3's shortening to 16 has nothing to do.
    bits = [sizes.count(length) for length in range(1, 17)]
    bits[max(sizes) - 1] -= 1  # the reserved code, one of the longest
    symbols = sorted(
        (symbol for symbol in range(reserved) if sizes[symbol]), key=lambda symbol: sizes[symbol]
    )
    return bits, symbols


def _assign_codes(
    bits: list[int], symbols: list[int], values: NDArray[np.uint64], lengths: NDArray[np.int64]
) -> None:
    """Fill the code value and length of each symbol as T.81 C.2 generates them from BITS and HUFFVAL."""
    code = 0
    remaining = iter(symbols)
    for length, n_codes in enumerate(bits, start=1):
        for _ in range(n_codes):
            symbol = next(remaining)
            values[symbol] = code
            lengths[symbol] = length
            code += 1
        code <<= 1


def _pack_bits(values: NDArray[np.uint64], lengths: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Concatenate bit strings, most significant bit first, and fill the last byte with ones (T.81 F.1.2.3).

    Args:
        values: (n,) bit strings, right-aligned.
        lengths: (n,) their lengths, 1 to 32 bits.

    Returns:
        The bytes of the concatenation.
    """
    ends = np.cumsum(lengths)
    starts = ends - lengths
    n_bits = int(ends[-1])
    word, offset = starts >> 5, starts & 31
    # A string of at most 32 bits lies in two neighbouring 32-bit words. Strings do not overlap, so adding
    # them up is the same as or-ing them, and sums below 2^32 are exact in bincount's float64.
    shifted = values << (64 - offset - lengths).astype(np.uint64)
    n_words = (n_bits + 31) // 32 + 1
    words = np.bincount(word, weights=(shifted >> np.uint64(32)).astype(np.float64), minlength=n_words)
    spilled = np.bincount(
        word + 1, weights=(shifted & np.uint64(0xFFFF_FFFF)).astype(np.float64), minlength=n_words
    )
    packed = (words[:n_words] + spilled[:n_words]).astype(np.uint32).astype(">u4").view(np.uint8)
    packed = packed[: (n_bits + 7) // 8]
    packed[-1] |= (1 << (-n_bits % 8)) - 1
    return packed


def _stuff_bytes(scan: NDArray[np.uint8]) -> bytes:
    """Follow each 0xFF by a zero, so that it cannot be read as a marker (T.81 B.1.1.5)."""
    return scan.tobytes().replace(b"\xff", b"\xff\x00")


def _write_headers(height: int, width: int, tables: list[tuple[list[int], list[int]]]) -> bytes:
    """Write SOI, the frame header (B.2.2), the Huffman tables (B.2.4.2) and the scan header (B.2.3)."""
    ids = _COMPONENT_IDS[len(tables)]
    frame = struct.pack(">BHHB", _PRECISION, height, width, len(ids))
    frame += b"".join(bytes((component_id, 0x11, 0)) for component_id in ids)
    huffman = b"".join(
        bytes((index, *bits, *symbols)) for index, (bits, symbols) in enumerate(tables)
    )  # table class 0 with destination `index`
    scan = bytes((len(ids),))
    scan += b"".join(bytes((component_id, index << 4)) for index, component_id in enumerate(ids))
    scan += bytes((1, 0, 0))  # predictor selection value 1; Se, Ah and the point transform Al are 0
    stream = struct.pack(">H", _SOI)
    for marker, body in ((_SOF3, frame), (_DHT, huffman), (_SOS, scan)):
        stream += struct.pack(">HH", marker, len(body) + 2) + body
    return stream
