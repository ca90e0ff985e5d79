"""The autoencoder of latent diffusion: images to latents of an eighth of their side, and back."""

from __future__ import annotations

import math
from typing import Any

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from diffusers import VQModel
from torch import Tensor, nn

from core.generators.diffusion.latent_options import LatentDiffusionOptions

__all__ = ["LatentAutoencoder", "LatentScale", "Reconstruction"]

_MOST_GROUPS = 32


class Reconstruction:
    """What training sees of a batch.

    Attributes:
        images: (n, channels, side, side), not clipped.
        latents: (n * h * w, latent_channels) before they were rounded to codes, without gradients.
        codes: (n * h * w,) int64 the codes that they were rounded to.
        rounding: the loss that brings codes and latents together; a scalar.
    """

    __slots__ = ("codes", "images", "latents", "rounding")

    def __init__(self, images: Tensor, latents: Tensor, codes: Tensor, rounding: Tensor) -> None:
        self.images, self.latents, self.codes, self.rounding = images, latents, codes, rounding


class LatentAutoencoder(nn.Module):
    """diffusers' VQ autoencoder, whose decoder rounds latents to its codes.

    Args:
        options: sizes.

    References:
        Rombach et al. 2022, sec. 3.1: in the VQ-regularised autoencoder, rounding belongs to the decoder, and
        diffusion takes place on latents before it.
    """

    def __init__(self, options: LatentDiffusionOptions) -> None:
        super().__init__()
        widths = tuple(options.autoencoder_width * factor for factor in options.autoencoder_factors)
        build: Any = VQModel  # has no annotations
        self.network: Any = build(
            in_channels=options.channels,
            out_channels=options.channels,
            down_block_types=("DownEncoderBlock2D",) * len(widths),
            up_block_types=("UpDecoderBlock2D",) * len(widths),
            block_out_channels=widths,
            layers_per_block=options.autoencoder_blocks,
            latent_channels=options.latent_channels,
            num_vq_embeddings=options.n_codes,
            norm_num_groups=math.gcd(widths[0], min(_MOST_GROUPS, widths[0] // 4)),
        )
        # As built, diffusers' quantiser weighs the codebook's loss by beta in place of the commitment's, for
        # the sake of models that were trained so.
        self.network.quantize.legacy = False
        self.network.quantize.beta = options.commitment

    @property
    def codebook(self) -> Tensor:
        """(n_codes, latent_channels) vectors of codes."""
        weight: Tensor = self.network.quantize.embedding.weight
        return weight

    @property
    def last_layer(self) -> Tensor:
        """Weights of the decoder's last convolution."""
        weight: Tensor = self.network.decoder.conv_out.weight
        return weight

    def forward(self, images: Tensor) -> Reconstruction:
        """Encode, round and decode (n, channels, size, size) in [-1, 1]."""
        latents = self.network.encode(images).latents
        # Distances between vectors and losses of their rounding want 32 bits.
        with torch.autocast(images.device.type, enabled=False):
            rounded, rounding, (_, _, codes) = self.network.quantize(latents.float())
        decoded = self.network.decoder(self.network.post_quant_conv(rounded))
        # (n, c, h, w) -> (n * h * w, c), in the order of codes
        flat = latents.detach().float().permute(0, 2, 3, 1).flatten(0, 2)
        return Reconstruction(decoded.float(), flat, codes, rounding)

    @torch.no_grad()
    def encode(self, images: Tensor) -> Tensor:
        """(n, channels, size, size) in [-1, 1] -> (n, latent_channels, size / 8, size / 8), not rounded."""
        latents: Tensor = self.network.encode(images).latents
        return latents.float()

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        """Round and decode, one image at a time.

        In batches, the last bits of a convolution depend on the batch's size; and a large image takes memory.

        Args:
            latents: (n, latent_channels, h, w).

        Returns:
            (n, channels, 8 h, 8 w) float32, clipped to [-1, 1].
        """
        images = [self.network.decode(one[None]).sample.float().clamp(-1, 1) for one in latents]
        return torch.cat(images)


class LatentScale(nn.Module):
    """Brings latents to mean 0 and unit variance, channel by channel, and back.

    Args:
        channels: of the latent space.

    References:
        Rombach et al. 2022, appendix G: latents are divided by their standard deviation, so that noise of one
        schedule suits them; here by channel, over all training images, and without their mean.
    """

    mean: Tensor
    deviation: Tensor
    bound: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("deviation", torch.ones(channels))
        self.register_buffer("bound", torch.ones(()))

    def measure(self, mean: Tensor, variance: Tensor, largest: Tensor) -> None:
        """Take (channels,) statistics of the training images' latents; the last is the largest |z - mean|."""
        self.mean.copy_(mean)
        # A channel that never changes stays as it is.
        self.deviation.copy_(torch.where(variance > 1e-12, variance, torch.ones_like(variance)).sqrt())
        # What is drawn goes no further out than what was seen.
        self.bound.copy_((largest.to(self.deviation) / self.deviation).max())

    def scale(self, latents: Tensor) -> Tensor:
        """(n, channels, h, w) of an encoder -> of unit variance."""
        return (latents - self.mean[:, None, None]) / self.deviation[:, None, None]

    def unscale(self, latents: Tensor) -> Tensor:
        """(n, channels, h, w) of unit variance -> for the decoder."""
        return latents * self.deviation[:, None, None] + self.mean[:, None, None]
