"""PixelSNAIL: the probability of each code, given all codes before it in reading order.

References:
    Chen et al. 2018, sec. 3 and fig. 2 to 4. Razavi et al. 2019, sec. 3.2 and table 5 (output stack,
    conditioning stack). Salimans et al., PixelCNN++, ICLR 2017, sec. 2.5 (gated residual blocks).
"""

from __future__ import annotations

from dataclasses import dataclass

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.features.vqvae_encoder import ResidualStack
from core.generators.vqvae2.causal import CausalConv2d, View, WholeMap

__all__ = ["PixelSnail", "PixelSnailLayout"]

# Salimans et al. 2017, as Chen et al. follow it: a block's last layer begins small, so it adds little.
_LAST_GAIN = 0.1


@dataclass(frozen=True, slots=True)
class PixelSnailLayout:
    """Sizes of one prior.

    Attributes:
        n_codes: codes that a place can have.
        n_classes: classes that can be asked for; 0 makes it unconditional.
        is_below: whether it is told the codes of the level above.
        width: channels.
        residual_width: channels within blocks.
        kernel: side of convolutions.
        n_layers: residual blocks.
        n_attention: attention layers, evenly between the blocks.
        heads: of each attention layer.
        output_layers: residual blocks of single places before the logits.
        conditioning_layers: residual blocks over the codes of the level above.
        dropout: share dropped within blocks.
    """

    n_codes: int
    n_classes: int
    is_below: bool
    width: int
    residual_width: int
    kernel: int
    n_layers: int
    n_attention: int
    heads: int
    output_layers: int
    conditioning_layers: int
    dropout: float


class _GatedBlock(nn.Module):
    """Two causal convolutions whose sum passes a gate, beside a shortcut; told class and level above."""

    def __init__(self, layout: PixelSnailLayout, kernel: int, *, aside: int = 0) -> None:
        super().__init__()
        width, hidden = layout.width, layout.residual_width if kernel > 1 else layout.width
        self.first = CausalConv2d(width, hidden, kernel)
        self.aside = CausalConv2d(aside, hidden, 1) if aside else None
        self.second = CausalConv2d(hidden, 2 * width, kernel)
        told = layout.is_below or layout.n_classes > 0
        self.condition = nn.Conv2d(width, 2 * width, 1, bias=False) if told else None
        self.dropout = nn.Dropout(layout.dropout)
        with torch.no_grad():
            self.second.weight.mul_(_LAST_GAIN)

    def forward(self, view: View, x: Tensor, condition: Tensor | None, aside: Tensor | None = None) -> Tensor:
        """(n, width, h, w) -> the same shape."""
        y = view.convolve(self.first, functional.elu(x))
        if self.aside is not None and aside is not None:
            y = y + view.convolve(self.aside, functional.elu(aside))
        y = view.convolve(self.second, self.dropout(functional.elu(y)))
        if self.condition is not None and condition is not None:
            y = y + view.look_at(self.condition, condition)
        signal, gate = y.chunk(2, dim=1)
        return x + signal * torch.sigmoid(gate)


