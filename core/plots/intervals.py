"""Dot plots with 95 % intervals: one row a set, one panel a metric, and a band for what real images score."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.plots._points import draw_interval, write_lines
from core.plots._records import require_columns
from core.plots._set_rows import HALF_ROW, name_rows
from core.plots.style import SetStyle, Theme, build_template, escape_label, marker_of

__all__ = ["INTERVAL_COLUMNS", "plot_intervals"]

INTERVAL_COLUMNS = ("panel", "set", "value", "low", "high", "floor", "floor_low", "floor_high", "label")
"""Columns of the records: panel title, set name, numbers (NaN where there is none), text shown on hover
(lines parted by a line feed)."""

_ROW_PX, _FRAME_PX = 34, 96
_BAND = {"light": "rgba(0,0,0,0.10)", "dark": "rgba(255,255,255,0.16)"}
_BAND_LINE = {"light": "rgba(0,0,0,0.55)", "dark": "rgba(255,255,255,0.65)"}


def plot_intervals(
    records: pd.DataFrame,
    *,
    styles: Mapping[str, SetStyle],
    theme: Theme,
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> go.Figure:
    """Draw each set's value with its interval, and behind it the floor of that set with its own interval.

    Args:
        records: one row a panel and set, with `INTERVAL_COLUMNS`; order of first occurrence is kept for
            panels (left to right) and sets (top to bottom). Rows without a value leave their place empty.
        styles: name to style, from `core.plots.style.assign_styles`.
        theme: light or dark ground.
        ranges: panel title to axis range, such as (0, 1) for shares; others hold 0 and all that is shown.

    Returns:
        A figure as high as its rows need and as wide as its container.

    Raises:
        ValueError: if a column is missing or there is no row.
        KeyError: if a set has no style.
    """
    require_columns(records, INTERVAL_COLUMNS, "interval")
    panels = list(dict.fromkeys(records["panel"]))
    names = list(dict.fromkeys(records["set"]))
    figure = make_subplots(
        rows=1,
        cols=len(panels),
        shared_yaxes=True,
        subplot_titles=[escape_label(panel) for panel in panels],
        horizontal_spacing=0.28 / (len(panels) + 2),
    )
    shapes: list[dict[str, Any]] = []
    traces: list[tuple[go.Scatter, int]] = []
    for column, panel in enumerate(panels, start=1):
        rows = records[records["panel"] == panel]
        for row in rows.to_dict("records"):
            place = names.index(row["set"])
            shapes += _draw_floor(row, place, theme, column)
            if not math.isnan(float(row["value"])):
                traces.append((_draw_value(row, place, styles[row["set"]], theme), column))
        span = (ranges or {}).get(panel) or _span(rows)
        figure.update_xaxes(range=_pad(span), col=column, nticks=6)
    # All at once: each one added by itself copies all before it.
    figure.add_traces([trace for trace, _ in traces], rows=1, cols=[column for _, column in traces])
    figure.update_layout(shapes=shapes)
    name_rows(figure, names)
    figure.update_layout(template=build_template(theme), height=_FRAME_PX + _ROW_PX * len(names))
    figure.update_annotations(font={"size": 14}, yshift=6)
    return figure


def _draw_floor(row: Mapping[Hashable, Any], place: int, theme: Theme, column: int) -> list[dict[str, Any]]:
    """Draw one row's part of the floor; equal floors of neighbouring rows join to one band."""
    floor = float(row["floor"])
    if math.isnan(floor):
        return []
    # plotly calls the first pair of axes x and y, the second x2 and y2.
    number = "" if column == 1 else str(column)
    ends = {"y0": place - HALF_ROW, "y1": place + HALF_ROW, "xref": f"x{number}", "yref": f"y{number}"}
    low, high = float(row["floor_low"]), float(row["floor_high"])
    line = {"width": 1.5, "dash": "dot", "color": _BAND_LINE[theme]}
    shapes: list[dict[str, Any]] = [{"type": "line", "x0": floor, "x1": floor, "line": line}]
    if not (math.isnan(low) or math.isnan(high)):
        band = {"type": "rect", "x0": low, "x1": high, "fillcolor": _BAND[theme], "line": {"width": 0}}
        shapes.insert(0, band)
    return [shape | ends | {"layer": "below"} for shape in shapes]


def _draw_value(row: Mapping[Hashable, Any], place: int, style: SetStyle, theme: Theme) -> go.Scatter:
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))
    return go.Scatter(
        x=[value],
        y=[place],
        mode="markers",
        marker=marker_of(style, theme),
        name=escape_label(str(row["set"])),
        hovertext=[write_lines(row["label"])],
        hoverinfo="text",
        cliponaxis=False,
        error_x=draw_interval(value, low, high, colour=style.colour(theme), width_px=2),
    )


def _span(rows: pd.DataFrame) -> tuple[float, float]:
    """Least and largest number shown, with 0 where all are positive, so that lengths are not exaggerated."""
    shown = rows[["value", "low", "high", "floor", "floor_low", "floor_high"]].to_numpy(dtype=float).ravel()
    shown = shown[~pd.isna(shown)]
    if not len(shown):
        return 0.0, 1.0
    low, high = min(float(shown.min()), 0.0), max(float(shown.max()), 0.0)
    return (low, high) if high > low else (0.0, 1.0)


def _pad(span: tuple[float, float]) -> list[float]:
    margin = 0.04 * (span[1] - span[0])
    return [span[0] - margin, span[1] + margin]
