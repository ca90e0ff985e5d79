"""Columns of image sets, and cells of numbers with their intervals, in tables of an analysis of bias."""

from __future__ import annotations

from collections.abc import Iterable

from core.report.numbers import format_interval, format_share, format_value, typeset
from pages._shared.table import Cell, Column

__all__ = ["number_sets", "set_column", "write_cell", "write_share_cell"]


def number_sets(names: Iterable[str]) -> dict[str, str]:
    """Id of each set's column: names may be those of other columns."""
    return {name: f"set{place}" for place, name in enumerate(names)}


def set_column(column: str, title: str, about: str) -> Column:
    """Column of one image set's numbers."""
    return Column(
        column, title, about, kind="number", detail_title=f"{title.removesuffix(' ↓')}, 95 % interval and n"
    )


def write_cell(value: float, low: float, high: float, counted: str, *, tooltip: str = "") -> Cell:
    """Show a number, and at a look its interval and what was counted."""
    interval = format_interval(value, low, high)
    return Cell(format_value(value, low, high), value, detail=f"{interval}, {counted}", tooltip=tooltip)


def write_share_cell(value: float, low: float | None, high: float | None, counted: str) -> Cell:
    """Show a share in per cent, and at a look its interval and what was counted."""
    shown, _, interval = typeset(format_share(value, low, high)).partition(" [")
    return Cell(shown, value, detail=f"[{interval}, {counted}" if interval else counted)
