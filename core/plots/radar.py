"""Radar: each metric a spoke with its good end outside, each set a ring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from core.plots.axes import AxisValue, CompareAxis, break_title, write_hover
from core.plots.style import REAL, SetStyle, Theme, build_template, escape_label, marker_of

__all__ = ["FEWEST_SPOKES", "plot_radar"]

FEWEST_SPOKES = 3
"""With fewer spokes there is no ring to draw."""

_HEIGHT_PX = 460
_TITLE_CHARACTERS = 16
_GRID = {"light": "#d4d4d4", "dark": "#404040"}
_LINE = {"light": "#8a8a8a", "dark": "#8a8a8a"}


def plot_radar(
    axes: Sequence[CompareAxis], names: Sequence[str], *, styles: Mapping[str, SetStyle], theme: Theme
) -> go.Figure:
    """Draw sets as rings over metrics; rings are not filled, since their areas mean nothing.

    Args:
        axes: metrics clockwise from the top.
        names: sets to draw, in the order of the legend.
        styles: name to style, from `core.plots.style.assign_styles`.
        theme: light or dark ground.

    Returns:
        A figure with a legend.

    Raises:
        ValueError: if there are fewer than `FEWEST_SPOKES` axes.
        KeyError: if a set has no style.
    """
    if len(axes) < FEWEST_SPOKES:
        raise ValueError(f"a radar needs at least {FEWEST_SPOKES} axes")
    figure = go.Figure()
    for name in names:
        figure.add_trace(_ring(name, axes, [axis.values.get(name) for axis in axes], styles[name], theme))
    # Drawn last, so that no set hides it, and named first.
    if any(axis.floor is not None for axis in axes):
        floors = [axis.floor for axis in axes]
        figure.add_trace(_ring("real against real", axes, floors, styles[REAL], theme, dash="dot", rank=1))
    template = build_template(theme)
    text = template.layout.font.color
    figure.update_layout(
        template=template,
        height=_HEIGHT_PX,
        showlegend=True,
        legend={"orientation": "v", "font": {"size": 13}, "itemdoubleclick": False},
        margin={"t": 40, "b": 40, "l": 80, "r": 80},
        polar={
            "bgcolor": "rgba(0,0,0,0)",
            "radialaxis": {
                "range": [0, 1.04],
                "tickvals": [0.5, 1],
                "showticklabels": False,
                "showline": False,
                "gridcolor": _GRID[theme],
            },
            "angularaxis": {
                "direction": "clockwise",
                "rotation": 90,
                "type": "category",
                "categoryorder": "array",
                "categoryarray": [break_title(axis.title, _TITLE_CHARACTERS) for axis in axes],
                "tickfont": {"size": 12, "color": text},
                "gridcolor": _GRID[theme],
                "linecolor": _LINE[theme],
            },
        },
    )
    return figure


def _ring(
    name: str,
    axes: Sequence[CompareAxis],
    values: Sequence[AxisValue | None],
    style: SetStyle,
    theme: Theme,
    *,
    dash: str = "solid",
    rank: int = 1000,
) -> go.Scatterpolar:
    """One closed line; it breaks where the set has no value."""
    around = [*range(len(axes)), 0]
    shown = [(axes[place], values[place]) for place in around]
    return go.Scatterpolar(
        theta=[break_title(axis.title, _TITLE_CHARACTERS) for axis, _ in shown],
        r=[None if one is None else axis.place(one.value) for axis, one in shown],
        mode="lines+markers",
        line={"width": 2, "color": style.colour(theme), "dash": dash},
        marker=marker_of(style, theme, size=9),
        name=escape_label(name),
        legendrank=rank,
        hovertext=["" if one is None else write_hover(name, axis, one) for axis, one in shown],
        hoverinfo="text",
        connectgaps=False,
        cliponaxis=False,
    )
