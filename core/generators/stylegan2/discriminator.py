"""The discriminator: residual blocks, the spread within the batch, and a projection on the class.

References:
    Karras et al. 2020, fig. 7c (residual discriminator). Karras et al. 2018, sec. 3 (minibatch standard
    deviation). Miyato and Koyama, cGANs with Projection Discriminator, ICLR 2018, eq. 3.
"""

from __future__ import annotations

import math

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor, nn

from core.generators.stylegan2.equalised import EqualisedConv2d, EqualisedLinear, activate
from core.generators.stylegan2.options import StyleGAN2Options

__all__ = ["StyleGAN2Discriminator", "append_deviation"]

_BASE = 4


def append_deviation(x: Tensor, *, group: int) -> Tensor:
    """Append one channel that says how much the images of a group differ (Karras et al. 2018, sec. 3).

    The standard deviation over the group is averaged over channels and places. Groups take every
    (n / group)-th image, so that neighbours in the batch lie in different ones.

    Args:
        x: (n, c, h, w).
        group: images of a group at most; the largest divisor of n up to it is taken.

    Returns:
        (n, c + 1, h, w).
    """
    n, _, height, width = x.shape
    size = next(divisor for divisor in range(min(group, n), 0, -1) if n % divisor == 0)
    # (n, c, h, w) -> (size, groups, c, h, w)
    grouped = x.reshape(size, n // size, *x.shape[1:])
    variance = (grouped - grouped.mean(dim=0)).square().mean(dim=0)
    spread = (variance + 1e-8).sqrt().mean(dim=(1, 2, 3))  # (groups,)
    return torch.cat([x, spread.repeat(size)[:, None, None, None].expand(-1, 1, height, width)], dim=1)


class _ResidualBlock(nn.Module):
    """Two convolutions that halve the image beside a shortcut that halves it, over sqrt(2)."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.conv0 = EqualisedConv2d(n_in, n_in, 3)
        self.conv1 = EqualisedConv2d(n_in, n_out, 3, halve=True)
        self.shortcut = EqualisedConv2d(n_in, n_out, 1, has_bias=False, halve=True)

    def forward(self, x: Tensor) -> Tensor:
        """(n, n_in, h, w) -> (n, n_out, h/2, w/2)."""
        y = activate(self.conv1(activate(self.conv0(x))))
        total: Tensor = (y + self.shortcut(x)) * math.sqrt(0.5)
        return total


class StyleGAN2Discriminator(nn.Module):
    """Says of each image how real it looks for its class; the logit is high for real ones.

    Args:
        options: widths and depths.
        n_classes: classes of the images; 0 makes it unconditional.
    """

    def __init__(self, options: StyleGAN2Options, *, n_classes: int) -> None:
        super().__init__()
        self._group = options.deviation_group
        self.from_image = EqualisedConv2d(options.channels, options.width_at(options.size_px), 1)
        sides = [options.size_px // 2**i for i in range(int(math.log2(options.size_px // _BASE)))]
        self.blocks = nn.ModuleList(
            _ResidualBlock(options.width_at(side), options.width_at(side // 2)) for side in sides
        )
        width = options.width_at(_BASE)
        self.conv = EqualisedConv2d(width + 1, width, 3)
        self.linear = EqualisedLinear(width * _BASE**2, width)
        self.out = EqualisedLinear(width, 1)
        self.embedding = nn.Embedding(n_classes, width) if n_classes else None

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """(n, channels, size, size) and (n,) int64 classes -> (n,) float32 logits."""
        x = activate(self.from_image(images))
        for block in self.blocks:
            x = block(x)
        # Statistics of few images and the logit itself are left in 32 bits.
        with torch.autocast(images.device.type, enabled=False):
            x = append_deviation(x.float(), group=self._group)
            x = activate(self.linear(activate(self.conv(x)).flatten(1)))
            y: Tensor = self.out(x)[:, 0]
            if self.embedding is not None:
                # Miyato and Koyama 2018, eq. 3: the inner product with the embedded class is added.
                y = y + (x * self.embedding(labels)).sum(dim=1) / math.sqrt(x.shape[1])
        return y
