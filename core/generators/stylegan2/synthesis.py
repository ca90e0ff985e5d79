"""The synthesis network: from latents and noise to an image, summed over resolutions.

References:
    Karras et al. 2020, fig. 2d (layers) and fig. 7b (skip generator).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor, nn

from core.generators.stylegan2.equalised import activate
from core.generators.stylegan2.mapping import MappingNetwork
from core.generators.stylegan2.modulated_conv import ModulatedConv2d
from core.generators.stylegan2.options import StyleGAN2Options
from core.generators.stylegan2.resampling import double

__all__ = ["StyleGAN2Generator", "SynthesisNetwork"]

_BASE = 4


class _StyledLayer(nn.Module):
    """Modulated convolution, noise of a learnt strength, bias, activation."""

    def __init__(self, n_in: int, n_out: int, *, latent_size: int, grow: bool = False) -> None:
        super().__init__()
        self.conv = ModulatedConv2d(n_in, n_out, 3, latent_size=latent_size, grow=grow)
        self.strength = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x: Tensor, latent: Tensor, noise: Tensor) -> Tensor:
        """(n, n_in, h, w), (n, d), (n, 1, h', w') -> (n, n_out, h', w')."""
        y = self.conv(x, latent)
        y = y + (noise * self.strength).to(y.dtype) + self.bias[:, None, None].to(y.dtype)
        return activate(y)


class _ToImage(nn.Module):
    """1 x 1 modulated convolution without demodulation, and bias; in 32 bits, since images add up."""

    def __init__(self, n_in: int, channels: int, *, latent_size: int) -> None:
        super().__init__()
        self.conv = ModulatedConv2d(n_in, channels, 1, latent_size=latent_size, demodulate=False)
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor, latent: Tensor) -> Tensor:
        """(n, n_in, h, w), (n, d) -> (n, channels, h, w) float32."""
        with torch.autocast(x.device.type, enabled=False):
            y: Tensor = self.conv(x.float(), latent.float()) + self.bias[:, None, None]
        return y


class SynthesisNetwork(nn.Module):
    """Doubles a learnt 4 x 4 input up to the image's side; each resolution adds its own image.

    Attributes:
        n_latents: latents that one image takes, one a layer: 2 log2(side) - 2, since each resolution's image
            layer shares its latent with the next resolution's first layer.
        noise_sides: sides in pixels of the noise of each layer.
    """

    def __init__(self, options: StyleGAN2Options) -> None:
        super().__init__()
        latent = options.latent_size
        sides = [_BASE * 2**i for i in range(int(math.log2(options.size_px // _BASE)) + 1)]
        widths = [options.width_at(side) for side in sides]
        self.start = nn.Parameter(torch.randn(widths[0], _BASE, _BASE))
        self.layers = nn.ModuleList([_StyledLayer(widths[0], widths[0], latent_size=latent)])
        self.to_image = nn.ModuleList([_ToImage(widths[0], options.channels, latent_size=latent)])
        for before, width in pairwise(widths):
            self.layers.append(_StyledLayer(before, width, latent_size=latent, grow=True))
            self.layers.append(_StyledLayer(width, width, latent_size=latent))
            self.to_image.append(_ToImage(width, options.channels, latent_size=latent))
        self.n_latents = len(self.layers) + 1
        self.noise_sides = (sides[0], *(side for side in sides[1:] for _ in range(2)))

    def forward(self, latents: Tensor, noises: Sequence[Tensor]) -> Tensor:
        """Draw images.

        Args:
            latents: (n, n_latents, d).
            noises: (n, 1, side, side) each, standard normal, of `noise_sides`.

        Returns:
            (n, channels, size, size) float32, around [-1, 1] and not clipped.
        """
        x = self.start.expand(len(latents), -1, -1, -1)
        x = self.layers[0](x, latents[:, 0], noises[0])
        image: Tensor = self.to_image[0](x, latents[:, 1])
        for number, to_image in enumerate(self.to_image[1:]):
            at = 2 * number + 1
            x = self.layers[at](x, latents[:, at], noises[at])
            x = self.layers[at + 1](x, latents[:, at + 1], noises[at + 1])
            with torch.autocast(x.device.type, enabled=False):
                image = double(image) + to_image(x, latents[:, at + 2])
        return image


class StyleGAN2Generator(nn.Module):
    """Mapping and synthesis, which are trained and averaged together.

    Args:
        options: widths and depths.
        n_classes: classes that can be asked for; 0 makes it unconditional.
    """

    def __init__(self, options: StyleGAN2Options, *, n_classes: int) -> None:
        super().__init__()
        self.mapping = MappingNetwork(
            latent_size=options.latent_size, n_layers=options.mapping_layers, n_classes=n_classes
        )
        self.synthesis = SynthesisNetwork(options)

    def forward(self, noise: Tensor, labels: Tensor, noises: Sequence[Tensor]) -> Tensor:
        """Draw images of one latent each: (n, d), (n,) -> (n, channels, size, size)."""
        latent = self.mapping(noise, labels)
        image: Tensor = self.synthesis(latent[:, None].expand(-1, self.synthesis.n_latents, -1), noises)
        return image
