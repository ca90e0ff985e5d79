"""The scale 0 to 255 that every number is computed on."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from core.images.display import to_display_scale
from core.images.resizing import resize_pixels

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


def test_eight_bits_stay_as_they_are() -> None:
    shown = to_display_scale(RAMP)
    assert shown.shape == (16, 16, 1)
    assert shown.dtype == np.float32
    np.testing.assert_array_equal(shown[..., 0], RAMP)


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32, np.float64])
def test_deeper_images_take_their_own_range(dtype: type) -> None:
    shown = to_display_scale((RAMP.astype(np.int64) * 17 + 1000).astype(dtype))
    np.testing.assert_allclose(shown[..., 0], RAMP, atol=1e-4)


def test_twelve_bits_in_sixteen_do_not_saturate() -> None:
    # Image.open(...).convert("RGB") would turn all but 255 of 4,096 levels into white.
    twelve = (np.arange(4096, dtype=np.uint16)).reshape(64, 64)
    shown = to_display_scale(twelve)
    assert len(np.unique(shown)) == 4096
    assert (shown.min(), shown.max()) == (0, 255)


def test_constant_deep_image_is_black_not_nan() -> None:
    assert (to_display_scale(np.full((4, 4), 4660, np.uint16)) == 0).all()


def test_channels() -> None:
    colour = np.dstack([RAMP, RAMP[::-1], RAMP.T])
    luma = to_display_scale(colour, num_channels=1)
    assert luma.shape == (16, 16, 1)
    peer = np.asarray(Image.fromarray(colour).convert("L"), dtype=float)
    np.testing.assert_allclose(luma[..., 0], peer, atol=1)
    repeated = to_display_scale(RAMP, num_channels=3)
    assert repeated.shape == (16, 16, 3)
    assert (repeated == RAMP[..., None]).all()
    with pytest.raises(ValueError, match="1, 3 or None"):
        to_display_scale(RAMP, num_channels=2)


def test_resizing_keeps_means_and_skips_equal_sizes() -> None:
    pixels = to_display_scale(RAMP)
    assert resize_pixels(pixels, width=16, height=16) is pixels
    small = resize_pixels(pixels, width=4, height=8)
    assert small.shape == (8, 4, 1)
    assert small.mean() == pytest.approx(pixels.mean(), rel=0.01)


@pytest.mark.parametrize(
    "values", [[1e308, -1e308], [5e-324, 0.0], [np.finfo(float).max, np.finfo(float).min]], ids=str
)
def test_extreme_ranges_stay_finite(values: list[float]) -> None:
    shown = to_display_scale(np.array([values] * 4))
    assert np.isfinite(shown).all()
    assert shown.min() >= 0
    assert shown.max() <= 255
