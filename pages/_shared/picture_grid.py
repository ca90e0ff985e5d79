"""Pictures in a grid, one column an image set: to be looked at side by side, and large in the same place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from core.plots.style import SYMBOL_PATHS, SetStyle
from pages._shared.assets import read_assets

__all__ = ["GridCell", "GridColumn", "GridRow", "GridScale", "show_picture_grid"]


# Narrower columns scroll sideways; wider ones leave room free.
_LEAST_PX: Final = 132
_MOST_PX: Final = 420


@dataclass(frozen=True, slots=True)
class GridColumn:
    """One image set.

    Attributes:
        name: the set's name.
        detail: a few words after it.
        style: its colour and symbol.
    """

    name: str
    detail: str = ""
    style: SetStyle | None = None


@dataclass(frozen=True, slots=True)
class GridCell:
    """One picture, or the reason why there is none.

    Attributes:
        picture: address or data URI of what stands in the grid; empty shows the caption in its place.
        samples: signed address of the lossless samples; empty where `picture` is lossless itself.
        volume: where it is of a volume, what `pages._shared.volume_address.address_volume` returns.
        caption: text below the picture.
        about: text that stands below it only where it is large.
        item: id of the item it shows, empty where it is of no single one.
        flagged: whether it stands out.
    """

    picture: str = ""
    samples: str = ""
    volume: Mapping[str, Any] | None = None
    caption: str = ""
    about: str = ""
    item: str = ""
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class GridScale:
    """What grey levels or colours mean.

    Attributes:
        stops: CSS colours from the low to the high end.
        low: value at the low end.
        high: value at the high end, with its unit.
    """

    stops: tuple[str, ...]
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class GridRow:
    """One row.

    Attributes:
        title: what its pictures are, for those who do not see the grid and for the enlarged picture.
        cells: one a column; None leaves the place empty.
        heading: text above the row, where a new part begins.
        scale: scale above the row.
    """

    title: str
    cells: tuple[GridCell | None, ...]
    heading: str = ""
    scale: GridScale | None = None


def show_picture_grid(
    columns: Sequence[GridColumn],
    rows: Sequence[GridRow],
    *,
    key: str,
    label: str,
    aspect: float = 1.0,
    pixelated: bool = False,
    least_px: int = _LEAST_PX,
    most_px: int = _MOST_PX,
) -> None:
    """Show the grid; a click or Enter opens a picture, arrow keys walk from there.

    Args:
        columns: from left to right.
        rows: from top to bottom, each with a cell a column.
        key: name of the grid within the app.
        label: what the grid shows, for screen readers.
        aspect: width over height of all pictures' places.
        pixelated: whether pixels are drawn as squares where a picture grows.
        least_px: width below which columns do not shrink.
        most_px: width above which they do not grow.
    """
    data = {
        "columns": [_encode_column(column) for column in columns],
        "rows": [_encode_row(row) for row in rows],
        "label": label,
        "aspect": f"{aspect:.4f}",
        "pixelated": pixelated,
        "leastPx": least_px,
        "mostPx": most_px,
    }
    # Addresses that ran out are asked for again: the page runs, and signs new ones.
    _COMPONENT(key=key, data=data, on_expired_change=_ignore)


def _encode_column(column: GridColumn) -> dict[str, Any]:
    style = column.style
    # The stage is dark in both themes.
    glyph = style and {"path": SYMBOL_PATHS[style.symbol], "colour": style.dark, "open": style.open}
    return {"name": column.name, "detail": column.detail, "glyph": glyph}


def _encode_row(row: GridRow) -> dict[str, Any]:
    scale = row.scale and {"stops": row.scale.stops, "low": row.scale.low, "high": row.scale.high}
    return {
        "title": row.title,
        "heading": row.heading,
        "scale": scale,
        "cells": [cell and _encode_cell(cell) for cell in row.cells],
    }


def _encode_cell(cell: GridCell) -> Mapping[str, Any]:
    return {
        "picture": cell.picture,
        "samples": cell.samples,
        "volume": cell.volume,
        "caption": cell.caption,
        "about": cell.about,
        "item": cell.item,
        "flagged": cell.flagged,
    }


def _ignore() -> None:
    """Stand in for the callback without which Streamlit does not run the page again."""


_COMPONENT = st.components.v2.component(
    "medsynaudit_picture_grid",
    css=read_assets("stage/stage.css", "stage/large.css", "grid/grid.css"),
    js=read_assets(
        "stage/make.js",
        "stage/glyph.js",
        "stage/fit.js",
        "stage/lossless.js",
        "stage/slices.js",
        "grid/grid.js",
    ),
)
