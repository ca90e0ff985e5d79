"""Drawing images for a training step: everything random beforehand, so that it can be run in parts."""

from __future__ import annotations

from dataclasses import dataclass

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor

from core.generators.stylegan2.mapping import mix_styles
from core.generators.stylegan2.noise import DrawingNoise, draw_normal, draw_training_noise
from core.generators.stylegan2.options import StyleGAN2Options
from core.generators.stylegan2.synthesis import StyleGAN2Generator, SynthesisNetwork

__all__ = ["Drawing", "plan_drawing"]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything random about drawing n images.

    Attributes:
        noise: for the first latents and the layers.
        other: (n, latent_size) noise for the latents after the crossover.
        crossovers: (n, layers) bool, True where the other latent counts.
    """

    noise: DrawingNoise
    other: Tensor
    crossovers: Tensor

    def run(self, network: StyleGAN2Generator, labels: Tensor, rows: slice) -> tuple[Tensor, Tensor]:
        """Draw some of the images.

        Args:
            network: mapping and synthesis.
            labels: (k,) int64 classes of these images.
            rows: which ones.

        Returns:
            (k, channels, size, size), and the (k, layers, d) latents that they came from.
        """
        noise = self.noise.take(rows)
        latents = mix_styles(
            network.mapping(noise.latent, labels),
            network.mapping(self.other[rows], labels),
            self.crossovers[rows],
        )
        return network.synthesis(latents, noise.layers), latents


def plan_drawing(
    n: int,
    *,
    options: StyleGAN2Options,
    synthesis: SynthesisNetwork,
    generator: torch.Generator,
    device: torch.device,
) -> Drawing:
    """Draw everything random about n images.

    Args:
        n: images.
        options: sizes, and the share of images with mixed styles.
        synthesis: knows its layers.
        generator: on the CPU.
        device: where the networks are.
    """
    noise = draw_training_noise(
        n,
        latent_size=options.latent_size,
        sides=synthesis.noise_sides,
        generator=generator,
        device=device,
    )
    other = draw_normal(n, options.latent_size, generator=generator, device=device)
    is_mixed = torch.rand(n, generator=generator) < options.style_mixing
    # Karras et al. 2019, sec. 3.1: the crossover is anywhere from the second layer to the last.
    layer = torch.randint(1, synthesis.n_latents, (n,), generator=generator)
    crossovers = is_mixed[:, None] & (torch.arange(synthesis.n_latents)[None] >= layer[:, None])
    return Drawing(noise, other, crossovers.to(device))
