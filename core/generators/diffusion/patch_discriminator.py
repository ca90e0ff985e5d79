"""A discriminator of patches, which tells an autoencoder where its images are too smooth."""

from __future__ import annotations

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
from typing import Final

from torch import Tensor, nn

__all__ = ["PatchDiscriminator"]

# Isola et al. 2017, sec. 6.1: 4 x 4 convolutions, leaks of 0.2, weights from N(0, 0.02).
_LEAK: Final = 0.2
_WEIGHT_SD: Final = 0.02
_STRIDED: Final = 3
_MOST_DOUBLINGS: Final = 3


class PatchDiscriminator(nn.Module):
    """Judges overlapping patches of 70 pixels a side, each on its own.

    Group norms stand in for batch norms, so that no image's verdict depends on its batch.

    Args:
        channels: of images.
        width: channels at half the side, doubled at each halving.

    References:
        Isola et al., Image-to-Image Translation with Conditional Adversarial Networks, CVPR 2017, sec. 3.2.2.
    """

    def __init__(self, channels: int, *, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(_LEAK)]
        n_in = width
        for level in range(1, _STRIDED + 1):
            n_out = width * 2 ** min(level, _MOST_DOUBLINGS)
            stride = 2 if level < _STRIDED else 1
            layers += [
                nn.Conv2d(n_in, n_out, 4, stride, 1, bias=False),
                nn.GroupNorm(min(32, n_out // 4), n_out),
                nn.LeakyReLU(_LEAK),
            ]
            n_in = n_out
        self.layers = nn.Sequential(*layers, nn.Conv2d(n_in, 1, 4, 1, 1))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, 0.0, _WEIGHT_SD)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, images: Tensor) -> Tensor:
        """(n, channels, side, side) in [-1, 1] -> (n, 1, patches, patches) logits; high looks real."""
        logits: Tensor = self.layers(images)
        return logits
