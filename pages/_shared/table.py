"""A table for pages: sortable, filtered, downloaded and used by keyboard alone, all within the browser."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from pages._shared.assets import read_assets

__all__ = ["Cell", "Column", "Table", "show_table"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        id: the key of its cells.
        title: what its head says.
        tooltip: one sentence that explains the title.
        align: side its cells stand on; by default numbers stand on the right.
        kind: "number" sorts by size, "text" as people read it, "time" takes ISO instants and shows them in
            the browser's own zone, "action" holds buttons and is neither sorted nor downloaded.
        width: width in pixels; by default what its content needs.
        detail_title: head of the download's column that holds the cells' details; empty leaves them out.
    """

    id: str
    title: str
    tooltip: str = ""
    align: Literal["left", "right"] | None = None
    kind: Literal["text", "number", "time", "action"] = "text"
    width: int | None = None
    detail_title: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        text: what is shown.
        value: what it is sorted and downloaded by: a number, a text, or an ISO 8601 instant with its offset;
            None is an empty cell, except in text columns, where it stands for `text`.
        detail: a second, smaller line, such as an interval.
        strong: whether the text is bold, as is the best value of a row.
        tooltip: one sentence shown on hover, on a button also on focus.
        action: what `show_table` returns when the cell is clicked; such a cell is a button.
    """

    text: str
    value: float | str | None = None
    detail: str = ""
    strong: bool = False
    tooltip: str = ""
    action: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """What is shown.

    Attributes:
        columns: from left to right; the first stays in view and names its rows.
        rows: id and cells by column id, in the order that stands until the user sorts; an id keeps its row's
            place, focus and scroll when the table is shown again with new data.
        caption: one sentence above the table.

    Raises:
        ValueError: if an id is taken twice or a cell belongs to no column.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, Mapping[str, Cell]], ...]
    caption: str = ""

    def __post_init__(self) -> None:
        names = [column.id for column in self.columns]
        ids = [row_id for row_id, _ in self.rows]
        for what, listed in (("column", names), ("row", ids)):
            if len(set(listed)) < len(listed):
                raise ValueError(f"Two {what}s of a table share an id: {sorted(listed)}.")
        if strangers := {name for _, cells in self.rows for name in cells} - set(names):
            raise ValueError(f"Cells belong to no column of the table: {sorted(strangers)}.")


def show_table(
    table: Table,
    *,
    key: str,
    file_name: str,
    height_px: int | None = None,
    on_click: Callable[[str], None] | None = None,
) -> str | None:
    """Show a table; what the user sorted, filtered and scrolled stays when it is shown again.

    Args:
        table: what to show.
        key: name of the table within the app.
        file_name: what the downloaded file is called.
        height_px: height above which the rows scroll; by default most of the window.
        on_click: called with the action of a clicked cell before the page is drawn again.

    Returns:
        The action of the cell that was just clicked, once; otherwise None.
    """
    data = {
        "caption": table.caption,
        "columns": [_encode_column(column) for column in table.columns],
        "rows": [
            {"id": row_id, "cells": [_encode_cell(cells.get(column.id), column) for column in table.columns]}
            for row_id, cells in table.rows
        ],
        "fileName": file_name,
        "heightPx": height_px,
    }

    def answer() -> None:
        # Streamlit reports a click only where there is a callback, so there is one even with nothing to call.
        if on_click and (action := st.session_state[key].get("action")) is not None:
            on_click(action)

    clicked: str | None = _COMPONENT(key=key, data=data, on_action_change=answer).get("action")
    return clicked


def _encode_column(column: Column) -> dict[str, Any]:
    return {
        "id": column.id,
        "title": column.title,
        "tooltip": column.tooltip,
        "align": column.align or ("right" if column.kind == "number" else "left"),
        "kind": column.kind,
        "width": column.width,
        "detailTitle": column.detail_title,
    }


def _encode_cell(cell: Cell | None, column: Column) -> dict[str, Any] | None:
    if cell is None:
        return None
    value = cell.value
    if value is None and column.kind == "text":
        value = cell.text
    elif isinstance(value, float) and not math.isfinite(value):
        # JSON knows neither; the browser reads "Infinity" in a column of numbers as the number.
        value = None if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    return {
        "text": cell.text,
        "value": value,
        "detail": cell.detail,
        "strong": cell.strong,
        "tooltip": cell.tooltip,
        "action": cell.action,
    }


# One module from several files: nothing is built, and the browser loads nothing but Streamlit's own message.
_COMPONENT = st.components.v2.component(
    "medsynaudit_table",
    css=read_assets("table/table.css"),
    js=read_assets("table/order.js", "table/csv.js", "table/tooltip.js", "table/table.js"),
)
