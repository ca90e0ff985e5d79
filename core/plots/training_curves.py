"""What a training tells while it runs, over the images seen: losses, or its speed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go

from core.plots.style import OKABE_ITO, Theme, build_template, escape_label

__all__ = ["TrainingCurve", "plot_training_curves"]

_HEIGHT_PX, _LEGEND_PX = 280, 22
_IN_A_LINE: Final = 3
_DASHES: Final = ("solid", "dash", "dot", "dashdot", "longdash")
# Curves of one figure that lie further apart than this are only told apart on a logarithmic axis.
_WIDE: Final = 30.0


@dataclass(frozen=True, slots=True)
class TrainingCurve:
    """One line.

    Attributes:
        title: what the legend calls it.
        images: images seen, rising.
        values: one for each of them; what is not finite leaves a gap.
    """

    title: str
    images: tuple[int, ...]
    values: tuple[float, ...]


def plot_training_curves(
    curves: Sequence[TrainingCurve], *, y_title: str, theme: Theme, from_zero: bool = False
) -> go.Figure:
    """Draw curves over images seen; the axis is logarithmic where they would else not be told apart.

    Args:
        curves: colours and dashes go by their order.
        y_title: what the values are, with their unit.
        theme: light or dark ground.
        from_zero: whether the axis of values begins at 0, and is never logarithmic.

    Returns:
        A figure as wide as its container, with a legend below where there are several curves.

    Raises:
        ValueError: if there is no curve.
    """
    if not curves:
        raise ValueError("there is no curve to draw")
    figure = go.Figure()
    for place, one in enumerate(curves):
        colour = OKABE_ITO[place % len(OKABE_ITO)]
        dash = _DASHES[place // len(OKABE_ITO) % len(_DASHES)]
        figure.add_trace(
            go.Scatter(
                x=list(one.images),
                y=[value if math.isfinite(value) else None for value in one.values],
                # One row is a point, which a line would not show.
                mode="lines" if len(one.images) > 1 else "markers",
                line={"color": colour, "width": 2, "dash": dash},
                marker={"color": colour, "size": 9},
                name=escape_label(one.title),
                hovertext=[
                    f"<b>{escape_label(one.title)}</b> {value:.4g}<br>after {images:,} images"
                    for images, value in zip(one.images, one.values, strict=True)
                ],
                hoverinfo="text",
            )
        )
    is_log = not from_zero and _is_wide(curves)
    scale = ", logarithmic" if is_log else ""
    figure.update_xaxes(title_text="Images seen", nticks=6, separatethousands=True, exponentformat="none")
    figure.update_yaxes(
        title_text=f"{escape_label(y_title)}{scale}",
        type="log" if is_log else "linear",
        nticks=6,
        rangemode="tozero" if from_zero else "normal",
    )
    if is_log:
        # Without it, plotly names a minor tick "2" and means twice the power of ten below it.
        figure.update_yaxes(dtick=1, exponentformat="power")
    figure.update_layout(
        template=build_template(theme),
        height=_HEIGHT_PX + _LEGEND_PX * (-(-len(curves) // _IN_A_LINE) if len(curves) > 1 else 0),
        margin={"t": 12},
        showlegend=len(curves) > 1,
        legend={"orientation": "h", "yanchor": "top", "y": -0.24, "x": 0, "itemdoubleclick": False},
        # What was zoomed into stays while new rows arrive.
        uirevision="training",
    )
    return figure


def _is_wide(curves: Sequence[TrainingCurve]) -> bool:
    """Whether all values are above 0, and the largest is many times the smallest."""
    finite = [[value for value in one.values if math.isfinite(value)] for one in curves]
    flat = [value for values in finite for value in values]
    return bool(flat) and min(flat) > 0 and max(flat) / min(flat) > _WIDE
