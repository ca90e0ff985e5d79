from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image

from core.errors import InputError
from core.images.lossless_jpeg import _build_huffman_table, encode_lossless_jpeg

Pixels = NDArray[np.uint8]
# libjpeg-turbo, and a decoder written for medical files: two readers that share no code.
DECODERS: list[Callable[[bytes], Pixels]] = [imagecodecs.jpeg8_decode, imagecodecs.jpegsof3_decode]


def checkerboard(height: int, width: int) -> Pixels:
    return (np.indices((height, width)).sum(axis=0) % 2 * 255).astype(np.uint8)


def gradient(height: int, width: int) -> Pixels:
    return (np.indices((height, width))[1] % 256).astype(np.uint8)


def noise(*shape: int) -> Pixels:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


CASES = {
    "one black pixel": np.zeros((1, 1), np.uint8),
    "one white pixel": np.full((1, 1), 255, np.uint8),
    "one row": noise(1, 37),
    "one column": noise(37, 1),
    "flat": np.full((20, 30), 128, np.uint8),
    "gradient": gradient(40, 300),
    "tall gradient": gradient(40, 300).T,
    "checkerboard": checkerboard(33, 47),
    "noise": noise(65, 64),
    "colour noise": noise(31, 18, 3),
    "one colour pixel": noise(1, 1, 3),
    "flat and busy channels": np.dstack(
        [np.full((16, 16), 9, np.uint8), noise(16, 16), checkerboard(16, 16)]
    ),
    "one channel": noise(8, 9, 1),
}


@pytest.mark.parametrize("decode", DECODERS, ids=["libjpeg", "jpegsof3"])
@pytest.mark.parametrize("pixels", CASES.values(), ids=CASES.keys())
def test_independent_decoders_read_every_pixel_back(
    pixels: Pixels, decode: Callable[[bytes], Pixels]
) -> None:
    decoded = decode(encode_lossless_jpeg(pixels))
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded.reshape(pixels.shape), pixels)


@given(
    arrays.arrays(
        np.uint8,
        st.tuples(st.integers(1, 12), st.integers(1, 12))
        | st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(3)),
    )
)
def test_any_small_image_survives(pixels: Pixels) -> None:
    np.testing.assert_array_equal(
        imagecodecs.jpeg8_decode(encode_lossless_jpeg(pixels)).reshape(pixels.shape), pixels
    )


def test_real_mean_images_survive(shared_data: Path) -> None:
    for folder in ("cxr/real/normal", "pathology/real/lung_n"):
        files = sorted((shared_data / folder).iterdir())[:20]
        pixels = np.rint(np.mean([np.asarray(Image.open(file)) for file in files], axis=0)).astype(np.uint8)
        np.testing.assert_array_equal(imagecodecs.jpeg8_decode(encode_lossless_jpeg(pixels)), pixels)


def test_a_flat_image_costs_one_bit_a_pixel() -> None:
    # All differences are 0 and their category's code is "0"; headers are SOI, SOF3, DHT, SOS and EOI.
    headers = 2 + (2 + 8 + 3) + (2 + 2 + 17 + 1) + (2 + 6 + 2) + 2
    assert len(encode_lossless_jpeg(np.full((64, 64), 128, np.uint8))) == headers + 64 * 64 // 8


def test_size_is_that_of_libjpegs_optimal_tables() -> None:
    rng = np.random.default_rng(1)
    pixels = np.clip(128 + np.cumsum(rng.normal(0, 3, (200, 200)), axis=1), 0, 255).astype(np.uint8)
    peer = imagecodecs.jpeg8_encode(pixels, lossless=True, predictor=1)
    assert len(peer) - len(encode_lossless_jpeg(pixels)) == 18  # the JFIF header, which we leave out


def test_smoother_images_make_smaller_files() -> None:
    assert len(encode_lossless_jpeg(gradient(64, 64))) < len(encode_lossless_jpeg(noise(64, 64)))


def test_entropy_coded_data_never_look_like_a_marker() -> None:
    data = encode_lossless_jpeg(noise(200, 200))
    scan = data[data.index(b"\xff\xda") + 2 + 8 : -2]
    assert b"\xff" in scan  # else this test shows nothing
    assert all(scan[index + 1] == 0 for index, byte in enumerate(scan) if byte == 0xFF)


@given(st.lists(st.integers(0, 10_000), min_size=9, max_size=9).filter(any))
def test_huffman_tables_are_optimal_and_keep_the_all_ones_code_free(counts: list[int]) -> None:
    bits, symbols = _build_huffman_table(counts)
    assert sorted(symbols) == [symbol for symbol, count in enumerate(counts) if count]
    lengths = [length for length, n_codes in enumerate(bits, start=1) for _ in range(n_codes)]
    longest = max(lengths)
    # Kraft's sum falls short of 1 by exactly one code of the longest length: the all-ones one.
    assert sum(2 ** (longest - length) for length in lengths) == 2**longest - 1
    # Optimal: the cost is at most that of Huffman's algorithm over the symbols and the reserved one.
    cost = sum(counts[symbol] * length for symbol, length in zip(symbols, lengths, strict=True))
    weights = [count for count in counts if count] + [1]
    merged = 0
    while len(weights) > 1:
        weights.sort()
        pair = weights.pop(0) + weights.pop(0)
        merged += pair
        weights.append(pair)
    assert cost <= merged - 1


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), np.uint16),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros(16, np.uint8),
        np.zeros((0, 4), np.uint8),
        np.zeros((1, 65_536), np.uint8),
    ],
)
def test_what_cannot_be_written_is_refused(pixels: NDArray[np.generic]) -> None:
    with pytest.raises(InputError, match="Lossless JPEG"):
        encode_lossless_jpeg(pixels)  # type: ignore[arg-type]
