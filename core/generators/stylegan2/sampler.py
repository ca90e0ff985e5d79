"""Draws images from a trained StyleGAN2, each from its own seed."""

from __future__ import annotations

from collections.abc import Sequence

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor, nn

from core.generators.sampling_settings import SamplingSettings
from core.generators.stylegan2.mapping import compute_mean_latents, truncate
from core.generators.stylegan2.noise import draw_noise_for_seeds
from core.generators.stylegan2.synthesis import StyleGAN2Generator

__all__ = ["StyleGAN2Sampler", "draw_images"]

# Rounding depends on how many images a network computes at once, so that number is always the same: one on
# the CPU, which gains nothing by more, and few on a GPU, which little memory then suffices for.
_AT_ONCE = {"cpu": 1}
_AT_ONCE_ELSEWHERE = 4


@torch.no_grad()
def draw_images(
    network: StyleGAN2Generator,
    *,
    seeds: Sequence[int],
    labels: Tensor,
    truncation: float = 1.0,
    means: Tensor | None = None,
) -> Tensor:
    """Draw images that depend on their seed and class alone, not on those drawn with them.

    Args:
        network: mapping and synthesis.
        seeds: one an image.
        labels: (n,) int64 classes.
        truncation: 1 leaves latents, less moves them towards the mean.
        means: (max(1, classes), latent_size) mean latents; needed for another truncation than 1.

    Returns:
        (n, channels, size, size) float32, clipped to [-1, 1].
    """
    device = next(network.parameters()).device
    size = _AT_ONCE.get(device.type, _AT_ONCE_ELSEWHERE)
    drawn = []
    for start in range(0, len(seeds), size):
        chunk = list(seeds[start : start + size])
        codes = labels[start : start + size].to(device)
        n = len(chunk)
        # The last few images are drawn beside repeats, which are dropped.
        chunk += chunk[-1:] * (size - n)
        codes = torch.cat([codes, codes[-1:].expand(size - n)])
        noise = draw_noise_for_seeds(
            chunk, latent_size=network.mapping.latent_size, sides=network.synthesis.noise_sides
        ).to(device)
        latents = network.mapping(noise.latent, codes)
        if truncation != 1.0:
            assert means is not None, "truncation needs the mean"
            latents = truncate(
                latents, means[codes if len(means) > 1 else torch.zeros_like(codes)], truncation
            )
        stack = latents[:, None].expand(-1, network.synthesis.n_latents, -1)
        drawn.append(network.synthesis(stack, noise.layers)[:n].clamp(-1, 1))
    return torch.cat(drawn)


class StyleGAN2Sampler:
    """The averaged generator of a run; see `core.generators.phase.Sampler`.

    Args:
        network: in evaluation mode.
        classes: classes that it can be asked for; empty where it was trained without.
    """

    def __init__(self, network: StyleGAN2Generator, *, classes: tuple[str, ...]) -> None:
        self.classes = classes
        self._network = network
        self._means: Tensor | None = None

    def modules(self) -> dict[str, nn.Module]:
        """The averaged generator."""
        return {"generator_ema": self._network}

    def sample(self, *, seeds: Sequence[int], labels: Tensor, settings: SamplingSettings) -> Tensor:
        """Draw images.

        Args:
            seeds: one an image.
            labels: (n,) int64 places in `classes`.
            settings: of which truncation counts; it goes towards the mean of the image's own class.

        Returns:
            (n, channels, size, size) float32 in [-1, 1].
        """
        if settings.truncation != 1.0 and self._means is None:
            self._means = compute_mean_latents(self._network.mapping, n_classes=len(self.classes))
        return draw_images(
            self._network, seeds=seeds, labels=labels, truncation=settings.truncation, means=self._means
        )
