"""The numbers of an analysis of bias as tables for pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from core.bias.archive import ALL_REGIONS, BiasSummary
from core.bias.attribution_archive import AttributionSummary
from core.bias.attribution_options import METHODS
from core.report.bias_findings import describe_place, write_p, write_place
from core.report.numbers import format_count, format_interval, format_share, format_value, typeset
from pages._shared.table import Cell, Column, Table

__all__ = [
    "CROP_REGION",
    "SHOW_REGION",
    "lay_out_attribution",
    "lay_out_inheritance",
    "lay_out_markers",
    "lay_out_shortcuts",
    "lay_out_suspects",
]

SHOW_REGION: Final = "show"
"""Action of a suspect region, before a colon and its rank: its place on the maps."""
CROP_REGION: Final = "crop"
"""Action of a suspect region, before a colon and its rank: the experiment without it."""

_ANYWHERE: Final = "anywhere"
_PROPERTIES: Final = {
    "intensity": "Brightness and contrast",
    "border": "Outermost strips",
    "aspect": "Width over height",
    "resolution": "Size in pixels",
    "format": "File format and depth",
}
_RANK: Final = "Its number on the maps; the smaller and the stronger a region is, the higher it ranks."
_PLACE: Final = "From the upper left corner, as seen on the screen."
_AUROC: Final = (
    "How well its strongest patch alone tells the class: 0.5 is chance, 1 tells every image. The patch was "
    "chosen for its height, which the interval does not know."
)
_P: Final = "Chance that images without any sign reach that AUROC at any place (family-wise)."
_AROUND: Final = (
    "Mean AUROC of the places around it: near 0.5 the sign is as local as a mark is, high it spreads as "
    "disease does."
)
_AREA: Final = "Share of the image that the region covers."
_CROP: Final = (
    "Crops the region, a sixteenth of the image wider at each side, from all sets and measures fidelity and "
    "utility again: a mark may reach beyond the patches that tell it best."
)
_SIGN: Final = (
    "The same sign: what a probe learned on real images tells the classes there. Any sign: the set's own "
    "probe tells them, by whatever it finds."
)
_SHARE: Final = (
    "Share of the real set's signal: 100 % is all of it, 0 none, below 0 the classes are swapped. Lower "
    "inherits less."
)
_HELDOUT: Final = "What real images of other patients carry: the value to compare with."
_LETTERS: Final = "Share of the class's images with letter-like marks: small, bright, sharp strokes."
_PROPERTY: Final = "What a tiny classifier is shown, and nothing else of the image."
_ALONE: Final = "AUROC: 0.5 is chance, 1 tells every image's class; p is family-wise over the properties."
_EVENLY: Final = "A classifier that looks everywhere alike has as much of its map there."
_LOOKED: Final = (
    "Share of the map that lies in the region, averaged over images; more than its area means that the "
    "classifier looks there."
)


def lay_out_suspects(summary: BiasSummary) -> Table:
    """Lay out the suspect regions of the real set, most suspect first."""
    columns = (
        Column("rank", "Region", _RANK, width=70),
        Column("place", "Place", _PLACE, width=220),
        Column("auroc", "AUROC", _AUROC, kind="number", detail_title="AUROC, 95 % interval and n"),
        Column("p", "p", _P, kind="number"),
        Column("surround", "Around it", _AROUND, kind="number"),
        Column("area", "Area", _AREA, kind="number"),
        Column("show", "Patches", kind="action"),
        Column("crop", "Without it", _CROP, kind="action"),
    )
    n = format_count(summary.sets[0].n)
    rows = []
    for one in summary.suspects:
        place = describe_place(one).removeprefix("the ")
        cells = {
            "rank": Cell(str(one.rank), one.rank),
            "place": Cell(place[:1].upper() + place[1:], detail=write_place(one)),
            "auroc": _write(one.auroc, one.low, one.high, f"n = {n}"),
            "p": Cell(write_p(one.p_value).removeprefix("p = ").removeprefix("p "), one.p_value),
            "surround": Cell(f"{one.surround_auroc:.2f}", one.surround_auroc),
            "area": Cell(f"{100 * one.area:.1f} %", one.area),
            "show": Cell("Show patches", action=f"{SHOW_REGION}:{one.rank}"),
            "crop": Cell("Crop and measure again", action=f"{CROP_REGION}:{one.rank}"),
        }
        rows.append((f"region{one.rank}", cells))
    return Table(columns, tuple(rows))


def lay_out_inheritance(summary: BiasSummary) -> Table:
    """Lay out how much of each region's signal the other sets carry: one row a region and sign."""
    places = _number_sets(one.name for one in summary.sets[1:])
    columns = [
        Column("region", "Region", "Region of the real set, by its rank.", width=140),
        Column("sign", "Told by", _SIGN, width=130),
    ]
    for one in summary.sets[1:]:
        title = f"{one.name} ↓" if one.role == "synthetic" else one.name
        about = _HELDOUT if one.role == "heldout" else _SHARE
        columns.append(_set_column(places[one.name], title, about))
    rows: dict[str, dict[str, Cell]] = {}
    for found in summary.inheritance:
        if found.set in places:
            everywhere = found.region == ALL_REGIONS
            cells = rows.setdefault(f"{found.region} {found.sign}", {})
            cells["region"] = Cell("All suspect places" if everywhere else f"Region {found.region}")
            cells["sign"] = Cell("the same sign" if found.sign == "same" else "any sign")
            counted = f"n = {format_count(found.n_synthetic)}"
            cells[places[found.set]] = _write_share(found.share, found.low, found.high, counted)
    return Table(tuple(columns), tuple(rows.items()))


