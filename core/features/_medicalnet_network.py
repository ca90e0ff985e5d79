"""The encoder of MedicalNet: a 3-D residual network whose last two stages widen their view, not shrink it.

References:
    Chen et al., Med3D: Transfer Learning for 3D Medical Image Analysis, arXiv:1904.00625, sec. 3.2: one input
    channel, and stages 3 and 4 of stride 1 with dilation, so that the encoder reduces each side eightfold.
    He et al., Deep Residual Learning for Image Recognition, CVPR 2016, sec. 3.3 (shortcuts A and B), table 1.
"""

from __future__ import annotations

from typing import Final

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import nn
from torch.nn import functional

__all__ = ["DEPTHS", "MedicalNetEncoder", "count_features"]

DEPTHS: Final[dict[int, tuple[tuple[int, int, int, int], bool]]] = {
    10: ((1, 1, 1, 1), False),
    18: ((2, 2, 2, 2), False),
    34: ((3, 4, 6, 3), False),
    50: ((3, 4, 6, 3), True),
    101: ((3, 4, 23, 3), True),
    152: ((3, 8, 36, 3), True),
    200: ((3, 24, 36, 3), True),
}
"""Blocks of each stage, and whether blocks have a bottleneck, by depth."""

_WIDTHS: Final = (64, 128, 256, 512)
_STRIDES: Final = (1, 2, 1, 1)
_DILATIONS: Final = (1, 1, 2, 4)
_WIDENING: Final = 4  # a bottleneck's output over its width


def count_features(depth: int) -> int:
    """Channels of the last stage."""
    return _WIDTHS[-1] * (_WIDENING if DEPTHS[depth][1] else 1)


def _convolve(n_in: int, n_out: int, *, side: int, stride: int = 1, dilation: int = 1) -> nn.Conv3d:
    padding = dilation * (side // 2)
    return nn.Conv3d(n_in, n_out, side, stride=stride, padding=padding, dilation=dilation, bias=False)


class _Padding(nn.Module):
    """Shortcut A: every other voxel, and channels of zeros; it has no weights."""

    def __init__(self, n_out: int, stride: int) -> None:
        super().__init__()
        self.n_out = n_out
        self.stride = stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        every = slice(None, None, self.stride)
        x = x[:, :, every, every, every]
        # The last pair of the padding is that of channels.
        return functional.pad(x, (0, 0, 0, 0, 0, 0, 0, self.n_out - x.shape[1]))


class _Block(nn.Module):
    """Two or, with a bottleneck, three convolutions beside a shortcut.

    Attributes are named as in the published files.
    """

    def __init__(
        self,
        n_in: int,
        width: int,
        *,
        stride: int,
        dilation: int,
        has_bottleneck: bool,
        learns_shortcut: bool,
    ) -> None:
        super().__init__()
        n_out = width * (_WIDENING if has_bottleneck else 1)
        if has_bottleneck:
            self.conv1 = _convolve(n_in, width, side=1)
            self.conv2 = _convolve(width, width, side=3, stride=stride, dilation=dilation)
            self.conv3 = _convolve(width, n_out, side=1)
            self.bn3 = nn.BatchNorm3d(n_out)
        else:
            self.conv1 = _convolve(n_in, width, side=3, stride=stride, dilation=dilation)
            self.conv2 = _convolve(width, width, side=3, dilation=dilation)
        self.bn1 = nn.BatchNorm3d(width)
        self.bn2 = nn.BatchNorm3d(width)
        self.has_bottleneck = has_bottleneck
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or n_in != n_out:
            learnt = nn.Sequential(_convolve(n_in, n_out, side=1, stride=stride), nn.BatchNorm3d(n_out))
            self.downsample = learnt if learns_shortcut else _Padding(n_out, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = functional.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.has_bottleneck:
            y = self.bn3(self.conv3(functional.relu(y)))
        return functional.relu(y + self.downsample(x))


class MedicalNetEncoder(nn.Module):
    """MedicalNet without its segmentation head, averaged over the last stage's voxels.

    Args:
        depth: one of `DEPTHS`.
        learns_shortcut: whether shortcuts between stages are convolutions (B) or padding (A).
    """

    def __init__(self, depth: int, *, learns_shortcut: bool) -> None:
        super().__init__()
        n_blocks, has_bottleneck = DEPTHS[depth]
        self.conv1 = _convolve(1, _WIDTHS[0], side=7, stride=2)
        self.bn1 = nn.BatchNorm3d(_WIDTHS[0])
        n_in = _WIDTHS[0]
        for number, (n, width) in enumerate(zip(n_blocks, _WIDTHS, strict=True)):
            blocks = []
            for at in range(n):
                blocks.append(
                    _Block(
                        n_in,
                        width,
                        stride=_STRIDES[number] if at == 0 else 1,
                        dilation=_DILATIONS[number],
                        has_bottleneck=has_bottleneck,
                        learns_shortcut=learns_shortcut,
                    )
                )
                n_in = width * (_WIDENING if has_bottleneck else 1)
            self.add_module(f"layer{number + 1}", nn.Sequential(*blocks))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, 1, slices, rows, columns) -> (batch, features)."""
        x = functional.relu(self.bn1(self.conv1(x)))
        x = functional.max_pool3d(x, 3, stride=2, padding=1)
        for number in range(len(_WIDTHS)):
            x = self.get_submodule(f"layer{number + 1}")(x)
        return x.mean(dim=(2, 3, 4))
