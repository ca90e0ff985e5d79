"""How many images of each set fooled how many of their raters."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from core.plots.style import SetStyle, Theme, build_template, escape_label

__all__ = ["FOOLED_COLUMNS", "plot_fooled"]

FOOLED_COLUMNS = ("title", "set", "fooled", "raters")
"""Columns of the records, one row an image: what its set is called and drawn as, raters who were wrong about
it, and raters who answered."""

_HEIGHT_PX = 320
_MOST_EXACT = 8
_BINS = 5
_BAR_OPACITY = 0.85


def plot_fooled(records: pd.DataFrame, *, styles: Mapping[str, SetStyle], theme: Theme) -> go.Figure:
    """Draw for each set the share of its images by how many of their raters were wrong.

    Where every image has the same few raters, bars stand for 0, 1, 2… of them; otherwise for fifths of the
    raters.

    Args:
        records: one row an image, with `FOOLED_COLUMNS`; sets in the order of first occurrence.
        styles: set name to style, from `core.plots.style.assign_styles`.
        theme: light or dark ground.

    Returns:
        A figure with its legend below, as wide as its container.

    Raises:
        ValueError: if a column is missing or there is no row.
        KeyError: if a set has no style.
    """
    missing = set(FOOLED_COLUMNS) - set(records.columns)
    if missing or records.empty:
        raise ValueError(f"fooled records need rows with the columns {', '.join(FOOLED_COLUMNS)}")
    names, places = _place(records)
    figure = go.Figure()
    for title, rows in records.assign(place=places).groupby("title", sort=False):
        style = styles[rows["set"].iloc[0]]
        counts = rows["place"].value_counts().reindex(range(len(names)), fill_value=0)
        figure.add_trace(
            go.Bar(
                x=names,
                y=(100 * counts / len(rows)).tolist(),
                name=escape_label(str(title)),
                marker={
                    "color": style.colour(theme),
                    "opacity": _BAR_OPACITY,
                    "pattern": {"shape": "/" if style.open else ""},
                },
                hovertext=[
                    f"<b>{escape_label(str(title))}</b><br>{count} of {len(rows)} images: "
                    f"{name} of their raters were wrong"
                    for name, count in zip(names, counts, strict=True)
                ],
                hoverinfo="text",
            )
        )
    figure.update_xaxes(title_text="Raters who were wrong about the image", type="category", showgrid=False)
    figure.update_yaxes(title_text="Images of the set, %", rangemode="tozero", nticks=6)
    figure.update_layout(
        template=build_template(theme),
        height=_HEIGHT_PX,
        margin={"t": 12},
        barmode="group",
        bargap=0.25,
        showlegend=True,
        legend={"orientation": "h", "yanchor": "top", "y": -0.25, "x": 0, "itemdoubleclick": False},
    )
    return figure


def _place(records: pd.DataFrame) -> tuple[list[str], pd.Series]:
    """Names of the bars, and the bar of each image."""
    most = int(records["raters"].max())
    if int(records["raters"].min()) == most and most <= _MOST_EXACT:
        return [f"{at} of {most}" for at in range(most + 1)], records["fooled"].astype(int)
    share = records["fooled"] / records["raters"]
    width = 100 // _BINS
    names = [f"{at * width} to {(at + 1) * width} %" for at in range(_BINS)]
    return names, (share * _BINS).astype(int).clip(upper=_BINS - 1)
