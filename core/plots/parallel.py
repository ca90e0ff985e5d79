"""Parallel coordinates: each metric an upright axis with its good end up, each set a line across them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from core.plots.axes import AxisValue, CompareAxis, break_title, write_hover
from core.plots.style import REAL, SetStyle, Theme, build_template, escape_label, marker_of

__all__ = ["plot_parallel"]

_HEIGHT_PX = 460
_TITLE_CHARACTERS = 12
_AXIS = {"light": "rgba(0,0,0,0.35)", "dark": "rgba(255,255,255,0.4)"}


def plot_parallel(
    axes: Sequence[CompareAxis], names: Sequence[str], *, styles: Mapping[str, SetStyle], theme: Theme
) -> go.Figure:
    """Draw sets as lines over metrics.

    A line breaks where a set has no value. What real images score is drawn as a dotted line of its own.

    Args:
        axes: metrics from left to right.
        names: sets to draw, in the order of the legend.
        styles: name to style, from `core.plots.style.assign_styles`.
        theme: light or dark ground.

    Returns:
        A figure with a legend, as wide as its container.

    Raises:
        ValueError: if there is no axis.
        KeyError: if a set has no style.
    """
    if not axes:
        raise ValueError("parallel coordinates need at least one axis")
    figure = go.Figure()
    for place in range(len(axes)):
        figure.add_shape(
            type="line",
            x0=place,
            x1=place,
            y0=0,
            y1=1,
            line={"width": 1, "color": _AXIS[theme]},
            layer="below",
        )
    for name in names:
        values = [axis.values.get(name) for axis in axes]
        figure.add_trace(_line(name, axes, values, styles[name], theme))
    # Drawn last, so that no set hides it, and named first.
    if any(axis.floor is not None for axis in axes):
        floors = [axis.floor for axis in axes]
        figure.add_trace(_line("real against real", axes, floors, styles[REAL], theme, dash="dot", rank=1))
    figure.update_layout(
        template=build_template(theme),
        height=_HEIGHT_PX,
        showlegend=True,
        legend={"orientation": "h", "y": 1.16, "x": 0, "font": {"size": 13}, "itemdoubleclick": False},
        margin={"t": 64, "b": 8, "l": 16, "r": 16},
        annotations=[
            note
            for place, axis in enumerate(axes)
            for note in (
                _end(place, 1.0, axis.best_text, "bottom"),
                _end(place, 0.0, axis.worst_text, "top"),
            )
        ],
    )
    figure.update_xaxes(
        tickvals=list(range(len(axes))),
        ticktext=[break_title(axis.title, _TITLE_CHARACTERS) for axis in axes],
        tickangle=0,
        tickfont={"size": 12},
        range=[-0.4, len(axes) - 0.6],
        showgrid=False,
        showline=False,
        fixedrange=True,
    )
    figure.update_yaxes(
        range=[-0.08, 1.08], showgrid=False, showticklabels=False, showline=False, fixedrange=True
    )
    return figure


def _line(
    name: str,
    axes: Sequence[CompareAxis],
    values: Sequence[AxisValue | None],
    style: SetStyle,
    theme: Theme,
    *,
    dash: str = "solid",
    rank: int = 1000,
) -> go.Scatter:
    colour = style.colour(theme)
    return go.Scatter(
        x=list(range(len(axes))),
        y=[None if one is None else axis.place(one.value) for axis, one in zip(axes, values, strict=True)],
        error_y=_bars(axes, values, colour),
        mode="lines+markers",
        line={"width": 2, "color": colour, "dash": dash},
        marker=marker_of(style, theme, size=10),
        name=escape_label(name),
        legendrank=rank,
        hovertext=[
            "" if one is None else write_hover(name, axis, one)
            for axis, one in zip(axes, values, strict=True)
        ],
        hoverinfo="text",
        connectgaps=False,
        cliponaxis=False,
    )


def _bars(axes: Sequence[CompareAxis], values: Sequence[AxisValue | None], colour: str) -> dict[str, Any]:
    up, down = [], []
    for axis, one in zip(axes, values, strict=True):
        ends = [0.0, 0.0]
        if one is not None and one.low is not None and one.high is not None:
            ends = sorted(axis.place(end) - axis.place(one.value) for end in (one.low, one.high))
        down.append(max(-ends[0], 0.0))
        up.append(max(ends[1], 0.0))
    return {
        "type": "data",
        "symmetric": False,
        "array": up,
        "arrayminus": down,
        "thickness": 1.5,
        "width": 3,
        "color": colour,
    }


def _end(place: int, y: float, text: str, anchor: str) -> dict[str, Any]:
    return {
        "x": place,
        "y": y,
        "text": escape_label(text),
        "yanchor": anchor,
        "yshift": 8 if anchor == "bottom" else -8,
        "showarrow": False,
        "font": {"size": 12},
    }
