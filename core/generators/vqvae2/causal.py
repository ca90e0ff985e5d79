"""Causal layers, over a whole map at once or place by place in reading order.

Training sees a whole map. Drawing goes place by place, and computes at each place only what is new there: all
that earlier places gave is remembered. A network is written once, against `View`, and runs either way.

References:
    van den Oord et al., Pixel Recurrent Neural Networks, ICML 2016, sec. 3.4 (masked convolutions).
    Chen et al. 2018, sec. 2.2 (causal attention). Ramachandran et al., Fast Generation for Convolutional
    Autoregressive Models, ICLR 2017 workshop (remembering earlier places).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["CausalConv2d", "PlaceByPlace", "View", "WholeMap"]


class CausalConv2d(nn.Module):
    """Convolution that sees rows above, and its own row up to and with its own place.

    Args:
        n_in: channels in.
        n_out: channels out.
        kernel: side of the window, odd; its rows below the middle are left out.
        sees_own: whether the place itself is seen; the first layer, which reads what is to be told, does not.
    """

    mask: Tensor

    def __init__(self, n_in: int, n_out: int, kernel: int, *, sees_own: bool = True) -> None:
        super().__init__()
        self.kernel, self.rows = kernel, kernel // 2 + 1
        self.weight = nn.Parameter(torch.empty(n_out, n_in, self.rows, kernel))
        self.bias = nn.Parameter(torch.zeros(n_out))
        mask = torch.ones(self.rows, kernel)
        mask[-1, kernel // 2 + int(sees_own) :] = 0
        self.register_buffer("mask", mask, persistent=False)
        n_seen = (self.rows - 1) * kernel + kernel // 2 + int(sees_own)
        bound = 1 / math.sqrt(n_in * n_seen)
        nn.init.uniform_(self.weight, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        """(n, n_in, h, w) -> (n, n_out, h, w)."""
        side = self.kernel // 2
        return functional.conv2d(functional.pad(x, (side, side, side, 0)), self.weight * self.mask, self.bias)


class View(Protocol):
    """What a causal network computes on: maps of (n, c, h, w), or their cut at one place, (n, c, 1, 1)."""

    def convolve(self, layer: CausalConv2d, x: Tensor) -> Tensor:
        """Run a causal convolution."""

    def look_at(self, layer: nn.Module, known: Tensor) -> Tensor:
        """Run a layer of single places on what is known from the start: (n, c, h, w), or (n, c, 1, 1)."""

    def attend(self, key_layer: nn.Module, *, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Attend to all places up to and with the own one.

        Args:
            key_layer: what the keys come from, to remember them by.
            query: (n, heads, d, h, w).
            key: like the query.
            value: (n, heads, e, h, w).

        Returns:
            (n, heads * e, h, w).
        """


class WholeMap:
    """All places at once; see `View`."""

    def convolve(self, layer: CausalConv2d, x: Tensor) -> Tensor:
        """(n, c, h, w) -> (n, c', h, w)."""
        convolved: Tensor = layer(x)
        return convolved

    def look_at(self, layer: nn.Module, known: Tensor) -> Tensor:
        """(n, c, h, w) -> (n, c', h, w)."""
        seen: Tensor = layer(known)
        return seen

    def attend(self, key_layer: nn.Module, *, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Masked attention: (n, heads, d, h, w) -> (n, heads * e, h, w)."""
        n, heads, size, height, width = value.shape
        # (n, heads, d, h, w) -> (n, heads, h * w, d)
        q, k, v = (one.flatten(3).transpose(2, 3) for one in (query, key, value))
        attended = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return attended.transpose(2, 3).reshape(n, heads * size, height, width)


class PlaceByPlace:
    """One place after the other, in reading order; see `View`.

    Args:
        height: rows of the map.
        width: its columns.

    Attributes:
        row: where it stands; 0 at first.
        column: where it stands.
    """

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width
        self.row = self.column = 0
        self._rows: dict[nn.Module, _Rows] = {}
        self._weights: dict[nn.Module, Tensor] = {}
        self._keys: dict[nn.Module, tuple[Tensor, Tensor]] = {}

    def move_to(self, row: int, column: int) -> None:
        """Go to the next place."""
        self.row, self.column = row, column

    def convolve(self, layer: CausalConv2d, x: Tensor) -> Tensor:
        """(n, c, 1, 1) -> (n, c', 1, 1)."""
        if layer not in self._weights:
            # (c', c, rows, kernel) -> (c', rows * kernel * c), in the order of a window's numbers
            self._weights[layer] = (layer.weight * layer.mask).permute(0, 2, 3, 1).flatten(1)
        window = x
        if layer.kernel > 1:
            self.remember(layer, x)
            window = self._rows[layer].inputs[:, :, self.column : self.column + layer.kernel]
        return functional.linear(window.flatten(1), self._weights[layer], layer.bias)[:, :, None, None]

    def remember(self, layer: CausalConv2d, x: Tensor) -> None:
        """Put (n, c, 1, 1) where a layer's windows read it, in place of what is there."""
        side = layer.kernel // 2
        if layer not in self._rows:
            shape = (len(x), layer.rows, self.width + 2 * side, x.shape[1])
            self._rows[layer] = _Rows(x.new_zeros(shape), self.row)
        rows = self._rows[layer]
        if rows.last < self.row:
            rows.inputs = functional.pad(rows.inputs[:, 1:], (0, 0, 0, 0, 0, 1))
            rows.last = self.row
        rows.inputs[:, -1, self.column + side] = x.flatten(1)

    def look_at(self, layer: nn.Module, known: Tensor) -> Tensor:
        """(n, c, h, w) or (n, c, 1, 1) -> (n, c', 1, 1)."""
        if known.shape[2:] != (1, 1):
            known = known[:, :, self.row : self.row + 1, self.column : self.column + 1]
        seen: Tensor = layer(known)
        return seen

    def attend(self, key_layer: nn.Module, *, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """(n, heads, d, 1, 1) -> (n, heads * e, 1, 1)."""
        place, places = self.row * self.width + self.column, self.height * self.width
        if key_layer not in self._keys:
            n, heads = key.shape[:2]
            self._keys[key_layer] = (
                key.new_zeros(n, heads, places, key.shape[2]),
                value.new_zeros(n, heads, places, value.shape[2]),
            )
        keys, values = self._keys[key_layer]
        keys[:, :, place], values[:, :, place] = key.flatten(2), value.flatten(2)
        # (n, heads, 1, d) against (n, heads, place + 1, d)
        scores = query.flatten(2)[:, :, None] @ keys[:, :, : place + 1].transpose(2, 3)
        weights = torch.softmax(scores / math.sqrt(key.shape[2]), dim=3)
        return (weights @ values[:, :, : place + 1]).reshape(len(key), -1, 1, 1)


@dataclass(slots=True)
class _Rows:
    """What a convolution reads: its last rows, (n, rows, width + margins, c), and the last one's number."""

    inputs: Tensor
    last: int
