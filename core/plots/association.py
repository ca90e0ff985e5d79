"""What sets are said to be against what they do: points with intervals both ways, and a pale backdrop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd
import plotly.graph_objects as go

from core.plots._points import draw_paired_point, write_lines
from core.plots._records import require_columns
from core.plots.style import SetStyle, Theme, build_template, escape_label

__all__ = ["ASSOCIATION_COLUMNS", "BACKDROP_COLUMNS", "AssociationAxis", "plot_association"]

ASSOCIATION_COLUMNS = ("set", "x", "x_low", "x_high", "y", "y_low", "y_high", "label")
"""Columns of the records: set name, both numbers with their intervals (NaN where there is none), and the text
shown on hover (lines parted by a line feed)."""

BACKDROP_COLUMNS = ("group", "name", "x", "y", "label")
"""Columns of the backdrop: table, point's name written beside it, both numbers, and the text on hover."""

_HEIGHT_PX, _BACKDROP_PX = 460, 70
_PALE: Mapping[Theme, str] = {"light": "rgba(0,0,0,0.42)", "dark": "rgba(255,255,255,0.48)"}
_PALE_SYMBOLS = ("circle-open", "square-open", "diamond-open")
_LINE: Mapping[Theme, str] = {"light": "rgba(0,0,0,0.55)", "dark": "rgba(255,255,255,0.65)"}
_MARGIN = 0.08
_LAST = 2000


@dataclass(frozen=True, slots=True)
class AssociationAxis:
    """One axis.

    Attributes:
        title: what stands on it, with its unit; lines parted by a line feed.
        better: at which end it is better, or None where neither is.
        zero: whether 0 is drawn as a line and kept in view, as for changes.
    """

    title: str
    better: Literal["high", "low"] | None
    zero: bool = False


def plot_association(
    records: pd.DataFrame,
    *,
    x: AssociationAxis,
    y: AssociationAxis,
    styles: Mapping[str, SetStyle],
    theme: Theme,
    backdrop: pd.DataFrame | None = None,
    backdrop_axes: tuple[str, str] = ("", ""),
) -> go.Figure:
    """Draw each set as a point with both intervals.

    Args:
        records: one row a set, with `ASSOCIATION_COLUMNS`.
        x: the horizontal axis.
        y: the vertical axis.
        styles: name to style, from `core.plots.style.assign_styles`.
        theme: light or dark ground.
        backdrop: pale points of another source on axes of their own above and on the right, with
            `BACKDROP_COLUMNS`; where `y.zero`, both vertical axes have 0 at one height.
        backdrop_axes: titles of these two axes.

    Raises:
        ValueError: if a column is missing or there is no row.
        KeyError: if a set has no style.
    """
    require_columns(records, ASSOCIATION_COLUMNS, "association")
    figure = go.Figure()
    y_span = _span(records[["y", "y_low", "y_high"]], zero=y.zero)
    if backdrop is not None:
        require_columns(backdrop, BACKDROP_COLUMNS, "association")
        pale_span = _span(backdrop[["y"]], zero=y.zero)
        if y.zero:
            y_span, pale_span = _align_zero(y_span, pale_span)
        _add_backdrop(figure, backdrop, pale_span, backdrop_axes, theme)
    for row in records.to_dict("records"):
        figure.add_trace(draw_paired_point(row, styles[row["set"]], theme))
    figure.update_layout(
        template=build_template(theme),
        height=_HEIGHT_PX + (0 if backdrop is None else _BACKDROP_PX),
        showlegend=True,
        legend={
            "orientation": "h",
            "yanchor": "bottom",
            "y": 1.02 if backdrop is None else 1.18,
            "x": 0,
            "font": {"size": 13},
            "itemclick": False,
            "itemdoubleclick": False,
        },
    )
    x_span = _span(records[["x", "x_low", "x_high"]], zero=x.zero)
    figure.update_xaxes(
        title_text=_write_title(x), range=list(x_span), nticks=8, selector={"overlaying": None}
    )
    figure.update_yaxes(
        title_text=_write_title(y), range=list(y_span), nticks=8, selector={"overlaying": None}
    )
    for axis, update in ((x, figure.update_xaxes), (y, figure.update_yaxes)):
        if axis.zero:
            update(
                zeroline=True, zerolinecolor=_LINE[theme], zerolinewidth=1.5, selector={"overlaying": None}
            )
    return figure


def _add_backdrop(
    figure: go.Figure,
    backdrop: pd.DataFrame,
    y_span: tuple[float, float],
    titles: tuple[str, str],
    theme: Theme,
) -> None:
    colour = _PALE[theme]
    for place, (group, rows) in enumerate(backdrop.groupby("group", sort=False)):
        figure.add_trace(
            go.Scatter(
                x=rows["x"].tolist(),
                y=rows["y"].tolist(),
                xaxis="x2",
                yaxis="y2",
                mode="markers+text",
                text=[escape_label(str(name)) for name in rows["name"]],
                textposition="top center",
                textfont={"size": 12, "color": colour},
                marker={
                    "symbol": _PALE_SYMBOLS[place % len(_PALE_SYMBOLS)],
                    "size": 10,
                    "color": colour,
                    "line": {"width": 1.5, "color": colour},
                },
                name=escape_label(str(group)),
                legendrank=_LAST,
                hovertext=[write_lines(label) for label in rows["label"]],
                hoverinfo="text",
                cliponaxis=False,
            )
        )
    own = {
        "showgrid": False,
        "tickfont": {"size": 12, "color": colour},
        "linecolor": colour,
        "tickmode": "auto",
        "nticks": 6,
    }
    figure.update_layout(
        # The traces of sets make these two when they are added; an axis laid over them needs them there.
        xaxis={},
        yaxis={},
        xaxis2=own
        | {
            "overlaying": "x",
            "side": "top",
            "range": list(_span(backdrop[["x"]], zero=False)),
            "title": {"text": escape_label(titles[0]), "font": {"size": 12, "color": colour}, "standoff": 6},
        },
        yaxis2=own
        | {
            "overlaying": "y",
            "side": "right",
            "range": list(y_span),
            "title": {"text": escape_label(titles[1]), "font": {"size": 12, "color": colour}, "standoff": 6},
        },
    )


def _span(values: pd.DataFrame, *, zero: bool) -> tuple[float, float]:
    """Least and largest number with a margin; with 0 where it is to be seen."""
    shown = values.to_numpy(dtype=float).ravel()
    shown = shown[~pd.isna(shown)]
    low, high = float(shown.min()), float(shown.max())
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high <= low:
        half = abs(low) * 0.1 or 1.0
        low, high = low - half, high + half
    margin = _MARGIN * (high - low)
    return low - margin, high + margin


def _align_zero(
    one: tuple[float, float], other: tuple[float, float]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Widen two spans that hold 0, both by as much, so that 0 lies at the same share of them."""
    least, most = sorted(-low / (high - low) for low, high in (one, other))
    share = most / (1 - least + most)

    def widen(span: tuple[float, float]) -> tuple[float, float]:
        low, high = span
        whole = max(-low / share, high / (1 - share))
        return -share * whole, (1 - share) * whole

    return widen(one), widen(other)


def _write_title(axis: AssociationAxis) -> str:
    title = write_lines(axis.title)
    if axis.better == "high":
        return f"{title}   <b>better →</b>"
    return f"<b>← better</b>   {title}" if axis.better == "low" else title
