"""Samples arrive as they are stored; where they cannot, it is said."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from core.images.encoding import encode_samples, encode_thumbnail


def decode(samples) -> np.ndarray:
    flat = np.frombuffer(samples.data, dtype="<u2" if samples.bits == 16 else np.uint8)
    shape = (samples.height, samples.width) + ((samples.channels,) if samples.channels == 3 else ())
    return flat.reshape(shape)


@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.int32, ">u2"])
def test_whole_numbers_are_exact(shape: tuple[int, ...], dtype: object) -> None:
    kind = np.dtype(dtype)
    low = -1000 if kind.kind == "i" else 0
    high = 255 if kind.itemsize == 1 else 4095
    pixels = np.random.default_rng(0).integers(low, high + 1, shape).astype(kind)
    samples = encode_samples(pixels)
    assert samples.bits == 8 * min(kind.itemsize, 2)
    assert samples.is_exact
    assert np.array_equal(decode(samples) * samples.slope + samples.intercept, pixels)
    assert (samples.low, samples.high) == (decode(samples).min(), decode(samples).max())


def test_unsigned_16_bit_values_are_the_samples_themselves() -> None:
    pixels = np.array([[0, 1, 65535]], dtype=np.uint16)
    samples = encode_samples(pixels)
    assert (samples.slope, samples.intercept, samples.data) == (1.0, 0.0, b"\0\0\1\0\xff\xff")


def test_black_and_white_files_are_shown_black_and_white() -> None:
    samples = encode_samples(np.array([[True, False]]))
    assert (samples.data, samples.bits) == (b"\xff\0", 8)
    assert decode(samples)[0, 0] * samples.slope == 1.0


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e300])
def test_floats_keep_65536_levels_of_their_own_range(scale: float) -> None:
    pixels = np.random.default_rng(0).normal(size=(20, 20)) * scale
    samples = encode_samples(pixels)
    assert not samples.is_exact
    back = decode(samples) * samples.slope + samples.intercept
    assert np.abs(back / scale - pixels / scale).max() <= np.ptp(pixels / scale) / 65535 * 0.51
    assert (samples.low, samples.high) == (0, 65535)


def test_a_constant_float_image_stays_constant() -> None:
    samples = encode_samples(np.full((2, 2), 0.25))
    assert samples.low == samples.high == 0
    assert samples.intercept == 0.25


def test_thumbnails_fit_and_are_not_enlarged() -> None:
    wide = np.zeros((100, 400), dtype=np.uint16)
    wide[:, 200:] = 4095
    picture = Image.open(io.BytesIO(encode_thumbnail(wide, side_px=80)))
    assert picture.size == (80, 20)
    assert picture.getextrema() == (0, 255)
    small = Image.open(io.BytesIO(encode_thumbnail(np.zeros((5, 7, 3), dtype=np.uint8), side_px=80)))
    assert (small.size, small.mode) == ((7, 5), "RGB")
