"""Tables of suspect regions: how they tell the class, what sets inherit, and where a classifier looks."""

from __future__ import annotations

from typing import Final

from core.bias.archive import ALL_REGIONS, BiasSummary
from core.bias.attribution_archive import AttributionSummary
from core.bias.attribution_options import METHODS
from core.report.bias_findings import describe_place, write_p, write_place
from core.report.numbers import format_count
from pages._shared.bias_cells import number_sets, set_column, write_cell, write_share_cell
from pages._shared.table import Cell, Column, Table

__all__ = [
    "CROP_REGION",
    "SHOW_REGION",
    "lay_out_attribution",
    "lay_out_inheritance",
    "lay_out_suspects",
]

SHOW_REGION: Final = "show"
"""Action of a suspect region, before a colon and its rank: its place on the maps."""
CROP_REGION: Final = "crop"
"""Action of a suspect region, before a colon and its rank: the experiment without it."""

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
            "auroc": write_cell(one.auroc, one.low, one.high, f"n = {n}"),
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
    places = number_sets(one.name for one in summary.sets[1:])
    columns = [
        Column("region", "Region", "Region of the real set, by its rank.", width=140),
        Column("sign", "Told by", _SIGN, width=130),
    ]
    for one in summary.sets[1:]:
        title = f"{one.name} ↓" if one.role == "synthetic" else one.name
        about = _HELDOUT if one.role == "heldout" else _SHARE
        columns.append(set_column(places[one.name], title, about))
    rows: dict[str, dict[str, Cell]] = {}
    for found in summary.inheritance:
        if found.set in places:
            everywhere = found.region == ALL_REGIONS
            cells = rows.setdefault(f"{found.region} {found.sign}", {})
            cells["region"] = Cell("All suspect places" if everywhere else f"Region {found.region}")
            cells["sign"] = Cell("the same sign" if found.sign == "same" else "any sign")
            counted = f"n = {format_count(found.n_synthetic)}"
            cells[places[found.set]] = write_share_cell(found.share, found.low, found.high, counted)
    return Table(tuple(columns), tuple(rows.items()))


def lay_out_attribution(attribution: AttributionSummary) -> Table:
    """Lay out how much of where a classifier looks lies in each suspect region, by class and method."""
    places = number_sets(one.name for one in attribution.sets)
    columns = (
        Column("region", "Region", "Region of the real set, by its rank.", width=90),
        Column("class", "Class", "Whose images were asked what speaks for it.", width=120),
        Column("method", "Method", width=110),
        Column("area", "Area", f"{_AREA} {_EVENLY}", kind="number"),
        *(set_column(column, name, _LOOKED) for name, column in places.items()),
    )
    rows: dict[str, dict[str, Cell]] = {}
    for one in attribution.shares:
        cells = rows.setdefault(f"{one.region} {one.method} {one.class_name}", {})
        cells |= {
            "region": Cell(f"Region {one.region}"),
            "class": Cell(one.class_name),
            "method": Cell(METHODS[one.method]),
            "area": Cell(f"{100 * one.area:.1f} %", one.area),
            places[one.set]: write_share_cell(one.share, one.low, one.high, f"n = {format_count(one.n)}"),
        }
    return Table(columns, tuple(rows.items()))
