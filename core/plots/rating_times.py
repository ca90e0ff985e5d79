"""Reaction times of raters by what was shown and what they said."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.plots.style import Theme, build_template, escape_label

__all__ = ["TIME_COLUMNS", "plot_reaction_times"]

TIME_COLUMNS = ("title", "value", "low", "high", "is_right", "label")
"""Columns of the records: what a row is called, the time with the ends of its interval in milliseconds (NaN
where there is none), whether the answers were right, and the text shown on hover (lines parted by a line
feed)."""

_ROW_PX, _FRAME_PX, _HALF_ROW = 36, 80, 0.5
_COLOUR = {"light": "#565656", "dark": "#b4b4b4"}
_MS_PER_S = 1000.0
# Axes of times: whole steps on a logarithmic scale.
_TICKS_S = (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500)
# The axis shows a factor of four at least, so that small differences do not fill it.
_LEAST_SPAN = math.log10(4)


def plot_reaction_times(records: pd.DataFrame, *, theme: Theme) -> go.Figure:
    """Draw typical reaction times with intervals, on a logarithmic axis of seconds.

    Args:
        records: one row a kind of answer, from top to bottom, with `TIME_COLUMNS`.
        theme: light or dark ground.

    Returns:
        A figure as high as its rows need; filled points are right answers, open ones wrong.

    Raises:
        ValueError: if a column is missing or there is no row.
    """
    missing = set(TIME_COLUMNS) - set(records.columns)
    if missing or records.empty:
        raise ValueError(f"time records need rows with the columns {', '.join(TIME_COLUMNS)}")
    figure = go.Figure()
    rows = records.to_dict("records")
    ends = []
    for place, row in enumerate(rows):
        value, low, high = (float(row[name]) / _MS_PER_S for name in ("value", "low", "high"))
        if math.isnan(value):
            continue
        has_interval = not (math.isnan(low) or math.isnan(high))
        ends += [value, low, high] if has_interval else [value]
        figure.add_trace(
            go.Scatter(
                x=[value],
                y=[place],
                mode="markers",
                marker={
                    "size": 10,
                    "symbol": "circle" if row["is_right"] else "circle-open",
                    "color": _COLOUR[theme],
                    "line": {"width": 2, "color": _COLOUR[theme]},
                },
                error_x=(
                    {
                        "type": "data",
                        "symmetric": False,
                        "array": [max(high - value, 0.0)],
                        "arrayminus": [max(value - low, 0.0)],
                        "thickness": 2,
                        "width": 4,
                        "color": _COLOUR[theme],
                    }
                    if has_interval
                    else None
                ),
                name=escape_label(str(row["title"])),
                hovertext=[escape_label(str(row["label"])).replace("\n", "<br>")],
                hoverinfo="text",
                cliponaxis=False,
            )
        )
    axis: dict[str, Any] = {"title_text": "Reaction time, s (logarithmic)", "type": "log"}
    if ends:
        least, most = math.log10(min(ends)) - 0.1, math.log10(max(ends)) + 0.1
        more = max(_LEAST_SPAN - (most - least), 0.0) / 2
        least, most = least - more, most + more
        axis |= {"range": [least, most], "tickvals": _TICKS_S, "ticktext": [f"{one:g}" for one in _TICKS_S]}
    figure.update_xaxes(**axis)
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=[escape_label(str(row["title"])) for row in rows],
        range=[len(rows) - _HALF_ROW, -_HALF_ROW],
        showgrid=False,
    )
    figure.update_layout(
        template=build_template(theme), height=_FRAME_PX + _ROW_PX * len(rows), margin={"t": 12}
    )
    return figure
