"""Image sets as rows of a figure, from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go

from core.plots.style import escape_label

__all__ = ["HALF_ROW", "name_rows"]

HALF_ROW: Final = 0.5
"""From the middle of a row to its edge, on an axis on which rows are 1 apart."""

_MAX_NAME: Final = 26


def name_rows(figure: go.Figure, names: Sequence[str]) -> None:
    """Write each set's name beside its row; rows begin at 0 at the top."""
    figure.update_yaxes(
        tickvals=list(range(len(names))),
        ticktext=[escape_label(_shorten(name)) for name in names],
        range=[len(names) - HALF_ROW, -HALF_ROW],
        showgrid=False,
    )


def _shorten(name: str) -> str:
    return name if len(name) <= _MAX_NAME else f"{name[: _MAX_NAME - 1]}…"
