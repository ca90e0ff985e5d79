"""Numbers of an image set as points with their intervals and what they say when pointed at."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import plotly.graph_objects as go

from core.plots.style import SetStyle, Theme, escape_label, marker_of

__all__ = ["draw_interval", "draw_paired_point", "write_lines"]


def write_lines(text: object) -> str:
    """Write text whose lines are parted by a line feed, for plotly."""
    return escape_label(str(text)).replace("\n", "<br>")


def draw_interval(
    value: float, low: float, high: float, *, colour: str, width_px: float = 1.5, cap_px: int = 4
) -> dict[str, Any] | None:
    """Draw an interval as plotly's error bar of one point; None where an end is NaN.

    Args:
        value: where the point is.
        low: lower end.
        high: upper end.
        colour: of the bar.
        width_px: width of the bar.
        cap_px: half the length of the strokes at its ends.
    """
    if math.isnan(low) or math.isnan(high):
        return None
    return {
        "type": "data",
        "symmetric": False,
        # An interval need not hold its value; a bar cannot point backwards.
        "array": [max(high - value, 0.0)],
        "arrayminus": [max(value - low, 0.0)],
        "thickness": width_px,
        "width": cap_px,
        "color": colour,
    }


def draw_paired_point(
    row: Mapping[Hashable, Any], style: SetStyle, theme: Theme, *, cap_px: int = 4
) -> go.Scatter:
    """Draw a set by two of its numbers, with both intervals.

    Args:
        row: `set`, `x`, `x_low`, `x_high`, `y`, `y_low`, `y_high` and `label`.
        style: of the set.
        theme: light or dark ground.
        cap_px: half the length of the strokes at the intervals' ends.
    """

    def bar(axis: str) -> dict[str, Any]:
        value, low, high = (float(row[name]) for name in (axis, f"{axis}_low", f"{axis}_high"))
        drawn = draw_interval(value, low, high, colour=style.colour(theme), cap_px=cap_px)
        return {"visible": False} if drawn is None else drawn

    return go.Scatter(
        x=[row["x"]],
        y=[row["y"]],
        error_x=bar("x"),
        error_y=bar("y"),
        mode="markers",
        marker=marker_of(style, theme, size=13),
        name=escape_label(str(row["set"])),
        hovertext=[write_lines(row["label"])],
        hoverinfo="text",
        cliponaxis=False,
    )
