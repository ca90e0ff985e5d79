"""Two metrics against each other, such as fidelity against privacy: what a set pays for what it gains."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.plots.style import SetStyle, Theme, build_template, escape_label, marker_of

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
    missing = set(TRADEOFF_COLUMNS) - set(records.columns)
    if missing or records.empty:
        raise ValueError(f"trade-off records need rows with the columns {', '.join(TRADEOFF_COLUMNS)}")
    figure = go.Figure()
    for row in records.to_dict("records"):
        style = styles[row["set"]]
        figure.add_trace(
            go.Scatter(
                x=[row["x"]],
                y=[row["y"]],
                error_x=_bars(row, "x", style.colour(theme)),
                error_y=_bars(row, "y", style.colour(theme)),
                mode="markers",
                marker=marker_of(style, theme, size=13),
                name=escape_label(str(row["set"])),
                hovertext=[escape_label(str(row["label"])).replace("\n", "<br>")],
                hoverinfo="text",
                cliponaxis=False,
            )
        )
    figure.update_layout(
        template=build_template(theme),
        height=_HEIGHT_PX,
        showlegend=True,
        legend={"orientation": "v", "font": {"size": 13}, "itemclick": False, "itemdoubleclick": False},
    )
    figure.update_xaxes(title_text=escape_label(x_title), range=[-0.03, 1.03], nticks=6)
    figure.update_yaxes(title_text=escape_label(y_title), range=[-0.03, 1.03], nticks=6)
    return figure


def _bars(row: Mapping[Hashable, Any], axis: str, colour: str) -> dict[str, Any]:
    value, low, high = (float(row[name]) for name in (axis, f"{axis}_low", f"{axis}_high"))
    if math.isnan(low) or math.isnan(high):
        return {"visible": False}
    return {
        "type": "data",
        "symmetric": False,
        "array": [max(high - value, 0.0)],
        "arrayminus": [max(value - low, 0.0)],
        "thickness": 1.5,
        "width": 3,
        "color": colour,
    }