def lay_out_markers(summary: BiasSummary, *, every_zone: bool = False) -> Table:
    """Lay out how many images carry letters: one row a place and class, one column a set.

    Args:
        summary: the analysis.
        every_zone: whether thirds of the image in which no image has a letter are listed, too.
    """
    places = _number_sets(one.name for one in summary.sets)
    marked = {one.zone for one in summary.markers if one.n_marked}
    thirds = dict.fromkeys(one.zone for one in summary.markers if one.zone != _ANYWHERE)
    columns = (
        Column("zone", "Where", "Third of the image, as seen on the screen.", width=130),
        Column("class", "Class", width=130),
        *(_set_column(column, name, _LETTERS) for name, column in places.items()),
    )
    found = {(one.zone, one.class_name, one.set): one for one in summary.markers}
    rows = []
    for zone in (_ANYWHERE, *(one for one in thirds if every_zone or one in marked)):
        for label in summary.classes:
            here = {name: found[zone, label, name] for name in places if (zone, label, name) in found}
            cells = {
                places[name]: _write_share(
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

    places = _number_sets(one.name for one in summary.sets)
    columns = (
        Column("property", "Property", _PROPERTY, width=250),
        *(_set_column(column, name, _ALONE) for name, column in places.items()),
    )
    rows: dict[str, dict[str, Cell]] = {}
    for one in summary.shortcuts:
        if one.set in places:
            about = SHORTCUTS[one.property][0] if one.property in SHORTCUTS else ""
            cells = rows.setdefault(one.property, {})
            title = _PROPERTIES.get(one.property, one.property)
            cells["property"] = Cell(title, detail="" if about.removesuffix(".") == title else about)
            counted = f"{write_p(one.p_value)}, n = {format_count(one.n)}"
            cells[places[one.set]] = _write(one.auroc, one.low, one.high, counted, tooltip=one.note)
    return Table(columns, tuple(rows.items()))


def lay_out_attribution(attribution: AttributionSummary) -> Table:
    """Lay out how much of where a classifier looks lies in each suspect region, by class and method."""
    places = _number_sets(one.name for one in attribution.sets)
    columns = (
        Column("region", "Region", "Region of the real set, by its rank.", width=90),
        Column("class", "Class", "Whose images were asked what speaks for it.", width=120),
        Column("method", "Method", width=110),
        Column("area", "Area", f"{_AREA} {_EVENLY}", kind="number"),
        *(_set_column(column, name, _LOOKED) for name, column in places.items()),
    )
    rows: dict[str, dict[str, Cell]] = {}
    for one in attribution.shares:
        cells = rows.setdefault(f"{one.region} {one.method} {one.class_name}", {})
        cells |= {
            "region": Cell(f"Region {one.region}"),
            "class": Cell(one.class_name),
            "method": Cell(METHODS[one.method]),
            "area": Cell(f"{100 * one.area:.1f} %", one.area),
            places[one.set]: _write_share(one.share, one.low, one.high, f"n = {format_count(one.n)}"),
        }
    return Table(columns, tuple(rows.items()))


def _number_sets(names: Iterable[str]) -> dict[str, str]:
    """Id of each set's column: names may be those of other columns."""
    return {name: f"set{place}" for place, name in enumerate(names)}


def _set_column(column: str, title: str, about: str) -> Column:
    return Column(
        column, title, about, kind="number", detail_title=f"{title.removesuffix(' ↓')}, 95 % interval and n"
    )


def _write(value: float, low: float, high: float, counted: str, *, tooltip: str = "") -> Cell:
    interval = format_interval(value, low, high)
    return Cell(format_value(value, low, high), value, detail=f"{interval}, {counted}", tooltip=tooltip)


def _write_share(value: float, low: float | None, high: float | None, counted: str) -> Cell:
    shown, _, interval = typeset(format_share(value, low, high)).partition(" [")
    return Cell(shown, value, detail=f"[{interval}, {counted}" if interval else counted)
