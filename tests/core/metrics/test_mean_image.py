from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.errors import ImageSetError, InputError, TooFewImagesError
from core.images.lossless_jpeg import encode_lossless_jpeg
from core.metrics.mean_image import (
    MeanImage,
    compute_mean_image_ljpeg_bytes,
    compute_mean_image_png_bytes,
    quantise_mean_image,
)


def accumulate(images: NDArray[np.float32]) -> MeanImage:
    mean = MeanImage()
    for pixels in images:
        mean.add(pixels)
    return mean


def draw(n: int, channels: int = 1) -> NDArray[np.float32]:
    return np.random.default_rng(0).uniform(0, 255, (n, 24, 20, channels)).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 3])
def test_equals_numpy_over_all_images(channels: int) -> None:
    images = draw(50, channels)
    mean = accumulate(images)
    assert mean.n == 50
    assert mean.mean.dtype == np.float64
    np.testing.assert_allclose(mean.mean, images.astype(np.float64).mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(mean.standard_deviation, images.astype(np.float64).std(axis=0), rtol=1e-12)


def test_one_image_is_its_own_mean_and_has_no_spread() -> None:
    images = draw(1)
    mean = accumulate(images)
    np.testing.assert_array_equal(mean.mean, images[0])
    np.testing.assert_array_equal(mean.standard_deviation, 0)


def test_equal_images_have_no_spread_however_many() -> None:
    mean = accumulate(np.full((1000, 2, 2, 1), 0.1, np.float32))
    assert mean.standard_deviation.max() < 1e-14


def test_order_changes_nothing_beyond_rounding() -> None:
    images = draw(40)
    forwards, backwards = accumulate(images), accumulate(images[::-1])
    np.testing.assert_allclose(forwards.mean, backwards.mean, rtol=1e-13)
    np.testing.assert_allclose(forwards.standard_deviation, backwards.standard_deviation, rtol=1e-12)


def test_added_pixels_and_returned_means_are_not_shared() -> None:
    pixels = draw(1)[0]
    mean = MeanImage()
    mean.add(pixels)
    before = mean.mean
    pixels[:] = 0
    mean.mean[:] = 7
    np.testing.assert_array_equal(mean.mean, before)


@pytest.mark.parametrize("shape", [(24, 21, 1), (25, 20, 1), (24, 20, 3), (20, 24, 1)])
def test_another_size_is_refused_and_leaves_the_mean_alone(shape: tuple[int, ...]) -> None:
    mean = accumulate(draw(2))
    before = mean.mean
    with pytest.raises(ImageSetError, match="20 x 24 pixels in 1 channel"):
        mean.add(np.zeros(shape, np.float32))
    assert mean.n == 2
    np.testing.assert_array_equal(mean.mean, before)


def test_nothing_has_no_mean() -> None:
    for read in (
        lambda: MeanImage().mean,
        lambda: MeanImage().standard_deviation,
        lambda: MeanImage().quantise(),
    ):
        with pytest.raises(TooFewImagesError):
            read()


def test_quantising_rounds_halves_to_even_and_clips() -> None:
    mean = np.array([[[0.5], [1.5], [2.5], [254.5], [255.4], [-3.0], [300.0], [9.51]]])
    assert quantise_mean_image(mean).ravel().tolist() == [0, 2, 2, 254, 255, 0, 255, 10]
    assert quantise_mean_image(mean).dtype == np.uint8


def test_quantise_is_that_of_the_mean() -> None:
    mean = accumulate(draw(5))
    np.testing.assert_array_equal(mean.quantise(), quantise_mean_image(mean.mean))


@pytest.mark.parametrize("channels", [1, 3])
def test_sizes_are_those_of_files_that_hold_the_mean(channels: int, tmp_path: Path) -> None:
    mean = accumulate(draw(5, channels)).mean
    pixels = quantise_mean_image(mean).squeeze()
    path = tmp_path / "mean.png"
    Image.fromarray(pixels).save(path)
    assert compute_mean_image_png_bytes(mean) == path.stat().st_size

    data = encode_lossless_jpeg(pixels)
    assert compute_mean_image_ljpeg_bytes(mean) == len(data)
    np.testing.assert_array_equal(imagecodecs.jpeg8_decode(data), pixels)


def test_more_varied_images_have_a_smaller_mean_image() -> None:
    rng = np.random.default_rng(3)
    one = rng.uniform(0, 255, (32, 32, 1))
    alike = np.stack([one + rng.normal(0, 1, one.shape) for _ in range(100)]).astype(np.float32)
    varied = rng.uniform(0, 255, (100, 32, 32, 1)).astype(np.float32)
    for measure in (compute_mean_image_png_bytes, compute_mean_image_ljpeg_bytes):
        assert measure(accumulate(varied).mean) < measure(accumulate(alike).mean)


def test_channels_that_no_jpeg_holds_are_refused() -> None:
    with pytest.raises(InputError):
        compute_mean_image_ljpeg_bytes(np.zeros((4, 4, 2)))
