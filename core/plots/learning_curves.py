"""Learning curves: the mean over repeats of each way of training, in a band from lowest to highest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.plots.style import SetStyle, Theme, build_template, escape_label

__all__ = ["Curve", "Dash", "plot_learning_curves"]

_HEIGHT_PX, _LEGEND_PX = 330, 22
_MOST_TICKS = 8
_BAND_OPACITY = 0.12
Dash = str
"""One of plotly's names: solid, dash, dot, dashdot, longdash."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of one panel.

    Attributes:
        panel: title of the panel that it stands in.
        title: what the legend calls it; lines of one title in several panels are one entry.
        set: the set whose colour it has.
        dash: how it is dashed.
        width: in pixels.
        epochs: from 1.
        mean: over repeats, one an epoch.
        low: the lowest repeat.
        high: the highest.
    """

    panel: str
    title: str
    set: str
    dash: Dash
    width: float
    epochs: tuple[int, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


def plot_learning_curves(
    curves: Sequence[Curve], *, styles: Mapping[str, SetStyle], theme: Theme
) -> go.Figure:
    """Draw curves over epochs, one panel beside the other.

    Args:
        curves: panels stand in the order of their first curve.
        styles: set name to style, from `core.plots.style.assign_styles`.
        theme: light or dark ground.

    Returns:
        A figure with its legend below, as wide as its container.

    Raises:
        ValueError: if there is no curve.
        KeyError: if a set has no style.
    """
    if not curves:
        raise ValueError("there is no curve to draw")
    panels = list(dict.fromkeys(one.panel for one in curves))
    titles = list(dict.fromkeys(one.title for one in curves))
    figure = make_subplots(
        rows=1,
        cols=len(panels),
        subplot_titles=[escape_label(panel) for panel in panels],
        horizontal_spacing=0.2 / (len(panels) + 1),
    )
    named: set[str] = set()
    for one in curves:
        colour = styles[one.set].colour(theme)
        where = {"row": 1, "col": panels.index(one.panel) + 1}
        if one.low != one.high:
            figure.add_trace(
                go.Scatter(
                    x=[*one.epochs, *reversed(one.epochs)],
                    y=[*one.high, *reversed(one.low)],
                    mode="none",
                    fill="toself",
                    fillcolor=_fade(colour),
                    hoverinfo="skip",
                    legendgroup=one.title,
                    showlegend=False,
                ),
                **where,
            )
        figure.add_trace(
            go.Scatter(
                x=list(one.epochs),
                y=list(one.mean),
                # One epoch is a point, which a line would not show.
                mode="lines" if len(one.epochs) > 1 else "markers",
                line={"color": colour, "dash": one.dash, "width": one.width},
                marker={"color": colour, "symbol": styles[one.set].symbol, "size": 9},
                name=escape_label(one.title),
                legendgroup=one.title,
                showlegend=one.title not in named,
                hovertext=[
                    f"<b>{escape_label(one.title)}</b><br>epoch {epoch}: {mean:.3f} ({low:.3f} to {high:.3f})"
                    for epoch, mean, low, high in zip(one.epochs, one.mean, one.low, one.high, strict=True)
                ],
                hoverinfo="text",
            ),
            **where,
        )
        named.add(one.title)
    longest = max(one.epochs[-1] for one in curves)
    figure.update_xaxes(title_text="Epoch", tick0=0, dtick=-(-longest // _MOST_TICKS))
    figure.update_yaxes(nticks=6)
    figure.update_annotations(font={"size": 14}, yshift=6)
    figure.update_layout(
        template=build_template(theme),
        height=_HEIGHT_PX + _LEGEND_PX * -(-len(titles) // 2),
        showlegend=True,
        legend={
            "orientation": "h",
            "yanchor": "top",
            "y": -0.2,
            "x": 0,
            "font": {"size": 13},
            "itemdoubleclick": False,
        },
        hovermode="closest",
    )
    return figure


def _fade(colour: str) -> str:
    """The colour of a band: `#rrggbb` made see-through."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{_BAND_OPACITY})"
