"""Generator and discriminator as wholes: shapes, widths, classes, noise, and the spread within a batch."""

from __future__ import annotations

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import pytest
import torch
from pydantic import ValidationError

from core.generators.stylegan2.discriminator import StyleGAN2Discriminator, append_deviation
from core.generators.stylegan2.noise import draw_noise_for_seeds
from core.generators.stylegan2.options import PRESETS, StyleGAN2Options
from core.generators.stylegan2.synthesis import StyleGAN2Generator, SynthesisNetwork
from tests.core.generators.stylegan2.tiny import TINY


def test_published_generator_has_the_layers_of_the_paper() -> None:
    options = PRESETS["published-1024"]
    assert [options.width_at(side) for side in (4, 64, 128, 256, 512, 1024)] == [512, 512, 256, 128, 64, 32]
    with torch.device("meta"):
        network = SynthesisNetwork(options)
        discriminator = StyleGAN2Discriminator(options, n_classes=0)
    # Karras et al. 2019, sec. 2: 18 layers at 1024 pixels; 17 of them take noise.
    assert network.n_latents == 18
    assert network.noise_sides == (4, *(side for side in (8, 16, 32, 64, 128, 256, 512, 1024) for _ in "ab"))
    assert len(discriminator.blocks) == 8
    # About 30 million parameters each, as the authors count for this configuration.
    for module in (network, discriminator):
        assert sum(one.numel() for one in module.parameters()) == pytest.approx(29e6, rel=0.1)


@pytest.mark.parametrize("name", list(PRESETS))
def test_presets_build(name: str) -> None:
    with torch.device("meta"):
        StyleGAN2Generator(PRESETS[name], n_classes=2)
        StyleGAN2Discriminator(PRESETS[name], n_classes=2)
    assert PRESETS[name].batch_size % PRESETS[name].accumulate == 0
    if name.startswith("published"):
        assert PRESETS[name].latent_size == 512
        assert PRESETS[name].is_conditional


def test_a_side_that_cannot_be_doubled_up_to_says_so() -> None:
    with pytest.raises(ValidationError, match=r"power of two and not 48; choose 32 or 64"):
        StyleGAN2Options(size_px=48)


@pytest.mark.parametrize(("size_px", "channels", "n_classes"), [(8, 1, 0), (16, 3, 2)])
def test_shapes(size_px: int, channels: int, n_classes: int) -> None:
    torch.manual_seed(0)
    options = TINY.model_copy(update={"size_px": size_px, "channels": channels})
    network = StyleGAN2Generator(options, n_classes=n_classes)
    noise = draw_noise_for_seeds([1, 2, 3], latent_size=16, sides=network.synthesis.noise_sides)
    labels = torch.zeros(3, dtype=torch.int64)
    images = network(noise.latent, labels, noise.layers)
    assert images.shape == (3, channels, size_px, size_px)
    assert images.dtype == torch.float32
    assert 0.01 < images.std().item() < 10
    logits = StyleGAN2Discriminator(options, n_classes=n_classes)(images, labels)
    assert logits.shape == (3,)
    assert torch.isfinite(logits).all()


def test_noise_counts_once_its_strength_is_learnt() -> None:
    torch.manual_seed(0)
    network = SynthesisNetwork(TINY)
    noise = draw_noise_for_seeds([1, 2], latent_size=16, sides=network.noise_sides)
    latents = torch.randn(1, network.n_latents, 16).expand(2, -1, -1)
    with torch.no_grad():
        a, b = network(latents, noise.layers)
        assert torch.equal(a, b)
        for layer in network.layers:
            layer.strength.fill_(0.5)
        a, b = network(latents, noise.layers)
    assert (a - b).abs().mean() > 0.01


def test_each_latent_reaches_its_own_layers() -> None:
    torch.manual_seed(0)
    network = SynthesisNetwork(TINY)
    noise = draw_noise_for_seeds([1], latent_size=16, sides=network.noise_sides).layers
    latents = torch.randn(1, network.n_latents, 16)
    with torch.no_grad():
        before = network(latents, noise)
        for place in range(network.n_latents):
            changed = latents.clone()
            changed[:, place] += 1
            assert (network(changed, noise) - before).abs().max() > 1e-4, place


def test_discriminator_weighs_an_image_by_its_class() -> None:
    torch.manual_seed(0)
    network = StyleGAN2Discriminator(TINY.model_copy(update={"deviation_group": 1}), n_classes=2)
    images = torch.randn(4, 1, 16, 16)
    zeros = torch.zeros(4, dtype=torch.int64)
    with torch.no_grad():
        assert (network(images, zeros) - network(images, zeros + 1)).abs().min() > 1e-3
        plain = StyleGAN2Discriminator(TINY, n_classes=0)
        assert torch.equal(plain(images, zeros), plain(images, zeros + 1))


@pytest.mark.parametrize(("n", "group", "size"), [(8, 4, 4), (6, 4, 3), (3, 4, 3), (5, 4, 1), (4, 1, 1)])
def test_spread_within_a_group_is_a_loop_written_out(n: int, group: int, size: int) -> None:
    x = torch.randn(n, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    y = append_deviation(x, group=group)
    assert torch.equal(y[:, :3], x)
    n_groups = n // size
    for number in range(n):
        own = x[number % n_groups :: n_groups]
        assert len(own) == size
        spread = (own.var(dim=0, correction=0) + 1e-8).sqrt().mean().item()
        assert y[number, 3].flatten().tolist() == pytest.approx([spread] * 4, rel=1e-4)


def test_half_precision_draws_and_judges_about_the_same() -> None:
    """Mixed precision is for GPUs; the CPU's bfloat16 has the same rounding."""
    torch.manual_seed(0)
    network = StyleGAN2Generator(TINY, n_classes=2)
    discriminator = StyleGAN2Discriminator(TINY, n_classes=2)
    noise = draw_noise_for_seeds(range(8), latent_size=16, sides=network.synthesis.noise_sides)
    labels = torch.arange(8) % 2
    drawn, logits = [], []
    for enabled in (False, True):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            images = network(noise.latent, labels, noise.layers)
            judged = discriminator(images, labels)
        judged.sum().backward()
        assert images.dtype == judged.dtype == torch.float32
        drawn.append(images.detach())
        logits.append(judged.detach())
    assert not torch.equal(*drawn)
    assert (drawn[0] - drawn[1]).abs().mean() < 0.02 * drawn[0].std()
    assert torch.corrcoef(torch.stack(logits))[0, 1] > 0.99
    assert all(torch.isfinite(one.grad).all() for one in network.parameters() if one.grad is not None)
