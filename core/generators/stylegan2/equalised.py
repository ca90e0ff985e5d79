"""Layers whose weights all learn at one pace: drawn from N(0, 1) and scaled by He's constant when used.

References:
    Karras et al., Progressive Growing of GANs, ICLR 2018, sec. 4.1: w_hat = w / c.
"""

from __future__ import annotations

import math

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.generators.stylegan2.resampling import shrink_by_conv

__all__ = ["EqualisedConv2d", "EqualisedLinear", "activate"]

_SLOPE = 0.2
_GAIN = math.sqrt(2)


def activate(x: Tensor) -> Tensor:
    """Leaky ReLU of slope 0.2, times sqrt(2) so that He-scaled layers keep the second moment near 1."""
    return F.leaky_relu(x, _SLOPE) * _GAIN


class EqualisedLinear(nn.Module):
    """Fully connected layer at an equalised learning rate.

    Args:
        n_in: features in.
        n_out: features out.
        bias: value that the bias starts at.
        rate: multiplies the learning rate; 0.01 in the mapping network (Karras et al. 2019, app. C).
    """

    def __init__(self, n_in: int, n_out: int, *, bias: float = 0.0, rate: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in) / rate)
        self.bias = nn.Parameter(torch.full((n_out,), bias / rate))
        self._gain = rate / math.sqrt(n_in)
        self._rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """(..., n_in) -> (..., n_out)."""
        return F.linear(x, self.weight * self._gain, self.bias * self._rate)


class EqualisedConv2d(nn.Module):
    """Convolution at an equalised learning rate; its output has the input's size, or half of it.

    Args:
        n_in: channels in.
        n_out: channels out.
        kernel: side of the kernel in pixels, odd.
        has_bias: whether a bias is added.
        halve: whether the input is low-pass filtered and every second pixel kept.
    """

    def __init__(
        self, n_in: int, n_out: int, kernel: int, *, has_bias: bool = True, halve: bool = False
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(n_out)) if has_bias else None
        self._gain = 1 / math.sqrt(n_in * kernel**2)
        self._halve = halve

    def forward(self, x: Tensor) -> Tensor:
        """(n, n_in, h, w) -> (n, n_out, h, w), or half as high and wide."""
        weight = self.weight * self._gain
        if self._halve:
            return shrink_by_conv(x, weight, self.bias)
        return F.conv2d(x, weight, self.bias, padding=weight.shape[-1] // 2)
