"""Layers against the papers' statistics and against loops written out."""

from __future__ import annotations

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from core.generators.stylegan2.equalised import EqualisedConv2d, EqualisedLinear, activate
from core.generators.stylegan2.mapping import MappingNetwork, mix_styles, normalise, truncate
from core.generators.stylegan2.modulated_conv import ModulatedConv2d, modulated_conv2d
from core.generators.stylegan2.resampling import blur, double, grow_by_conv, halve, shrink_by_conv


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("rate", [1.0, 0.01])
def test_equalised_layers_keep_unit_variance_at_first(rate: float) -> None:
    torch.manual_seed(0)
    x = torch.randn(512, 256)
    assert EqualisedLinear(256, 256, rate=rate)(x).std().item() == pytest.approx(1, abs=0.05)
    y = EqualisedConv2d(32, 64, 3)(torch.randn(8, 32, 16, 16))[:, :, 1:-1, 1:-1]
    assert y.std().item() == pytest.approx(1, abs=0.05)
    assert activate(torch.randn(100_000)).square().mean().item() == pytest.approx(1, abs=0.05)


def test_a_learning_rate_multiplier_slows_a_layer_by_as_much() -> None:
    torch.manual_seed(0)
    x, moved = torch.randn(64, 32), []
    for rate in (1.0, 0.01):
        layer = EqualisedLinear(32, 8, rate=rate)
        before = layer(x).detach()
        optimizer = torch.optim.Adam(layer.parameters(), lr=1e-3)
        layer(x).square().sum().backward()
        optimizer.step()
        moved.append((layer(x) - before).abs().mean().item())
    assert moved[1] == pytest.approx(moved[0] / 100, rel=0.1)


def test_bias_starts_where_it_is_told() -> None:
    layer = EqualisedLinear(4, 3, bias=1.0, rate=0.01)
    assert torch.allclose(layer(torch.zeros(2, 4)), torch.ones(2, 3))


def test_resampling_keeps_constants_and_is_the_filter() -> None:
    flat = torch.full((1, 2, 8, 8), 3.0)
    assert torch.allclose(double(flat)[:, :, 2:-2, 2:-2], torch.tensor(3.0))
    assert torch.allclose(halve(flat)[:, :, 1:-1, 1:-1], torch.tensor(3.0))
    point = torch.zeros(1, 1, 5, 5)
    point[0, 0, 2, 2] = 1
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    assert torch.allclose(double(point)[0, 0, 3:7, 3:7], 4 * taps[:, None] * taps[None])
    x, y = torch.randn(1, 2, 6, 6, generator=seeded()), torch.randn(1, 2, 12, 12, generator=seeded(1))
    # Doubling is the transpose of halving, times 4.
    assert (double(x) * y).sum().item() == pytest.approx(4 * (x * halve(y)).sum().item(), rel=1e-4)


def test_convolutions_that_resample_are_their_two_parts() -> None:
    x, weight = torch.randn(2, 3, 8, 8, generator=seeded()), torch.randn(5, 3, 3, 3, generator=seeded(1))
    smooth = blur(x, padding=2)
    assert torch.allclose(shrink_by_conv(x, weight), F.conv2d(smooth, weight)[:, :, ::2, ::2], atol=1e-5)
    one = weight[:, :, 1:2, 1:2]
    naive = F.conv2d(blur(x, padding=1), one, padding=0)[:, :, ::2, ::2]
    assert torch.allclose(shrink_by_conv(x, one), naive, atol=1e-5)
    # Zeros between pixels, then the convolution with its kernel turned round, as the transpose is.
    sparse = torch.zeros(2, 3, 17, 17)
    sparse[:, :, 1:17:2, 1:17:2] = x
    sparse = F.pad(sparse, (1, 1, 1, 1))
    naive = blur(F.conv2d(sparse, weight.flip(2, 3)), padding=1, gain=4.0)
    grown = grow_by_conv(x, weight)
    assert grown.shape == (2, 5, 16, 16)
    assert torch.allclose(grown, naive, atol=1e-4)


def convolve_each(x: Tensor, weight: Tensor, style: Tensor, *, demodulate: bool) -> Tensor:
    """Equations 1 and 3 of Karras et al. 2020, image by image."""
    images = []
    for image, scales in zip(x, style, strict=True):
        own = weight * scales[None, :, None, None]
        if demodulate:
            own = own / (own.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()
        images.append(F.conv2d(image[None], own, padding=weight.shape[-1] // 2))
    return torch.cat(images)


@pytest.mark.parametrize("demodulate", [True, False])
def test_modulated_convolution_equals_a_loop_over_images(demodulate: bool) -> None:
    x, weight = torch.randn(3, 4, 6, 6, generator=seeded()), torch.randn(5, 4, 3, 3, generator=seeded(1))
    style = torch.randn(3, 4, generator=seeded(2))
    ours = modulated_conv2d(x, weight, style, demodulate=demodulate)
    assert torch.allclose(ours, convolve_each(x, weight, style, demodulate=demodulate), atol=1e-5)


@pytest.mark.parametrize("grow", [False, True])
def test_demodulation_gives_unit_variance_whatever_the_style(grow: bool) -> None:
    torch.manual_seed(0)
    layer = ModulatedConv2d(64, 64, 3, latent_size=16, grow=grow)
    with torch.no_grad():
        y = layer(torch.randn(8, 64, 16, 16), 30 * torch.randn(8, 16))[:, :, 2:-2, 2:-2]
    # Zeros between pixels leave a quarter of the variance, and the filter takes 4 times the norm of its taps.
    expected = (4 * 20 / 64) ** 2 / 4 if grow else 1.0
    assert y.square().mean().item() == pytest.approx(expected, rel=0.1)


def test_styles_start_at_one() -> None:
    torch.manual_seed(0)
    style = ModulatedConv2d(256, 8, 1, latent_size=64).affine(torch.randn(64, 64))
    assert style.mean().item() == pytest.approx(1, abs=0.05)


def test_mapping_sees_the_class_and_not_the_noise_scale() -> None:
    torch.manual_seed(0)
    network = MappingNetwork(latent_size=32, n_layers=3, n_classes=2)
    noise, zeros = torch.randn(6, 32), torch.zeros(6, dtype=torch.int64)
    assert normalise(noise).square().mean(dim=1).detach().numpy() == pytest.approx(1, abs=1e-5)
    assert torch.allclose(network(noise, zeros), network(7 * noise, zeros), atol=1e-5)
    assert (network(noise, zeros) - network(noise, zeros + 1)).abs().mean() > 0.1
    plain = MappingNetwork(latent_size=32, n_layers=3, n_classes=0)
    assert torch.equal(plain(noise, zeros), plain(noise, zeros + 1))


def test_styles_mix_at_the_crossover_and_truncation_ends_at_the_mean() -> None:
    a, b = torch.zeros(2, 3), torch.ones(2, 3)
    mixed = mix_styles(a, b, torch.tensor([[False, False, True, True], [False] * 4]))
    assert mixed[:, :, 0].tolist() == [[0, 0, 1, 1], [0, 0, 0, 0]]
    assert torch.equal(truncate(b, a, 0.0), a)
    assert torch.equal(truncate(b, a, 0.25), torch.full((2, 3), 0.25))
