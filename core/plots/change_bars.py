"""Bars of change: how far each way of training moves a score from its baseline, in percentage points."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.plots._points import draw_interval, write_lines
from core.plots._records import require_columns
from core.plots.style import SetStyle, Theme, build_template, escape_label, marker_of

__all__ = ["CHANGE_COLUMNS", "plot_change_bars"]

CHANGE_COLUMNS = ("title", "set", "change", "low", "high", "significant", "label")
"""Columns of the records: what a row is called, the set that it is drawn as, the change with the ends of its
interval in percentage points (NaN where there is none), whether it is marked as significant, and the text
shown on hover (lines parted by a line feed)."""

MARK = "✱"
"""Stands beside a significant change."""

_LINE_PX, _ROW_PX, _FRAME_PX = 17, 22, 76
_TITLE_CHARACTERS, _MOST_LINES = 34, 3
_BAR_OPACITY = 0.38
_ZERO = {"light": "#565656", "dark": "#b4b4b4"}
_HALF_ROW = 0.5


def plot_change_bars(
    records: pd.DataFrame, *, x_title: str, styles: Mapping[str, SetStyle], theme: Theme
) -> go.Figure:
    """Draw one bar a row from no change to the mean change, with its interval across the bar's end.

    Args:
        records: one row a bar, from top to bottom, with `CHANGE_COLUMNS`.
        x_title: what the axis measures, with its unit and which way is better.
        styles: set name to style, from `core.plots.style.assign_styles`.
        theme: light or dark ground.

    Returns:
        A figure as high as its rows need and as wide as its container.

    Raises:
        ValueError: if a column is missing or there is no row.
        KeyError: if a set has no style.
    """
    require_columns(records, CHANGE_COLUMNS, "change")
    figure = go.Figure()
    rows = records.to_dict("records")
    for place, row in enumerate(rows):
        _add_row(figure, row, place, styles[row["set"]], theme)
    titles = [_break(str(row["title"])) for row in rows]
    lines = max(title.count("<br>") + 1 for title in titles)
    span = records[["change", "low", "high"]].to_numpy(dtype=float)
    least, most = (
        min(float(pd.Series(span.ravel()).min()), 0.0),
        max(float(pd.Series(span.ravel()).max()), 0.0),
    )
    margin = 0.08 * ((most - least) or 1.0)
    figure.add_vline(x=0, line={"width": 1.5, "color": _ZERO[theme]}, layer="below")
    figure.update_xaxes(title_text=escape_label(x_title), range=[least - margin, most + margin], nticks=9)
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=titles,
        range=[len(rows) - _HALF_ROW, -_HALF_ROW],
        showgrid=False,
    )
    figure.update_layout(
        template=build_template(theme),
        height=_FRAME_PX + (_ROW_PX + _LINE_PX * (lines - 1)) * len(rows) + _LINE_PX,
        margin={"t": 12},
    )
    return figure


def _add_row(
    figure: go.Figure, row: Mapping[Hashable, Any], place: int, style: SetStyle, theme: Theme
) -> None:
    change, low, high = (float(row[name]) for name in ("change", "low", "high"))
    colour = style.colour(theme)
    hover = write_lines(row["label"])
    figure.add_trace(
        go.Bar(
            x=[change],
            y=[place],
            orientation="h",
            width=0.62,
            marker={"color": colour, "opacity": _BAR_OPACITY, "line": {"width": 0}},
            hovertext=[hover],
            hoverinfo="text",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=[change],
            y=[place],
            mode="markers",
            marker=marker_of(style, theme),
            name=escape_label(str(row["title"])),
            hovertext=[hover],
            hoverinfo="text",
            cliponaxis=False,
            error_x=draw_interval(change, low, high, colour=colour, width_px=2),
        )
    )
    if row["significant"]:
        figure.add_annotation(
            x=change if math.isnan(high) else max(high, change, 0.0),
            y=place,
            text=f"<b>{MARK}</b>",
            xanchor="left",
            xshift=6,
            showarrow=False,
        )


def _break(title: str) -> str:
    # A ratio stays beside its set.
    lines = textwrap.wrap(title.replace(" × ", "\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}"), _TITLE_CHARACTERS)
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], f"{lines[_MOST_LINES - 1][: _TITLE_CHARACTERS - 1]}…"]
    return "<br>".join(escape_label(line) for line in lines)
