from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.copies.thumbnails import SIDE, Thumbnails, compute_thumbnail, stack_thumbnails
from core.copies.transforms import TRANSFORMS, apply_transform

SIDES = (8, 16, 32, 64)


def noise(height: int, width: int, seed: int = 0, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 255, (height, width, channels)).astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 200), st.integers(1, 200), st.sampled_from([1, 3]), st.sampled_from(TRANSFORMS))
def test_a_turned_image_has_the_turned_thumbnail_bit_by_bit(height, width, channels, transform) -> None:
    pixels = noise(height, width, height + width, channels)
    straight = stack_thumbnails([compute_thumbnail(pixels)])
    turned = stack_thumbnails([compute_thumbnail(apply_transform(pixels, transform))])
    np.testing.assert_array_equal(turned.values, apply_transform(straight.values, transform, axes=(1, 2)))
    for side in SIDES:
        expected = apply_transform(straight.normalise(side), transform, axes=(1, 2))
        np.testing.assert_array_equal(turned.normalise(side), expected)


@pytest.mark.parametrize("shape", [(128, 128), (200, 90), (64, 64), (300, 40)])
def test_it_is_what_pillow_makes_with_the_same_filter(shape: tuple[int, int]) -> None:
    pixels = noise(*shape)
    reference = Image.fromarray(pixels[..., 0]).resize((SIDE, SIDE), Image.Resampling.HAMMING)
    np.testing.assert_allclose(compute_thumbnail(pixels) / 256, np.asarray(reference), atol=0.06)


@pytest.mark.parametrize("side", SIDES)
def test_planes_have_no_mean_and_unit_variance(side: int) -> None:
    planes = stack_thumbnails([compute_thumbnail(noise(100, 80, seed)) for seed in range(3)]).normalise(side)
    assert planes.shape == (3, side, side) and planes.dtype == np.float32
    np.testing.assert_allclose(planes.mean(axis=(1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(planes.std(axis=(1, 2)), 1, rtol=1e-6)


def test_smaller_sides_are_block_means() -> None:
    made = stack_thumbnails([compute_thumbnail(noise(100, 80))])
    blocks = made.values[0].astype(np.float64).reshape(16, 4, 16, 4).mean(axis=(1, 3))
    expected = (blocks - blocks.mean()) / blocks.std()
    np.testing.assert_allclose(made.normalise(16)[0], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("value", [0.0, 77.7, 255.0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (333, 7), (64, 64)])
def test_constant_images_give_zero_planes(value: float, shape: tuple[int, int]) -> None:
    made = stack_thumbnails([compute_thumbnail(np.full((*shape, 3), value, dtype=np.float32))])
    assert made.values.min() == made.values.max() == round(np.float32(value) * 256)
    for side in SIDES:
        np.testing.assert_array_equal(made.normalise(side), 0)


def test_grey_saved_as_colour_is_grey() -> None:
    pixels = noise(50, 60)
    np.testing.assert_array_equal(compute_thumbnail(np.repeat(pixels, 3, axis=2)), compute_thumbnail(pixels))


def test_brightness_and_contrast_leave_the_planes() -> None:
    pixels = noise(128, 128) / 2
    made = stack_thumbnails([compute_thumbnail(pixels), compute_thumbnail(pixels * 1.5 + 20)])
    first, second = made.normalise(32)
    np.testing.assert_allclose(first, second, atol=1e-3)


def test_what_are_no_thumbnails_is_refused() -> None:
    with pytest.raises(ValueError, match="uint16"):
        Thumbnails(np.zeros((2, SIDE, SIDE)))
    with pytest.raises(ValueError, match="does not divide"):
        stack_thumbnails([compute_thumbnail(noise(9, 9))]).normalise(48)
    assert len(stack_thumbnails([])) == 0
