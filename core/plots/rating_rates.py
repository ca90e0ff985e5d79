"""Rates of a rating session: one row a set with its interval, each rater's own rate, and the false alarms."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.plots.style import SetStyle, Theme, build_template, escape_label, marker_of

__all__ = ["RATER_COLUMNS", "RATE_COLUMNS", "plot_rates"]

RATE_COLUMNS = ("title", "set", "value", "low", "high", "label")
"""Columns of the rates: what a row is called, the set that it is drawn as, the rate and the ends of its
interval in percent (NaN where there is none), and the text shown on hover (lines parted by a line feed)."""

RATER_COLUMNS = ("title", "value", "label")
"""Columns of the raters' own rates: the row, the rate in percent, the text shown on hover."""

_ROW_PX, _FRAME_PX, _MAX_NAME = 40, 92, 26
_HALF_ROW = 0.5
_BAND = {"light": "rgba(0,0,0,0.10)", "dark": "rgba(255,255,255,0.16)"}
_LINE = {"light": "rgba(0,0,0,0.55)", "dark": "rgba(255,255,255,0.65)"}
_RATER_OPACITY = 0.45


def plot_rates(
    rates: pd.DataFrame,
    raters: pd.DataFrame,
    *,
    x_title: str,
    styles: Mapping[str, SetStyle],
    theme: Theme,
    false_alarms: tuple[float, float, float] | None = None,
    chance: float | None = None,
) -> go.Figure:
    """Draw each row's rate with its interval, the raters' own rates beneath, and what they are held against.

    Args:
        rates: one row a set, from top to bottom, with `RATE_COLUMNS`.
        raters: one row a set and rater, with `RATER_COLUMNS`; may have no row.
        x_title: what the axis measures, with its unit and which way is better.
        styles: set name to style, from `core.plots.style.assign_styles`.
        theme: light or dark ground.
        false_alarms: rate of real images called fake and the ends of its interval, in percent: a set whose
            rate lies there is not told from real images. None where there are none.
        chance: rate where raters guess, in percent, or None.

    Returns:
        A figure as high as its rows need and as wide as its container.

    Raises:
        ValueError: if a column is missing or there is no rate.
        KeyError: if a set has no style.
    """
    missing = {*RATE_COLUMNS} - {*rates.columns} | {*RATER_COLUMNS} - {*raters.columns}
    if missing or rates.empty:
        raise ValueError(
            f"rates need rows with the columns {', '.join(RATE_COLUMNS)}, and raters the columns "
            f"{', '.join(RATER_COLUMNS)}"
        )
    figure = go.Figure()
    rows = rates.to_dict("records")
    titles = [str(row["title"]) for row in rows]
    if false_alarms is not None:
        _add_line(figure, false_alarms[0], "false alarms", "dot", theme)
        figure.add_vrect(
            x0=false_alarms[1], x1=false_alarms[2], fillcolor=_BAND[theme], line_width=0, layer="below"
        )
    if chance is not None:
        _add_line(figure, chance, "guessing", "dash", theme)
    for place, row in enumerate(rows):
        style = styles[row["set"]]
        own = raters[raters["title"] == row["title"]].to_dict("records")
        _add_raters(figure, own, place, style, theme)
        _add_rate(figure, row, place, style, theme)
    figure.update_xaxes(title_text=escape_label(x_title), range=[-3, 103], tickvals=[0, 25, 50, 75, 100])
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=[escape_label(_shorten(title)) for title in titles],
        range=[len(rows) - _HALF_ROW, -_HALF_ROW],
        showgrid=False,
    )
    figure.update_layout(template=build_template(theme), height=_FRAME_PX + _ROW_PX * len(rows))
    return figure


def _add_line(figure: go.Figure, at: float, name: str, dash: str, theme: Theme) -> None:
    figure.add_vline(x=at, line={"width": 1.5, "dash": dash, "color": _LINE[theme]}, layer="below")
    # Names stand side by side where two lines lie close: one to the left of its line, one to the right.
    anchor = "left" if dash == "dash" else "right"
    shift = 4 if anchor == "left" else -4
    if at < 15 or at > 85:
        anchor, shift = ("left", 4) if at < 15 else ("right", -4)
    figure.add_annotation(
        x=at, y=1, yref="paper", yanchor="bottom", xanchor=anchor, xshift=shift, text=name, showarrow=False
    )


def _add_raters(
    figure: go.Figure, rows: Sequence[Mapping[Hashable, Any]], place: int, style: SetStyle, theme: Theme
) -> None:
    if not rows:
        return
    marker = marker_of(style, theme, size=6) | {"opacity": _RATER_OPACITY, "symbol": "circle"}
    figure.add_trace(
        go.Scatter(
            x=[float(row["value"]) for row in rows],
            # Below the row's own point, spread so that equal rates stay apart.
            y=[place + 0.24 + 0.05 * (at % 3) for at in range(len(rows))],
            mode="markers",
            marker=marker,
            name="raters",
            hovertext=[escape_label(str(row["label"])).replace("\n", "<br>") for row in rows],
            hoverinfo="text",
            cliponaxis=False,
        )
    )


def _add_rate(
    figure: go.Figure, row: Mapping[Hashable, Any], place: int, style: SetStyle, theme: Theme
) -> None:
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))
    if math.isnan(value):
        return
    bars = {}
    if not (math.isnan(low) or math.isnan(high)):
        bars["error_x"] = {
            "type": "data",
            "symmetric": False,
            "array": [max(high - value, 0.0)],
            "arrayminus": [max(value - low, 0.0)],
            "thickness": 2,
            "width": 4,
            "color": style.colour(theme),
        }
    figure.add_trace(
        go.Scatter(
            x=[value],
            y=[place],
            mode="markers",
            marker=marker_of(style, theme),
            name=escape_label(str(row["title"])),
            hovertext=[escape_label(str(row["label"])).replace("\n", "<br>")],
            hoverinfo="text",
            cliponaxis=False,
            **bars,
        )
    )


def _shorten(name: str) -> str:
    return name if len(name) <= _MAX_NAME else f"{name[: _MAX_NAME - 1]}…"
