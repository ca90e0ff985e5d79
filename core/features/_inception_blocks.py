"""The network behind FID: Inception v3 as TensorFlow's 2015-12-05 graph has it.

Layer names are torchvision's, so that the port of the weights that pytorch-fid publishes fits. The graph
differs from torchvision's network in its pools: average pools do not count padding, and the last block takes
a maximum.

References:
    Szegedy et al., Rethinking the Inception Architecture for Computer Vision, CVPR 2016; figures are its own.
"""

from __future__ import annotations

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["BasicConv2d", "InceptionNetwork"]

_Size = int | tuple[int, int]


class BasicConv2d(nn.Module):
    """Convolution, batch norm and ReLU; `fold` leaves a convolution with bias and ReLU."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: _Size, *, stride: int = 1, padding: _Size = 0
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, bias=False)
        self.bn: nn.Module = nn.BatchNorm2d(out_channels, eps=0.001)

    def affine(self, x: Tensor) -> Tensor:
        """All but the ReLU."""
        y: Tensor = self.bn(self.conv(x))
        return y

    def forward(self, x: Tensor) -> Tensor:
        """(batch, in_channels, h, w) -> (batch, out_channels, h', w')."""
        return self.affine(x).relu_()

    def fold(self) -> None:
        """Put the batch norm's running statistics into the convolution, in float64."""
        bn = self.bn
        if not isinstance(bn, nn.BatchNorm2d) or bn.running_mean is None or bn.running_var is None:
            return
        gain = bn.weight.double() / (bn.running_var.double() + bn.eps).sqrt()
        bias = bn.bias.double() - bn.running_mean.double() * gain
        weight = self.conv.weight * gain.reshape(-1, 1, 1, 1)
        self.conv.weight = nn.Parameter(weight.float(), requires_grad=False)
        self.conv.bias = nn.Parameter(bias.float(), requires_grad=False)
        self.bn = nn.Identity()


def _pool_then_convolve(x: Tensor, convolution: BasicConv2d) -> Tensor:
    """Average 3 x 3 neighbours that are there, then convolve 1 x 1.

    Both are linear and the average keeps constants, so they commute: pooling the few output channels instead
    of the many input channels gives the same in less time.
    """
    y = F.avg_pool2d(convolution.affine(x), 3, stride=1, padding=1, count_include_pad=False)
    return y.relu_()


class _BlockA(nn.Module):
    """Figure 5: the 5 x 5 of the first Inception beside its factors of 3 x 3."""

    def __init__(self, in_channels: int, *, pool_features: int) -> None:
        super().__init__()
        self.branch1x1 = BasicConv2d(in_channels, 64, 1)
        self.branch5x5_1 = BasicConv2d(in_channels, 48, 1)
        self.branch5x5_2 = BasicConv2d(48, 64, 5, padding=2)
        self.branch3x3dbl_1 = BasicConv2d(in_channels, 64, 1)
        self.branch3x3dbl_2 = BasicConv2d(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = BasicConv2d(96, 96, 3, padding=1)
        self.branch_pool = BasicConv2d(in_channels, pool_features, 1)

    def forward(self, x: Tensor) -> Tensor:
        five = self.branch5x5_2(self.branch5x5_1(x))
        double_three = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        pooled = _pool_then_convolve(x, self.branch_pool)
        return torch.cat([self.branch1x1(x), five, double_three, pooled], dim=1)


class _BlockB(nn.Module):
    """Figure 10: halves the grid from 35 to 17 at 299 pixels."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.branch3x3 = BasicConv2d(in_channels, 384, 3, stride=2)
        self.branch3x3dbl_1 = BasicConv2d(in_channels, 64, 1)
        self.branch3x3dbl_2 = BasicConv2d(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = BasicConv2d(96, 96, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        double_three = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch3x3(x), double_three, F.max_pool2d(x, 3, stride=2)], dim=1)


class _BlockC(nn.Module):
    """Figure 6: 7 x 7 convolutions as rows and columns."""

    def __init__(self, in_channels: int, *, channels_7x7: int) -> None:
        super().__init__()
        c = channels_7x7
        row: tuple[_Size, _Size] = ((1, 7), (0, 3))
        column: tuple[_Size, _Size] = ((7, 1), (3, 0))
        self.branch1x1 = BasicConv2d(in_channels, 192, 1)
        self.branch7x7_1 = BasicConv2d(in_channels, c, 1)
        self.branch7x7_2 = BasicConv2d(c, c, row[0], padding=row[1])
        self.branch7x7_3 = BasicConv2d(c, 192, column[0], padding=column[1])
        self.branch7x7dbl_1 = BasicConv2d(in_channels, c, 1)
        self.branch7x7dbl_2 = BasicConv2d(c, c, column[0], padding=column[1])
        self.branch7x7dbl_3 = BasicConv2d(c, c, row[0], padding=row[1])
        self.branch7x7dbl_4 = BasicConv2d(c, c, column[0], padding=column[1])
        self.branch7x7dbl_5 = BasicConv2d(c, 192, row[0], padding=row[1])
        self.branch_pool = BasicConv2d(in_channels, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        seven = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        double_seven = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        double_seven = self.branch7x7dbl_5(self.branch7x7dbl_4(double_seven))
        pooled = _pool_then_convolve(x, self.branch_pool)
        return torch.cat([self.branch1x1(x), seven, double_seven, pooled], dim=1)


class _BlockD(nn.Module):
    """Figure 10 again: halves the grid from 17 to 8 at 299 pixels."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.branch3x3_1 = BasicConv2d(in_channels, 192, 1)
        self.branch3x3_2 = BasicConv2d(192, 320, 3, stride=2)
        self.branch7x7x3_1 = BasicConv2d(in_channels, 192, 1)
        self.branch7x7x3_2 = BasicConv2d(192, 192, (1, 7), padding=(0, 3))
        self.branch7x7x3_3 = BasicConv2d(192, 192, (7, 1), padding=(3, 0))
        self.branch7x7x3_4 = BasicConv2d(192, 192, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        three = self.branch3x3_2(self.branch3x3_1(x))
        seven = self.branch7x7x3_4(self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x))))
        return torch.cat([three, seven, F.max_pool2d(x, 3, stride=2)], dim=1)


