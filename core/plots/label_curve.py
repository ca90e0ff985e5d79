"""The label-fraction curve: a score over the share of real images that training sees, one line a set."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.plots._points import write_lines
from core.plots._records import require_columns
from core.plots.style import SetStyle, Theme, build_template, escape_label, marker_of

__all__ = ["LABEL_COLUMNS", "plot_label_curve"]

LABEL_COLUMNS = ("set", "title", "share", "value", "low", "high", "label")
"""Columns of the records: the set that a line is drawn as and what it is called, the share of real images and
the score with the ends of its interval in percent (NaN where there is none), and the text shown on hover
(lines parted by a line feed)."""

_HEIGHT_PX = 360
# Points of one share stand beside each other, so that their intervals can be read.
_APART = 0.5


def plot_label_curve(
    records: pd.DataFrame, *, y_title: str, styles: Mapping[str, SetStyle], theme: Theme
) -> go.Figure:
    """Draw a score over the share of real images.

    Args:
        records: one row a point, with `LABEL_COLUMNS`; a set's points in the order of shares.
        y_title: the score, with its unit and which way is better.
        styles: set name to style, from `core.plots.style.assign_styles`.
        theme: light or dark ground.

    Returns:
        A figure with its legend below, as wide as its container.

    Raises:
        ValueError: if a column is missing or there is no row.
        KeyError: if a set has no style.
    """
    require_columns(records, LABEL_COLUMNS, "label-curve")
    figure = go.Figure()
    names = list(dict.fromkeys(records["set"]))
    for at, name in enumerate(names):
        rows = records[records["set"] == name].to_dict("records")
        style = styles[name]
        figure.add_trace(
            go.Scatter(
                x=[float(row["share"]) + _APART * (at - (len(names) - 1) / 2) for row in rows],
                y=[float(row["value"]) for row in rows],
                error_y=_bars(rows, style.colour(theme)),
                mode="lines+markers",
                line={"color": style.colour(theme), "width": 1.5},
                marker=marker_of(style, theme),
                name=escape_label(str(rows[0]["title"])),
                hovertext=[write_lines(row["label"]) for row in rows],
                hoverinfo="text",
            )
        )
    shares = sorted(set(records["share"]))
    figure.update_xaxes(
        title_text="Share of the real training images, %",
        tickvals=shares,
        ticktext=[f"{share:g}" for share in shares],
    )
    figure.update_yaxes(title_text=escape_label(y_title), nticks=7)
    figure.update_layout(
        template=build_template(theme),
        height=_HEIGHT_PX,
        margin={"t": 12},
        showlegend=True,
        legend={"orientation": "h", "yanchor": "top", "y": -0.2, "x": 0, "itemdoubleclick": False},
    )
    return figure


def _bars(rows: list[dict[Hashable, Any]], colour: str) -> dict[str, Any]:
    def reach(row: Mapping[Hashable, Any], end: str, sign: float) -> float:
        value = float(row[end])
        return 0.0 if math.isnan(value) else max(sign * (value - float(row["value"])), 0.0)

    return {
        "type": "data",
        "symmetric": False,
        "array": [reach(row, "high", 1.0) for row in rows],
        "arrayminus": [reach(row, "low", -1.0) for row in rows],
        "thickness": 1.5,
        "width": 3,
        "color": colour,
    }
