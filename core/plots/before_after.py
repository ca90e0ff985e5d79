"""Dumbbells: one row a set and one panel a measure, from where a number was to where it is now."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.plots._points import draw_interval, write_lines
from core.plots._records import require_columns
from core.plots._set_rows import name_rows
from core.plots.style import SetStyle, Theme, build_template, escape_label, marker_of

__all__ = ["BEFORE_AFTER_COLUMNS", "plot_before_after"]

BEFORE_AFTER_COLUMNS: Final = (
    "panel", "set", "before", "before_low", "before_high", "after", "after_low", "after_high", "mark",
    "label",
)  # fmt: skip
"""Columns of the records: panel title, set name, numbers (NaN where there is none), a sign beside the later
number such as `*`, and text shown on hover (lines parted by a line feed)."""

_MAX_COLUMNS: Final = 3
_ROW_PX, _PANEL_PX, _FRAME_PX = 44, 84, 16
# Before stands above after, so that their intervals can be told apart.
_APART = 0.17
_LINE: Final[Mapping[Theme, str]] = {"light": "rgba(0,0,0,0.45)", "dark": "rgba(255,255,255,0.55)"}


def plot_before_after(
    records: pd.DataFrame, *, styles: Mapping[str, SetStyle], theme: Theme, n_columns: int = _MAX_COLUMNS
) -> go.Figure:
    """Draw each set's number before (an outline) and after (filled), with a line from one to the other.

    Args:
        records: one row a panel and set, with `BEFORE_AFTER_COLUMNS`; order of first occurrence is kept for
            panels (row by row) and sets (top to bottom). A row without one of its numbers shows the other.
        styles: name to style, from `core.plots.style.assign_styles`.
        theme: light or dark ground.
        n_columns: panels in a row at most.

    Returns:
        A figure as high as its rows need and as wide as its container.

    Raises:
        ValueError: if a column is missing or there is no row.
        KeyError: if a set has no style.
    """
    require_columns(records, BEFORE_AFTER_COLUMNS, "before-after")
    panels = list(dict.fromkeys(records["panel"]))
    names = list(dict.fromkeys(records["set"]))
    n_columns = min(n_columns, len(panels))
    n_rows = -(-len(panels) // n_columns)
    height = _FRAME_PX + n_rows * (_PANEL_PX + _ROW_PX * len(names))
    figure = make_subplots(
        rows=n_rows,
        cols=n_columns,
        shared_yaxes=True,
        subplot_titles=[escape_label(panel) for panel in panels],
        horizontal_spacing=0.05,
        vertical_spacing=min(_PANEL_PX / height, 0.9 / max(n_rows - 1, 1)),
    )
    for at, panel in enumerate(panels):
        place = {"row": at // n_columns + 1, "col": at % n_columns + 1}
        rows = records[records["panel"] == panel]
        for row in rows.to_dict("records"):
            _add_row(figure, row, names.index(row["set"]), styles[row["set"]], theme, place)
        figure.update_xaxes(range=_span(rows), nticks=6, **place)
    name_rows(figure, names)
    figure.update_layout(template=build_template(theme), height=height)
    figure.update_annotations(font={"size": 14}, yshift=4)
    return figure


def _add_row(
    figure: go.Figure,
    row: Mapping[Hashable, Any],
    at: int,
    style: SetStyle,
    theme: Theme,
    place: Mapping[str, int],
) -> None:
    before, after = float(row["before"]), float(row["after"])
    if not (math.isnan(before) or math.isnan(after)):
        figure.add_trace(
            go.Scatter(
                x=[before, after],
                y=[at - _APART, at + _APART],
                mode="lines",
                line={"width": 1.5, "dash": "dot", "color": _LINE[theme]},
                hoverinfo="skip",
            ),
            **place,
        )
    for when, value, y, look in (
        ("before", before, at - _APART, replace(style, open=True)),
        ("after", after, at + _APART, replace(style, open=False)),
    ):
        if not math.isnan(value):
            figure.add_trace(_draw_number(row, when, value, y, look, theme), **place)


def _draw_number(
    row: Mapping[Hashable, Any], when: str, value: float, y: float, look: SetStyle, theme: Theme
) -> go.Scatter:
    low, high = float(row[f"{when}_low"]), float(row[f"{when}_high"])
    mark = str(row["mark"]) if when == "after" else ""
    return go.Scatter(
        x=[value],
        y=[y],
        mode="markers+text" if mark else "markers",
        marker=marker_of(look, theme, size=10),
        text=[escape_label(mark)],
        textposition="bottom center",
        textfont={"size": 18},
        name=escape_label(f"{row['set']}, {when}"),
        hovertext=[write_lines(row["label"])],
        hoverinfo="text",
        cliponaxis=False,
        error_x=draw_interval(value, low, high, colour=look.colour(theme), cap_px=3),
    )


def _span(rows: pd.DataFrame) -> list[float]:
    """Least and largest number shown, with some room."""
    columns = [name for name in BEFORE_AFTER_COLUMNS if name.startswith(("before", "after"))]
    shown = rows[columns].to_numpy(dtype=float).ravel()
    shown = shown[~pd.isna(shown)]
    low, high = (float(shown.min()), float(shown.max())) if len(shown) else (0.0, 1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    margin = 0.06 * (high - low)
    return [low - margin, high + margin]
