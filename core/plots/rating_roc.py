"""The ROC of raters' confidence: hits over false alarms, pooled and for each rater."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.plots.style import Theme, build_template, escape_label

__all__ = ["RocLine", "plot_rating_roc"]

_HEIGHT_PX = 380
# No colour: colours are of sets.
_POOLED = {"light": "#1c1c1c", "dark": "#ececec"}
_RATER = {"light": "rgba(0,0,0,0.32)", "dark": "rgba(255,255,255,0.38)"}
_GUESSING = {"light": "rgba(0,0,0,0.55)", "dark": "rgba(255,255,255,0.65)"}


@dataclass(frozen=True, slots=True)
class RocLine:
    """One line.

    Attributes:
        title: what it is called.
        false_alarms: shares of real images called fake, from 0 to 1, rising.
        hits: shares of fakes called fake.
        is_pooled: whether it is of all raters, and stands out.
        label: text shown on hover, lines parted by a line feed.
    """

    title: str
    false_alarms: Sequence[float]
    hits: Sequence[float]
    is_pooled: bool
    label: str


def plot_rating_roc(lines: Sequence[RocLine], *, theme: Theme) -> go.Figure:
    """Draw ROCs over the diagonal of guessing.

    Args:
        lines: in the order of drawing; the pooled one last, so that it lies on top.
        theme: light or dark ground.

    Returns:
        A square-ish figure with its legend below, as wide as its container.

    Raises:
        ValueError: if there is no line.
    """
    if not lines:
        raise ValueError("an ROC needs a line at least")
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(
            x=[0, 100],
            y=[0, 100],
            mode="lines",
            line={"width": 1.5, "dash": "dash", "color": _GUESSING[theme]},
            name="guessing",
            hoverinfo="skip",
        )
    )
    named = False
    for line in lines:
        colour = _POOLED[theme] if line.is_pooled else _RATER[theme]
        figure.add_trace(
            go.Scatter(
                x=[100 * one for one in line.false_alarms],
                y=[100 * one for one in line.hits],
                mode="lines+markers",
                line={"width": 2.5 if line.is_pooled else 1.2, "color": colour},
                marker={"size": 7 if line.is_pooled else 4, "color": colour},
                name=escape_label(line.title) if line.is_pooled else "each rater",
                # Raters share one entry of the legend; hovering tells who it is.
                legendgroup=line.title if line.is_pooled else "raters",
                showlegend=line.is_pooled or not named,
                hovertext=[escape_label(line.label).replace("\n", "<br>")] * len(line.hits),
                hoverinfo="text",
                cliponaxis=False,
            )
        )
        named = named or not line.is_pooled
    figure.update_xaxes(title_text="Real images called fake, %", range=[-2, 102], nticks=6)
    figure.update_yaxes(title_text="Fake images called fake, %", range=[-2, 102], nticks=6)
    figure.update_layout(
        template=build_template(theme),
        height=_HEIGHT_PX,
        margin={"t": 12},
        showlegend=True,
        legend={"orientation": "h", "yanchor": "top", "y": -0.2, "x": 0, "itemdoubleclick": False},
    )
    return figure
