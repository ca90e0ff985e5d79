"""Lossless JPEG, read back from our own encoder and from an independent one."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import ImageReadError
from core.images.lossless_jpeg import encode_lossless_jpeg
from core.images.lossless_jpeg_decoding import decode_lossless_jpeg

imagecodecs = pytest.importorskip("imagecodecs")


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (40, 31), (40, 31, 3)])
@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("predictor", range(1, 8))
def test_every_predictor_and_depth(predictor: int, bits: int, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(predictor)
    pixels = rng.integers(0, 1 << bits, shape).astype(np.uint8 if bits == 8 else np.uint16)
    data = imagecodecs.jpeg8_encode(pixels, lossless=True, predictor=predictor, bitspersample=bits)
    np.testing.assert_array_equal(decode_lossless_jpeg(data), pixels)


def test_codes_across_the_blocks_that_are_read_at_once() -> None:
    rng = np.random.default_rng(0)
    for shape in ((300, 400), (150, 200, 3)):
        pixels = rng.integers(0, 256, shape).astype(np.uint8)  # over 64 KiB of codes
        np.testing.assert_array_equal(decode_lossless_jpeg(encode_lossless_jpeg(pixels)), pixels)


def test_restarts_begin_anew() -> None:
    """Two parts that were coded on their own, joined by a restart marker (T.81, H.1.1)."""
    top = np.arange(60, dtype=np.uint8).reshape(6, 10)
    table = encode_lossless_jpeg(top)
    scan = table.index(b"\xff\xda")
    start = scan + 2 + int.from_bytes(table[scan + 2 : scan + 4], "big")
    frame = table.index(b"\xff\xc3")
    head = table[: frame + 5] + (12).to_bytes(2, "big") + table[frame + 7 : scan]
    interval = b"\xff\xdd\x00\x04" + (60).to_bytes(2, "big")
    coded = table[start:-2]
    data = head + interval + table[scan:start] + coded + b"\xff\xd0" + coded + b"\xff\xd9"
    np.testing.assert_array_equal(decode_lossless_jpeg(data), np.concatenate([top, top]))


def test_damage_is_refused_or_gives_a_picture() -> None:
    pixels = (np.arange(30 * 20) % 200).astype(np.uint8).reshape(30, 20)
    good = encode_lossless_jpeg(pixels)
    rng = np.random.default_rng(3)
    refused = 0
    for _ in range(300):
        data = bytearray(good)
        for place in rng.integers(2, len(data), 2):
            data[place] = rng.integers(256)
        try:
            assert decode_lossless_jpeg(bytes(data[: rng.integers(2, len(data) + 1)])).ndim in (2, 3)
        except ImageReadError:
            refused += 1
    assert refused > 100
    for cut in (0, 2, 40, len(good) // 2, len(good) - 12):
        with pytest.raises(ImageReadError, match="damaged or truncated"):
            decode_lossless_jpeg(good[:cut])
    with pytest.raises(ImageReadError, match="not of the lossless kind"):
        decode_lossless_jpeg(good.replace(b"\xff\xc3", b"\xff\xc0"))
