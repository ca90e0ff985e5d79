"""Convolution whose weights are scaled by the image's own style, and scaled back to unit variance.

References:
    Karras et al. 2020, sec. 2.2: modulation (eq. 1) and demodulation (eq. 3).
"""

from __future__ import annotations

import math

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.generators.stylegan2.equalised import EqualisedLinear
from core.generators.stylegan2.resampling import grow_by_conv

__all__ = ["ModulatedConv2d", "modulated_conv2d"]

_EPSILON = 1e-8


def modulated_conv2d(
    x: Tensor, weight: Tensor, style: Tensor, *, demodulate: bool = True, grow: bool = False
) -> Tensor:
    """Convolve image n with weights `style[n, i] * weight[o, i]`, each output filter at unit norm.

    Scaling weights by style over input channels is scaling the input, and scaling them back over output
    channels is scaling the output; so all images share one convolution and no weights are made per image.

    Args:
        x: (n, i, h, w).
        weight: (o, i, k, k).
        style: (n, i), s_i of eq. 1.
        demodulate: whether to divide by the norm, eq. 3.
        grow: whether the output is twice as high and wide.

    Returns:
        (n, o, h, w), or twice as high and wide.
    """
    y = x * style[:, :, None, None].to(x.dtype)
    y = grow_by_conv(y, weight) if grow else F.conv2d(y, weight, padding=weight.shape[-1] // 2)
    if not demodulate:
        return y
    with torch.autocast(x.device.type, enabled=False):
        # sum over i and k of (s_i w_oik)^2 = sum over i of s_i^2 * (sum over k of w_oik^2)
        squares = style.float().square() @ weight.float().square().sum(dim=(2, 3)).T
        scale = (squares + _EPSILON).rsqrt()  # (n, o)
    return y * scale[:, :, None, None].to(y.dtype)


class ModulatedConv2d(nn.Module):
    """Modulated convolution with the affine map ("A") from latent to style, which starts at 1.

    Args:
        n_in: channels in.
        n_out: channels out.
        kernel: side of the kernel in pixels, odd.
        latent_size: dimensions of the latent.
        demodulate: whether outputs are scaled back to unit variance.
        grow: whether the output is twice as high and wide.
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        kernel: int,
        *,
        latent_size: int,
        demodulate: bool = True,
        grow: bool = False,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in, kernel, kernel))
        self.affine = EqualisedLinear(latent_size, n_in, bias=1.0)
        self._gain = 1 / math.sqrt(n_in * kernel**2)
        self._demodulate = demodulate
        self._grow = grow

    def forward(self, x: Tensor, latent: Tensor) -> Tensor:
        """(n, n_in, h, w) and (n, latent_size) -> (n, n_out, h, w), or twice as high and wide."""
        return modulated_conv2d(
            x,
            self.weight * self._gain,
            self.affine(latent),
            demodulate=self._demodulate,
            grow=self._grow,
        )
