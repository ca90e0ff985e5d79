"""Each resize mode beside a definition of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import core.torch_setup  # noqa: F401

# isort: split
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from core.features.base import ResizeMode
from core.features.resize import resize_image

MODES = list(ResizeMode)
SIZES = [(64, 48, 299), (400, 333, 299), (17, 900, 75), (1, 1, 8), (2, 5, 3), (299, 300, 299)]


def noise(height: int, width: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).random((height, width, channels)) * 255).astype(np.float32)


def tensorflow_bilinear(pixels: np.ndarray, side: int) -> np.ndarray:
    """tf.image.resize_bilinear of TensorFlow 1, align_corners=False, one output pixel after the other."""
    height, width, channels = pixels.shape
    out = np.empty((channels, side, side))
    for i in range(side):
        for j in range(side):
            y, x = np.float32(i) * np.float32(height / side), np.float32(j) * np.float32(width / side)
            top, left = int(y), int(x)
            bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
            v, u = float(y) - top, float(x) - left
            upper = pixels[top, left] * (1 - u) + pixels[top, right] * u
            lower = pixels[bottom, left] * (1 - u) + pixels[bottom, right] * u
            out[:, i, j] = upper * (1 - v) + lower * v
    return out


@pytest.mark.parametrize(("height", "width", "side"), [s for s in SIZES if s[2] < 299] + [(64, 48, 61)])
def test_torch_fidelity_is_tensorflows_bilinear(height: int, width: int, side: int) -> None:
    pixels = noise(height, width)
    ours = resize_image(pixels, side=side, mode=ResizeMode.TORCH_FIDELITY)
    assert_allclose(ours, tensorflow_bilinear(pixels, side), atol=1e-3)


@pytest.mark.parametrize(("height", "width", "side"), SIZES)
def test_pytorch_fid_is_torchs_bilinear(height: int, width: int, side: int) -> None:
    pixels = noise(height, width)
    tensor = torch.from_numpy(pixels.transpose(2, 0, 1))[None]
    theirs = torch.nn.functional.interpolate(tensor, size=(side, side), mode="bilinear", align_corners=False)
    assert_allclose(
        resize_image(pixels, side=side, mode=ResizeMode.PYTORCH_FID), theirs[0].numpy(), atol=1e-3
    )


@pytest.mark.parametrize(("height", "width", "side"), SIZES)
def test_clean_is_pils_bicubic_in_float(height: int, width: int, side: int) -> None:
    pixels = noise(height, width)
    planes = [
        np.asarray(Image.fromarray(pixels[:, :, c].copy()).resize((side, side), Image.Resampling.BICUBIC))
        for c in range(3)
    ]
    ours = resize_image(pixels, side=side, mode=ResizeMode.CLEAN)
    assert_array_equal(ours, np.clip(planes, 0, 255))


def test_clean_does_not_round() -> None:
    ours = resize_image(noise(40, 40), side=20, mode=ResizeMode.CLEAN)
    assert np.mean(ours == np.round(ours)) < 0.01


def test_clean_clips_overshoot() -> None:
    step = np.zeros((20, 20, 1), dtype=np.float32)
    step[:, 10:] = 255
    ours = resize_image(step, side=31, mode=ResizeMode.CLEAN)
    assert ours.min() == 0
    assert ours.max() == 255


def test_only_clean_averages_what_it_drops() -> None:
    """A checkerboard of single pixels has no detail that survives halving; only antialiasing says so."""
    board = (np.indices((64, 64)).sum(axis=0) % 2 * 255.0).astype(np.float32)[:, :, None]
    spread = {mode: resize_image(board, side=21, mode=mode).std() for mode in MODES}
    assert spread[ResizeMode.CLEAN] < 15
    assert spread[ResizeMode.PYTORCH_FID] > 40
    assert spread[ResizeMode.TORCH_FIDELITY] > 40


@pytest.mark.parametrize("mode", MODES)
def test_right_size_is_left_alone(mode: ResizeMode) -> None:
    pixels = noise(50, 50)
    before = pixels.copy()
    resized = resize_image(pixels, side=50, mode=mode)
    assert_array_equal(resized, pixels.transpose(2, 0, 1))
    resized[:] = 0
    assert_array_equal(pixels, before)


@pytest.mark.parametrize("mode", MODES)
def test_right_height_alone_is_still_resized(mode: ResizeMode) -> None:
    assert resize_image(noise(50, 49), side=50, mode=mode).shape == (3, 50, 50)


@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    side=st.integers(1, 70),
    level=st.floats(0, 255, width=32),
    mode=st.sampled_from(MODES),
)
def test_a_flat_image_stays_flat(height: int, width: int, side: int, level: float, mode: ResizeMode) -> None:
    flat = np.full((height, width, 1), level, dtype=np.float32)
    resized = resize_image(flat, side=side, mode=mode)
    assert resized.shape == (1, side, side)
    assert resized.dtype == np.float32
    assert_allclose(resized, level, rtol=1e-5, atol=1e-4)


@given(
    height=st.integers(1, 60), width=st.integers(1, 60), side=st.integers(1, 60), mode=st.sampled_from(MODES)
)
def test_values_stay_on_the_scale(height: int, width: int, side: int, mode: ResizeMode) -> None:
    resized = resize_image(noise(height, width), side=side, mode=mode)
    assert resized.min() >= -1e-3
    assert resized.max() <= 255 + 1e-3
    assert resized.flags.c_contiguous


@pytest.mark.parametrize("mode", MODES)
def test_channels_do_not_mix(mode: ResizeMode) -> None:
    pixels = noise(80, 70)
    together = resize_image(pixels, side=33, mode=mode)
    apart = [resize_image(pixels[:, :, c : c + 1], side=33, mode=mode)[0] for c in range(3)]
    assert_array_equal(together, np.stack(apart))


@pytest.mark.parametrize("mode", MODES)
def test_views_are_resized_like_copies(mode: ResizeMode) -> None:
    pixels = noise(80, 70)
    view = pixels[::-2, 3:60, ::-1]
    copy = np.ascontiguousarray(view)
    assert_array_equal(resize_image(view, side=33, mode=mode), resize_image(copy, side=33, mode=mode))


@pytest.mark.parametrize("mode", MODES)
def test_threads_do_not_disturb_each_other(mode: ResizeMode) -> None:
    images = [noise(90 + i, 80, seed=i) for i in range(16)]
    alone = [resize_image(image, side=61, mode=mode) for image in images]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda image: resize_image(image, side=61, mode=mode), images * 4))
    for index, resized in enumerate(together):
        assert_array_equal(resized, alone[index % 16])