class _AttentionBlock(nn.Module):
    """Looks at every code so far, and at where it is (Chen et al. 2018, fig. 3).

    Convolutions cannot tell a row's first places of the codes at the end of the row above; attention can.
    Each place holds the code just before it in reading order, so a place may attend to itself.
    """

    def __init__(self, layout: PixelSnailLayout) -> None:
        super().__init__()
        width, self.heads = layout.width, layout.heads
        asked = max(1, width // 2 // self.heads) * self.heads
        self.query = CausalConv2d(width + 2, asked, 1)
        self.key = CausalConv2d(2 * width + 2, asked, 1)
        self.value = CausalConv2d(2 * width + 2, width, 1)
        self.out = _GatedBlock(layout, 1, aside=width)

    def forward(
        self, view: View, x: Tensor, before: Tensor, places: Tensor, condition: Tensor | None
    ) -> Tensor:
        """(n, width, h, w) here, (n, width, h, w) codes before, (1, 2, h, w) places -> (n, width, h, w)."""
        where = places.expand(len(x), -1, -1, -1)
        asks, holds = torch.cat([x, where], dim=1), torch.cat([before, x, where], dim=1)
        query, key, value = (
            _split_heads(view.convolve(layer, given), self.heads)
            for layer, given in ((self.query, asks), (self.key, holds), (self.value, holds))
        )
        attended = view.attend(self.key, query=query, key=key, value=value)
        out: Tensor = self.out(view, x, condition, attended)
        return out


class PixelSnail(nn.Module):
    """Logits of codes, each from the codes before it, the class, and the level above.

    Args:
        layout: sizes.
    """

    def __init__(self, layout: PixelSnailLayout) -> None:
        super().__init__()
        self.layout = layout
        width = layout.width
        self.codes = nn.Embedding(layout.n_codes, width)
        self.enter = CausalConv2d(width, width, layout.kernel, sees_own=False)
        self.places = nn.Conv2d(2, width, 1)
        self.classes = nn.Embedding(layout.n_classes, width) if layout.n_classes else None
        if layout.is_below:
            self.above = nn.Embedding(layout.n_codes, width)
            self.above_stack = ResidualStack(width, layout.residual_width, layout.conditioning_layers)
            self.double_above = nn.ConvTranspose2d(width, width, 4, 2, 1)
        self.blocks = nn.ModuleList(_GatedBlock(layout, layout.kernel) for _ in range(layout.n_layers))
        self.attention = nn.ModuleList(_AttentionBlock(layout) for _ in range(layout.n_attention))
        self.output = nn.ModuleList(_GatedBlock(layout, 1) for _ in range(layout.output_layers))
        self.logits = CausalConv2d(width, layout.n_codes, 1)

    def condition_on(self, labels: Tensor, above: Tensor | None) -> Tensor | None:
        """What is known before the first code.

        Args:
            labels: (n,) int64 classes.
            above: (n, h / 2, w / 2) int64 codes of the level above, or None without.

        Returns:
            (n, width, h, w), or (n, width, 1, 1) without a level above; None where nothing is known.
        """
        known = None
        if self.layout.is_below:
            assert above is not None, "the level below needs the codes above"
            # (n, h, w) -> (n, h, w, width) -> (n, width, h, w)
            known = self.double_above(self.above_stack(self.above(above).movedim(3, 1)))
        if self.classes is not None:
            embedded = self.classes(labels)[:, :, None, None]
            known = embedded if known is None else known + embedded
        return known

    def embed(self, codes: Tensor) -> Tensor:
        """(n, h, w) int64 -> (n, width, h, w)."""
        embedded: Tensor = self.codes(codes)
        return embedded.movedim(3, 1)

    def name_places(self, height: int, width: int) -> Tensor:
        """Row and column of each place, from -0.5 to 0.5: (1, 2, h, w)."""
        like = self.logits.bias
        rows = torch.linspace(-0.5, 0.5, height, dtype=like.dtype, device=like.device)
        columns = torch.linspace(-0.5, 0.5, width, dtype=like.dtype, device=like.device)
        return torch.stack(torch.meshgrid(rows, columns, indexing="ij"))[None]

    def compute_logits(
        self, view: View, embedded: Tensor, before: Tensor, *, places: Tensor, condition: Tensor | None
    ) -> Tensor:
        """Run on a whole map or on one place.

        Args:
            view: which of the two.
            embedded: (n, width, h, w) embedded codes; a place's own is not read.
            before: (n, width, h, w) the embedded code before each place in reading order, 0 at the first.
            places: (1, 2, h, w) from `name_places`, of the whole map either way.
            condition: from `condition_on`.

        Returns:
            (n, n_codes, h, w), or (n, n_codes, 1, 1).
        """
        x = view.convolve(self.enter, embedded) + view.look_at(self.places, places)
        here = view.look_at(_SAME, places)
        every = self.layout.n_layers // max(1, self.layout.n_attention)
        for number, block in enumerate(self.blocks, start=1):
            x = block(view, x, condition)
            if self.layout.n_attention and number % every == 0:
                x = self.attention[number // every - 1](view, x, before, here, condition)
        for block in self.output:
            x = block(view, x, condition)
        return view.convolve(self.logits, functional.elu(x))

    def forward(self, codes: Tensor, labels: Tensor, above: Tensor | None = None) -> Tensor:
        """(n, h, w) codes, (n,) classes, (n, h / 2, w / 2) codes above -> (n, n_codes, h, w) logits."""
        embedded = self.embed(codes)
        # (n, width, h, w) -> (n, width, h * w), one place later -> (n, width, h, w)
        before = functional.pad(embedded.flatten(2)[:, :, :-1], (1, 0)).view_as(embedded)
        return self.compute_logits(
            WholeMap(),
            embedded,
            before,
            places=self.name_places(*codes.shape[1:]),
            condition=self.condition_on(labels, above),
        )


def _split_heads(x: Tensor, heads: int) -> Tensor:
    """(n, heads * d, h, w) -> (n, heads, d, h, w)."""
    return x.reshape(len(x), heads, -1, *x.shape[2:])


_SAME = nn.Identity()
