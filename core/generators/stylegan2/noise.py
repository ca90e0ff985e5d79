"""The noise that one drawing takes: for the mapping network, and for each layer of the synthesis network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor

from core.generators.random_streams import make_generator

__all__ = ["DrawingNoise", "draw_noise_for_seeds", "draw_normal", "draw_training_noise"]


@dataclass(frozen=True, slots=True)
class DrawingNoise:
    """Standard normal noise of n images.

    Attributes:
        latent: (n, latent_size), what the mapping network starts from.
        layers: (n, 1, side, side) of each layer of the synthesis network.
    """

    latent: Tensor
    layers: tuple[Tensor, ...]

    def take(self, rows: slice) -> DrawingNoise:
        """Noise of some images."""
        return DrawingNoise(self.latent[rows], tuple(layer[rows] for layer in self.layers))

    def to(self, device: torch.device) -> DrawingNoise:
        """The same on another device."""
        return DrawingNoise(self.latent.to(device), tuple(layer.to(device) for layer in self.layers))


def draw_normal(*shape: int, generator: torch.Generator, device: torch.device) -> Tensor:
    """Draw standard normal numbers for training.

    A GPU draws its own from a seed that the generator gives: a training step takes millions, which the CPU
    would draw more slowly than the networks use them.

    Args:
        shape: of the numbers.
        generator: on the CPU.
        device: where the numbers are wanted.
    """
    if device.type != "cuda":
        return torch.randn(*shape, generator=generator).to(device)
    seed = int(torch.randint(2**62, (), generator=generator))
    return torch.randn(*shape, generator=torch.Generator(device).manual_seed(seed), device=device)


def draw_training_noise(
    n: int, *, latent_size: int, sides: Sequence[int], generator: torch.Generator, device: torch.device
) -> DrawingNoise:
    """Draw the noise of n images of a training step.

    Args:
        n: images.
        latent_size: dimensions of the mapping network's noise.
        sides: sides in pixels of the layers' noise.
        generator: on the CPU.
        device: where the networks are.
    """
    latent = draw_normal(n, latent_size, generator=generator, device=device)
    layers = tuple(draw_normal(n, 1, side, side, generator=generator, device=device) for side in sides)
    return DrawingNoise(latent, layers)


def draw_noise_for_seeds(seeds: Sequence[int], *, latent_size: int, sides: Sequence[int]) -> DrawingNoise:
    """Draw each image's noise from its own seed, on the CPU, so that every device draws the same images.

    Args:
        seeds: one an image.
        latent_size: dimensions of the mapping network's noise.
        sides: sides in pixels of the layers' noise.
    """
    drawn = []
    for seed in seeds:
        generator = make_generator(seed)
        latent = torch.randn(latent_size, generator=generator)
        drawn.append((latent, [torch.randn(1, side, side, generator=generator) for side in sides]))
    return DrawingNoise(
        torch.stack([latent for latent, _ in drawn]),
        tuple(torch.stack([layers[place] for _, layers in drawn]) for place in range(len(sides))),
    )
