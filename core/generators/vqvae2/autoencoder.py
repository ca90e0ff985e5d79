"""The autoencoder: image to codes on two levels, and codes to image.

References:
    Razavi et al. 2019, sec. 3.1, algorithm 1 and appendix A.
"""

from __future__ import annotations

import math

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor, nn

from core.features.vqvae_encoder import EncoderLayout, Encoding, HierarchicalEncoder, ResidualStack
from core.generators.vqvae2.options import Vqvae2Options

__all__ = ["Vqvae2Autoencoder", "Vqvae2Decoder"]


class Vqvae2Decoder(nn.Module):
    """Vectors of both levels to an image: the top level is doubled and laid beside the bottom level.

    Args:
        layout: sizes.
    """

    def __init__(self, layout: EncoderLayout) -> None:
        super().__init__()
        width, size = layout.width, layout.code_size
        self.double_top = nn.ConvTranspose2d(size, size, 4, 2, 1)
        layers: list[nn.Module] = [
            nn.Conv2d(2 * size, width, 3, padding=1),
            ResidualStack(width, layout.residual_width, layout.residual_layers),
        ]
        times, n_in = int(math.log2(layout.bottom_downsampling)), width
        for _ in range(times - 1):
            layers += [nn.ConvTranspose2d(n_in, width // 2, 4, 2, 1), nn.ReLU()]
            n_in = width // 2
        self.to_image = nn.Sequential(*layers, nn.ConvTranspose2d(n_in, layout.channels, 4, 2, 1))

    def forward(self, top: Tensor, bottom: Tensor) -> Tensor:
        """(n, code_size, h, w) and (n, code_size, 2h, 2w) -> (n, channels, ...) around [-1, 1], unclipped."""
        images: Tensor = self.to_image(torch.cat([self.double_top(top), bottom], dim=1))
        return images


class Vqvae2Autoencoder(nn.Module):
    """Encoder and decoder, which are trained together.

    Args:
        options: sizes.
    """

    def __init__(self, options: Vqvae2Options) -> None:
        super().__init__()
        layout = EncoderLayout(
            size_px=options.size_px,
            channels=options.channels,
            bottom_downsampling=options.bottom_downsampling,
            width=options.width,
            residual_width=options.residual_width,
            residual_layers=options.residual_layers,
            n_codes=options.n_codes,
            code_size=options.code_size,
        )
        self.encoder = HierarchicalEncoder(layout)
        self.decoder = Vqvae2Decoder(layout)

    def forward(self, images: Tensor) -> tuple[Tensor, Encoding]:
        """Encode and decode (n, channels, size, size) in [-1, 1]."""
        encoding: Encoding = self.encoder(images)
        return self.decoder(encoding.top, encoding.bottom), encoding

    @torch.no_grad()
    def decode(self, top_codes: Tensor, bottom_codes: Tensor) -> Tensor:
        """Decode codes, one image at a time.

        In batches, the last bits of a convolution depend on the batch's size.

        Args:
            top_codes: (n, h, w) int64.
            bottom_codes: (n, 2h, 2w) int64.

        Returns:
            (n, channels, size, size) float32, clipped to [-1, 1].
        """
        top = self.encoder.codebook_top.look_up(top_codes)
        bottom = self.encoder.codebook_bottom.look_up(bottom_codes)
        images = [self.decoder(top[one : one + 1], bottom[one : one + 1]) for one in range(len(top))]
        return torch.cat(images).clamp(-1, 1)
