"""Filtered resampling by a factor of two, so that doubling and halving neither alias nor draw a checkerboard.

References:
    Karras et al. 2019, sec. 2, after Zhang, Making Convolutional Networks Shift-Invariant Again, ICML 2019;
    the filter of Karras et al. 2020 is [1, 3, 3, 1] in each direction.
"""

from __future__ import annotations

from functools import lru_cache

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["blur", "double", "grow_by_conv", "halve", "shrink_by_conv"]

_TAPS = (1.0, 3.0, 3.0, 1.0)


@lru_cache(maxsize=16)
def _kernel(device: torch.device, dtype: torch.dtype) -> Tensor:
    """(1, 1, 4, 4), of sum 1."""
    taps = torch.tensor(_TAPS, device=device, dtype=dtype)
    taps = taps / taps.sum()
    return (taps[:, None] * taps[None, :])[None, None]


def _kernels(x: Tensor) -> Tensor:
    """(c, 1, 4, 4), one for each channel of x."""
    return _kernel(x.device, x.dtype).expand(x.shape[1], -1, -1, -1)


def blur(x: Tensor, *, padding: int, stride: int = 1, gain: float = 1.0) -> Tensor:
    """Filter every channel by itself: (n, c, h, w) -> (n, c, h + 2 padding - 3, ...), then every `stride`-th.

    Zeros lie around the image.
    """
    return F.conv2d(x, _kernels(x) * gain, padding=padding, stride=stride, groups=x.shape[1])


def halve(x: Tensor) -> Tensor:
    """(n, c, h, w) -> (n, c, h/2, w/2)."""
    return blur(x, padding=1, stride=2)


def double(x: Tensor) -> Tensor:
    """(n, c, h, w) -> (n, c, 2h, 2w): zeros between pixels, then the filter times 4, which keeps the mean."""
    return F.conv_transpose2d(x, _kernels(x) * 4, stride=2, padding=1, groups=x.shape[1])


def shrink_by_conv(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Filter, then convolve at every second pixel: (n, c, h, w) -> (n, c', h/2, w/2).

    Args:
        x: what is halved.
        weight: (c', c, k, k), k odd.
        bias: (c',), or None.
    """
    reach = weight.shape[-1] // 2
    if reach == 0:  # a 1 x 1 convolution commutes with the filter and need not see what is dropped
        return F.conv2d(halve(x), weight, bias)
    return F.conv2d(blur(x, padding=1 + reach), weight, bias, stride=2)


def grow_by_conv(x: Tensor, weight: Tensor) -> Tensor:
    """Convolve with a stride of one half, then filter: (n, c, h, w) -> (n, c', 2h, 2w).

    Args:
        x: what is doubled.
        weight: (c', c, 3, 3).
    """
    return blur(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2), padding=1, gain=4.0)
