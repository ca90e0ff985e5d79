"""Tables of shortcuts that are looked for by name: letters, and properties of whole images and files."""

from __future__ import annotations

from typing import Final

from core.bias.archive import BiasSummary
from core.report.bias_findings import write_p
from core.report.numbers import format_count
from pages._shared.bias_cells import number_sets, set_column, write_cell, write_share_cell
from pages._shared.table import Cell, Column, Table

__all__ = ["lay_out_markers", "lay_out_shortcuts"]

_ANYWHERE: Final = "anywhere"
_PROPERTIES: Final = {
    "intensity": "Brightness and contrast",
    "border": "Outermost strips",
    "aspect": "Width over height",
    "resolution": "Size in pixels",
    "format": "File format and depth",
}
_LETTERS: Final = "Share of the class's images with letter-like marks: small, bright, sharp strokes."
_PROPERTY: Final = "What a tiny classifier is shown, and nothing else of the image."
_ALONE: Final = "AUROC: 0.5 is chance, 1 tells every image's class; p is family-wise over the properties."


def lay_out_markers(summary: BiasSummary, *, every_zone: bool = False) -> Table:
    """Lay out how many images carry letters: one row a place and class, one column a set.

    Args:
        summary: the analysis.
        every_zone: whether thirds of the image in which no image has a letter are listed, too.
    """
    places = number_sets(one.name for one in summary.sets)
    marked = {one.zone for one in summary.markers if one.n_marked}
    thirds = dict.fromkeys(one.zone for one in summary.markers if one.zone != _ANYWHERE)
    columns = (
        Column("zone", "Where", "Third of the image, as seen on the screen.", width=130),
        Column("class", "Class", width=130),
        *(set_column(column, name, _LETTERS) for name, column in places.items()),
    )
    found = {(one.zone, one.class_name, one.set): one for one in summary.markers}
    rows = []
    for zone in (_ANYWHERE, *(one for one in thirds if every_zone or one in marked)):
        for label in summary.classes:
            here = {name: found[zone, label, name] for name in places if (zone, label, name) in found}
            cells = {
                places[name]: write_share_cell(
                    one.rate, one.low, one.high, f"{format_count(one.n_marked)} of {format_count(one.n)}"
                )
                for name, one in here.items()
            }
            if cells:
                cells |= {"zone": Cell(zone[:1].upper() + zone[1:]), "class": Cell(label)}
                rows.append((f"{zone} {label}", cells))
    return Table(columns, tuple(rows))


def lay_out_shortcuts(summary: BiasSummary) -> Table:
    """Lay out what other properties alone tell of the class: one row a property, one column a set."""
    from core.bias.shortcuts import SHORTCUTS

    places = number_sets(one.name for one in summary.sets)
    columns = (
        Column("property", "Property", _PROPERTY, width=250),
        *(set_column(column, name, _ALONE) for name, column in places.items()),
    )
    rows: dict[str, dict[str, Cell]] = {}
    for one in summary.shortcuts:
        if one.set in places:
            about = SHORTCUTS[one.property][0] if one.property in SHORTCUTS else ""
            cells = rows.setdefault(one.property, {})
            title = _PROPERTIES.get(one.property, one.property)
            cells["property"] = Cell(title, detail="" if about.removesuffix(".") == title else about)
            counted = f"{write_p(one.p_value)}, n = {format_count(one.n)}"
            cells[places[one.set]] = write_cell(one.auroc, one.low, one.high, counted, tooltip=one.note)
    return Table(columns, tuple(rows.items()))
