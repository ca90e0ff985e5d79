"""The encoding half of a two-level VQ-VAE: an image becomes a coarse (top) and a fine (bottom) map of codes.

`core.generators.vqvae2` trains it together with a decoder; the extractors `vqvae-top` and `vqvae-bottom` run
it.

References:
    Razavi et al., Generating Diverse High-Fidelity Images with VQ-VAE-2, NeurIPS 2019, sec. 3.1, algorithm 1
    and appendix A. van den Oord et al., Neural Discrete Representation Learning, NeurIPS 2017, eq. 1 and 2.
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Codebook", "EncoderLayout", "Encoding", "HierarchicalEncoder", "ResidualStack"]


@dataclass(frozen=True, slots=True)
class EncoderLayout:
    """Sizes of an encoder; its weights carry them, so that a file of weights says what it is.

    Attributes:
        size_px: side in pixels of the images that it was trained on.
        channels: 1 for grey, 3 for colour.
        bottom_downsampling: pixels a side of one bottom code: 2, 4 or 8; a top code has twice that.
        width: channels of hidden layers.
        residual_width: channels within residual blocks.
        residual_layers: residual blocks of each stack.
        n_codes: entries of each of the two codebooks.
        code_size: dimensions of an entry.
    """

    size_px: int
    channels: int
    bottom_downsampling: int
    width: int
    residual_width: int
    residual_layers: int
    n_codes: int
    code_size: int

    def to_tensor(self) -> Tensor:
        """(8,) int64."""
        return torch.tensor(astuple(self), dtype=torch.int64)

    @property
    def top_downsampling(self) -> int:
        """Pixels a side of one top code."""
        return 2 * self.bottom_downsampling


class Codebook(nn.Module):
    """Vectors that latents are replaced by; `core.generators.vqvae2.codebook` moves them, not gradients.

    Args:
        n_codes: vectors.
        code_size: dimensions of each.
    """

    vectors: Tensor

    def __init__(self, n_codes: int, code_size: int) -> None:
        super().__init__()
        self.register_buffer("vectors", torch.randn(n_codes, code_size))

    def find_codes(self, latents: Tensor) -> Tensor:
        """Nearest vector of each place: (n, code_size, h, w) -> (n, h, w) int64."""
        with torch.autocast(latents.device.type, enabled=False):
            # (n, d, h, w) -> (n, h, w, d)
            places = latents.detach().float().movedim(1, 3)
            vectors = self.vectors.float()
            # |z - e|^2 without |z|^2, which is the same for all e.
            return (vectors.square().sum(dim=1) - 2 * places @ vectors.T).argmin(dim=3)

    def look_up(self, codes: Tensor) -> Tensor:
        """(n, h, w) codes -> (n, code_size, h, w) vectors."""
        return functional.embedding(codes, self.vectors).movedim(3, 1)

    def forward(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        """Replace each latent by the nearest vector.

        Returns:
            (n, code_size, h, w) vectors, whose gradient goes to the latents as if nothing had been replaced
            (the straight-through estimator, van den Oord et al. 2017, sec. 3.2), and (n, h, w) int64 codes.
        """
        codes = self.find_codes(latents)
        vectors = self.look_up(codes)
        return latents + (vectors - latents).detach(), codes


class ResidualStack(nn.Module):
    """Residual blocks of a 3 x 3 and a 1 x 1 convolution, then a rectifier (van den Oord et al. 2017).

    Args:
        width: channels in and out.
        residual_width: channels between.
        n_layers: blocks.
    """

    def __init__(self, width: int, residual_width: int, n_layers: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.ReLU(),
                nn.Conv2d(width, residual_width, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(residual_width, width, 1),
            )
            for _ in range(n_layers)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(n, width, h, w) -> the same shape."""
        for block in self.blocks:
            x = x + block(x)
        return functional.relu(x)


@dataclass(frozen=True, slots=True)
class Encoding:
    """What an encoder makes of images, for the top and the bottom level.

    Attributes:
        top_latents: (n, code_size, h, w) before they were replaced by vectors.
        top: (n, code_size, h, w) vectors.
        top_codes: (n, h, w) int64.
        bottom_latents: (n, code_size, 2h, 2w).
        bottom: (n, code_size, 2h, 2w).
        bottom_codes: (n, 2h, 2w) int64.
    """

    top_latents: Tensor
    top: Tensor
    top_codes: Tensor
    bottom_latents: Tensor
    bottom: Tensor
    bottom_codes: Tensor


class HierarchicalEncoder(nn.Module):
    """Image to codes on two levels; the bottom sees what the top said (Razavi et al. 2019, algorithm 1).

    Args:
        layout: sizes.
    """

    layout_numbers: Tensor

    def __init__(self, layout: EncoderLayout) -> None:
        super().__init__()
        self.layout = layout
        self.register_buffer("layout_numbers", layout.to_tensor())
        width, size = layout.width, layout.code_size
        stack = (width, layout.residual_width, layout.residual_layers)
        self.from_image = nn.Sequential(
            *_halve(layout.channels, width, int(math.log2(layout.bottom_downsampling))), ResidualStack(*stack)
        )
        self.from_bottom = nn.Sequential(*_halve(width, width, 1), ResidualStack(*stack))
        self.to_top = nn.Conv2d(width, size, 1)
        self.codebook_top = Codebook(layout.n_codes, size)
        self.below_top = nn.Sequential(
            nn.Conv2d(size, width, 3, padding=1),
            ResidualStack(*stack),
            nn.ConvTranspose2d(width, size, 4, 2, 1),
        )
        self.to_bottom = nn.Conv2d(width + size, size, 1)
        self.codebook_bottom = Codebook(layout.n_codes, size)

    def forward(self, images: Tensor) -> Encoding:
        """Encode (n, channels, h, w) images in [-1, 1], h and w multiples of `top_downsampling`."""
        fine = self.from_image(images)  # (n, width, h / f, w / f)
        top_latents = self.to_top(self.from_bottom(fine))  # (n, code_size, h / 2f, w / 2f)
        top, top_codes = self.codebook_top(top_latents)
        bottom_latents = self.to_bottom(torch.cat([fine, self.below_top(top)], dim=1))
        bottom, bottom_codes = self.codebook_bottom(bottom_latents)
        return Encoding(top_latents, top, top_codes, bottom_latents, bottom, bottom_codes)


def _halve(n_in: int, width: int, times: int) -> list[nn.Module]:
    """Convolutions that halve an image's side, at half the width until the last, and one that does not."""
    layers: list[nn.Module] = []
    for number in range(times):
        n_out = width if number == times - 1 and times > 1 else width // 2
        layers += [nn.Conv2d(n_in, n_out, 4, 2, 1), nn.ReLU()]
        n_in = n_out
    return [*layers, nn.Conv2d(n_in, width, 3, padding=1)]
