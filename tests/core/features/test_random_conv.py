from __future__ import annotations

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from core.errors import InputError
from core.features.base import Device, ExtractorOptions, Pixels, Precision, ResizeMode
from core.features.random_conv import INFO, RandomConvExtractor, RandomConvNetwork, load

CPU = ExtractorOptions(device=Device.CPU, resolution=64)

# Features that users compare over years and machines hang on it: another hash needs another VERSION.
SEED_0_SHA256 = "d78359f2a9353a5e1bf1174e43b0a812dcf2f33b2d1dc814360b217bbaa15b14"


def images(n: int, side: int = 64, channels: int = 3) -> list[Pixels]:
    rng = np.random.default_rng(0)
    coarse = rng.uniform(0, 200, (n, side // 8, side // 8, channels))
    fine = coarse.repeat(8, axis=1).repeat(8, axis=2) + rng.uniform(0, 50, (n, side, side, channels))
    return list(fine.astype(np.float32))


def run(extractor: RandomConvExtractor, pixels: list[Pixels], batch_size: int) -> NDArray[np.float32]:
    prepared = np.stack([extractor.prepare(image) for image in pixels])
    steps = range(0, len(prepared), batch_size)
    return np.concatenate([extractor.extract(prepared[i : i + batch_size]).features for i in steps])


def naive_features(network: RandomConvNetwork, pixels: Pixels) -> NDArray[np.float64]:
    """The definition in float64: normalise, convolve with zeros around, clip, spread, halve by maxima."""
    x = pixels.astype(np.float64).transpose(2, 0, 1)
    x = (x - x.mean()) / (x.std() + 1.0)
    kernels = [weights.numpy().astype(np.float64) for weights in network.parameters()]
    features = []
    for number, n_convolutions in enumerate((2, 2, 3, 3)):
        if number:
            channels, height, width = x.shape
            x = x.reshape(channels, height // 2, 2, width // 2, 2).max(axis=(2, 4))
        for _ in range(n_convolutions):
            padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
            windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
            x = np.einsum("chwij,ocij->ohw", windows, kernels.pop(0), optimize=True).clip(min=0)
        features.append(x.std(axis=(1, 2)))
    assert not kernels
    return np.log(np.concatenate(features) + 0.01)


def test_features_follow_the_definition() -> None:
    pixels = images(1)[0]
    got = run(RandomConvExtractor(CPU), [pixels], 1)[0]
    np.testing.assert_allclose(got, naive_features(RandomConvNetwork(0), pixels), rtol=1e-4, atol=1e-5)


def test_a_seed_is_the_same_network_everywhere() -> None:
    assert RandomConvExtractor(CPU).weights_sha256 == SEED_0_SHA256
    other = RandomConvExtractor(ExtractorOptions(device=Device.CPU, resolution=64, seed=1))
    assert other.weights_sha256 != SEED_0_SHA256
    pixels = images(2)
    assert not np.allclose(run(other, pixels, 2), run(RandomConvExtractor(CPU), pixels, 2), atol=0.1)


def test_weights_have_the_variance_of_he() -> None:
    for weights in RandomConvNetwork(3).parameters():
        fan_in = weights[0].numel()
        assert weights.var().item() == pytest.approx(2 / fan_in, rel=0.2)
        assert weights.abs().max().item() <= (6 / fan_in) ** 0.5


def test_drawing_a_network_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    RandomConvNetwork(5)
    assert torch.equal(torch.get_rng_state(), before)


def test_batch_size_and_order_change_nothing_beyond_float_noise() -> None:
    extractor, pixels = RandomConvExtractor(CPU), images(13)
    expected = run(extractor, pixels, 13)
    assert expected.shape == (13, extractor.dimension) and expected.dtype == np.float32
    for batch_size in (1, 4):
        np.testing.assert_allclose(run(extractor, pixels, batch_size), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(run(extractor, pixels[::-1], 5)[::-1], expected, rtol=1e-5, atol=1e-5)


def test_no_image_is_dropped_between_the_steps_of_a_large_batch() -> None:
    extractor = RandomConvExtractor(ExtractorOptions(device=Device.CPU, resolution=256))
    pixels = images(14, 256)  # one step holds 12 images of that size
    expected = np.concatenate([run(extractor, [image], 1) for image in pixels])
    np.testing.assert_allclose(run(extractor, pixels, 14), expected, rtol=1e-5, atol=1e-5)


def test_grey_equals_grey_in_three_channels() -> None:
    extractor, pixels = RandomConvExtractor(CPU), images(2, 80, 1)
    np.testing.assert_array_equal(
        run(extractor, pixels, 2), run(extractor, [np.repeat(image, 3, axis=2) for image in pixels], 2)
    )


def test_brightness_and_contrast_hardly_matter_and_pattern_does() -> None:
    extractor, pixels = RandomConvExtractor(CPU), images(2)
    plain, faint, other = run(extractor, [pixels[0], pixels[0] * 0.5 + 60, pixels[1]], 3)
    assert np.abs(faint - plain).max() < 0.05 < np.abs(other - plain).mean()


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (50, 40)])
def test_flat_images_have_finite_features(shape: tuple[int, int]) -> None:
    flat = run(RandomConvExtractor(CPU), [np.full((*shape, 1), 99, dtype=np.float32)], 1)
    np.testing.assert_allclose(flat, np.log(0.01), rtol=1e-3)


def test_bf16_is_near_fp32() -> None:
    half = ExtractorOptions(device=Device.CPU, resolution=64, precision=Precision.BF16)
    pixels = images(3)
    got, expected = run(RandomConvExtractor(half), pixels, 3), run(RandomConvExtractor(CPU), pixels, 3)
    assert got.dtype == np.float32
    assert np.abs(got - expected).max() < 0.1
    assert np.abs(got - expected).max() > 0  # it did run in another format


def test_every_option_that_decides_a_feature_is_in_the_identity() -> None:
    identities = {
        RandomConvExtractor(options).identity
        for options in (
            CPU,
            ExtractorOptions(device=Device.CPU),
            ExtractorOptions(device=Device.CPU, resolution=64, seed=1),
            ExtractorOptions(device=Device.CPU, resolution=64, resize=ResizeMode.PYTORCH_FID),
            ExtractorOptions(device=Device.CPU, resolution=64, precision=Precision.BF16),
        )
    }
    assert len(identities) == 5
    assert SEED_0_SHA256 in RandomConvExtractor(CPU).identity
    assert not INFO.needs_weights and not INFO.standardise and INFO.id in RandomConvExtractor(CPU).identity


def test_what_cannot_be_asked_for_is_refused() -> None:
    for resolution in (31, 4097):
        with pytest.raises(InputError, match="from 32 to 4096"):
            load("random-conv", ExtractorOptions(resolution=resolution))
    with pytest.raises(InputError, match="nothing after its name"):
        load("random-conv:vgg", ExtractorOptions())


@pytest.mark.gpu
def test_an_accelerator_gives_the_cpu_features() -> None:
    if not torch.cuda.is_available():
        pytest.skip("torch sees no CUDA device here")
    pixels = images(8)
    on_gpu = RandomConvExtractor(ExtractorOptions(device=Device.CUDA, resolution=64))
    np.testing.assert_allclose(
        run(on_gpu, pixels, 8), run(RandomConvExtractor(CPU), pixels, 8), rtol=1e-4, atol=1e-4
    )
