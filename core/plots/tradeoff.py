"""Two metrics against each other, such as fidelity against privacy: what a set pays for what it gains."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from core.plots._points import draw_paired_point
from core.plots._records import require_columns
from core.plots.style import SetStyle, Theme, build_template, escape_label

__all__ = ["TRADEOFF_COLUMNS", "plot_tradeoff"]

TRADEOFF_COLUMNS = ("set", "x", "x_low", "x_high", "y", "y_low", "y_high", "label")
"""Columns of the records: set name, both numbers with their intervals (NaN where there is none), and the text
shown on hover (lines parted by a line feed)."""

_HEIGHT_PX = 380


def plot_tradeoff(
    records: pd.DataFrame, *, x_title: str, y_title: str, styles: Mapping[str, SetStyle], theme: Theme
) -> go.Figure:
    """Draw two shares of each set as a point with both intervals; the best corner is the upper right.

    Args:
        records: one row a set, with `TRADEOFF_COLUMNS`; real or held-out images are sets like any other.
        x_title: what x is.
        y_title: what y is.
        styles: name to style, from `core.plots.style.assign_styles`.
        theme: light or dark ground.

    Returns:
        A figure with a legend, both axes from 0 to 1.

    Raises:
        ValueError: if a column is missing or there is no row.
        KeyError: if a set has no style.
    """
    require_columns(records, TRADEOFF_COLUMNS, "trade-off")
    figure = go.Figure()
    for row in records.to_dict("records"):
        figure.add_trace(draw_paired_point(row, styles[row["set"]], theme, cap_px=3))
    figure.update_layout(
        template=build_template(theme),
        height=_HEIGHT_PX,
        showlegend=True,
        legend={"orientation": "v", "font": {"size": 13}, "itemclick": False, "itemdoubleclick": False},
    )
    figure.update_xaxes(title_text=escape_label(x_title), range=[-0.03, 1.03], nticks=6)
    figure.update_yaxes(title_text=escape_label(y_title), range=[-0.03, 1.03], nticks=6)
    return figure