class _BlockE(nn.Module):
    """Figure 7: 3 x 3 convolutions as a row and a column side by side."""

    def __init__(self, in_channels: int, *, max_pool: bool) -> None:
        super().__init__()
        self.max_pool = max_pool
        self.branch1x1 = BasicConv2d(in_channels, 320, 1)
        self.branch3x3_1 = BasicConv2d(in_channels, 384, 1)
        self.branch3x3_2a = BasicConv2d(384, 384, (1, 3), padding=(0, 1))
        self.branch3x3_2b = BasicConv2d(384, 384, (3, 1), padding=(1, 0))
        self.branch3x3dbl_1 = BasicConv2d(in_channels, 448, 1)
        self.branch3x3dbl_2 = BasicConv2d(448, 384, 3, padding=1)
        self.branch3x3dbl_3a = BasicConv2d(384, 384, (1, 3), padding=(0, 1))
        self.branch3x3dbl_3b = BasicConv2d(384, 384, (3, 1), padding=(1, 0))
        self.branch_pool = BasicConv2d(in_channels, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        three = self.branch3x3_1(x)
        double_three = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        if self.max_pool:
            pooled = self.branch_pool(F.max_pool2d(x, 3, stride=1, padding=1))
        else:
            pooled = _pool_then_convolve(x, self.branch_pool)
        branches = [
            self.branch1x1(x),
            self.branch3x3_2a(three),
            self.branch3x3_2b(three),
            self.branch3x3dbl_3a(double_three),
            self.branch3x3dbl_3b(double_three),
            pooled,
        ]
        return torch.cat(branches, dim=1)


class InceptionNetwork(nn.Module):
    """Inception v3 up to its last average, with the classifier's weights beside it.

    Grid sizes below are those at 299 pixels; 75 pixels is the least that leaves a grid at the end.
    """

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = BasicConv2d(3, 32, 3, stride=2)
        self.Conv2d_2a_3x3 = BasicConv2d(32, 32, 3)
        self.Conv2d_2b_3x3 = BasicConv2d(32, 64, 3, padding=1)
        self.Conv2d_3b_1x1 = BasicConv2d(64, 80, 1)
        self.Conv2d_4a_3x3 = BasicConv2d(80, 192, 3)
        self.Mixed_5b = _BlockA(192, pool_features=32)
        self.Mixed_5c = _BlockA(256, pool_features=64)
        self.Mixed_5d = _BlockA(288, pool_features=64)
        self.Mixed_6a = _BlockB(288)
        self.Mixed_6b = _BlockC(768, channels_7x7=128)
        self.Mixed_6c = _BlockC(768, channels_7x7=160)
        self.Mixed_6d = _BlockC(768, channels_7x7=160)
        self.Mixed_6e = _BlockC(768, channels_7x7=192)
        self.Mixed_7a = _BlockD(768)
        self.Mixed_7b = _BlockE(1280, max_pool=False)
        self.Mixed_7c = _BlockE(2048, max_pool=True)
        self.fc = nn.Linear(2048, 1008)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Features and logits without bias.

        Args:
            x: (batch, 3, h, w) about -1 to 1, at least 75 pixels a side.

        Returns:
            (batch, 2048) float32 averages over the last grid, and (batch, 1008) float32 products of them with
            the classifier's weights, its bias left out as in the inception score's published code
            ("unbiased" logits in torch-fidelity).
        """
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = F.max_pool2d(x, 3, stride=2)  # (batch, 64, 73, 73)
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x))
        x = F.max_pool2d(x, 3, stride=2)  # (batch, 192, 35, 35)
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(x)))  # (batch, 288, 35, 35)
        x = self.Mixed_6a(x)  # (batch, 768, 17, 17)
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(x))))
        x = self.Mixed_7a(x)  # (batch, 1280, 8, 8)
        x = self.Mixed_7c(self.Mixed_7b(x))  # (batch, 2048, 8, 8)
        features = x.float().mean(dim=(2, 3))
        return features, features @ self.fc.weight.float().T

    def fold(self) -> None:
        """Fold every batch norm into its convolution; for inference only."""
        for module in list(self.modules()):
            if isinstance(module, BasicConv2d):
                module.fold()
