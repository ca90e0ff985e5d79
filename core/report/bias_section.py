"""What a report shows of bias: sentences, maps on one scale, and tables, ready to be laid out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.bias.archive import (
    ALL_REGIONS,
    BiasSetRecord,
    BiasSummary,
    MarkerRecord,
    SuspectRecord,
)
from core.bias.document import BiasDocument
from core.bias.shortcuts import SHORTCUTS
from core.report.bias_findings import (
    WIDESPREAD,
    describe_bias,
    describe_place,
    describe_settings,
    write_auroc,
    write_p,
    write_place,
)
from core.report.bias_pictures import MOST_BOXES, BiasPicture, draw_bias
from core.report.numbers import format_count, format_interval, format_share, format_value, typeset

__all__ = ["BiasCell", "BiasSection", "BiasTable", "build_bias_section"]

_NONE: Final = "–"


@dataclass(frozen=True, slots=True)
class BiasCell:
    """One cell of a table: its text, and smaller lines below."""

    text: str
    detail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BiasTable:
    """One table.

    Attributes:
        title: what it shows.
        caption: how to read it.
        columns: heads with a smaller line each, the first one over the rows' names.
        rows: name of the row and a cell for every other column.
    """

    title: str
    caption: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, tuple[BiasCell, ...]], ...]


@dataclass(frozen=True, slots=True)
class BiasSection:
    """The section.

    Attributes:
        sentences: the answer.
        pictures: the real set first; empty where images are not shown.
        threshold: area above which a place of the real images tells the class beyond chance; empty without.
        tables: the numbers.
        settings: what decided them, in one sentence.
    """

    sentences: tuple[str, ...]
    pictures: tuple[BiasPicture, ...]
    threshold: str
    tables: tuple[BiasTable, ...]
    settings: str


def build_bias_section(document: BiasDocument, *, with_pictures: bool) -> BiasSection:
    """Lay out an analysis of bias for a report.

    Args:
        document: the analysis.
        with_pictures: whether maps over mean images are shown.

    Raises:
        InputError: if a map cannot be read.
    """
    summary = document.summary
    real = summary.sets[0]
    tables = (
        _list_regions(summary),
        _list_inheritance(summary),
        _list_markers(summary),
        _list_shortcuts(summary),
    )
    return BiasSection(
        sentences=(*describe_bias(summary), *_say_widespread(real)),
        pictures=draw_bias(document) if with_pictures else (),
        threshold="" if real.threshold is None else f"{real.threshold:.2f}",
        tables=tuple(table for table in tables if table.rows),
        settings=describe_settings(summary),
    )


def _say_widespread(real: BiasSetRecord) -> tuple[str, ...]:
    if real.share_above is None or real.share_above <= WIDESPREAD:
        return ()
    return (
        f"{100 * real.share_above:.0f} % of all places tell the class: the classes differ as a whole, as by "
        "age, pose or exposure, and the regions below merely stand out from that.",
    )


def _list_regions(summary: BiasSummary) -> BiasTable:
    rows = tuple(
        (
            str(one.rank),
            (
                BiasCell(describe_place(one), (write_place(one),)),
                BiasCell(typeset(write_auroc(one.auroc, one.low, one.high)), (write_p(one.p_value),)),
                BiasCell(f"{one.mean_auroc:.2f}"),
                BiasCell(f"{one.surround_auroc:.2f}"),
                BiasCell(f"{100 * one.area:.1f} %"),
            ),
        )
        for one in summary.suspects
    )
    return BiasTable(
        "Suspect regions of the real images",
        "Where patches alone tell the class; what stands out most from its surroundings first. AUROC: 0.5 is "
        "chance, 1 tells every image; its interval does not know that the patch was chosen for its height, "
        "its p-value does. "
        f"n = {format_count(summary.sets[0].n)} real images.",
        (
            ("Rank", ""),
            ("Place", "as seen on the screen"),
            ("AUROC", "strongest patch"),
            ("Mean AUROC", "within"),
            ("Mean AUROC", "around it"),
            ("Share of the image", ""),
        ),
        rows,
    )


def _list_inheritance(summary: BiasSummary) -> BiasTable:
    found = {(one.set, one.region, one.sign): one for one in summary.inheritance}
    present = tuple(dict.fromkeys(one.region for one in summary.inheritance))
    ranked = [region for region in present if region != ALL_REGIONS]
    regions = (*ranked[:MOST_BOXES], *(region for region in present if region == ALL_REGIONS))
    further = ""
    if len(ranked) > MOST_BOXES:
        further = f" The first {MOST_BOXES} of {len(ranked)} regions; inheritance.csv has the others."
    rows = []
    for one in summary.sets[1:]:
        cells = [BiasCell(format_count(one.n))]
        for region in regions:
            same, any_sign = (found.get((one.name, region, sign)) for sign in ("same", "any"))
            if same is None or any_sign is None:
                cells.append(BiasCell(_NONE))
                continue
            other = _write(any_sign.share, any_sign.low, any_sign.high)
            cells.append(BiasCell(_write(same.share, same.low, same.high), (f"any sign {other}",)))
        if any(cell.text != _NONE for cell in cells[1:]):
            rows.append((one.name, tuple(cells)))
    return BiasTable(
        "How much of it other sets carry",
        "1 carries all of the real set's signal by the same sign, 0 none; below 0 the classes are swapped. "
        "In brackets 95 % intervals. “Any sign” asks whether the place tells the set's classes at all, "
        "also by a sign that real images do not have. All places together hold disease and anatomy as well, "
        f"which synthetic images should carry.{further}",
        (
            ("Set", ""),
            ("n", "images"),
            *((_name_region(region, summary.suspects), "") for region in regions),
        ),
        tuple(rows),
    )


def _name_region(region: str, suspects: Sequence[SuspectRecord]) -> str:
    if region == ALL_REGIONS:
        return "All suspect places"
    place = next((describe_place(one) for one in suspects if str(one.rank) == region), "")
    return f"Region {region}: {place}".removesuffix(": ")


def _list_markers(summary: BiasSummary) -> BiasTable:
    rows = []
    for one in summary.sets:
        cells = tuple(_describe_marker(summary.markers, one.name, label) for label in summary.classes)
        if any(cell.text != _NONE for cell in cells):
            rows.append((one.name, cells))
    return BiasTable(
        "Images with letters",
        "Share of images on which something like a burned-in letter was found near a border. Wires, clips "
        "and coarse noise may be taken for letters: compare classes and sets, and take none of it as a "
        "count.",
        (("Set", ""), *((label, "") for label in summary.classes)),
        tuple(rows),
    )


def _describe_marker(markers: Sequence[MarkerRecord], name: str, label: str) -> BiasCell:
    own = {one.zone: one for one in markers if (one.set, one.class_name) == (name, label)}
    anywhere = own.pop("anywhere", None)
    if anywhere is None:
        return BiasCell(_NONE)
    text = typeset(format_share(anywhere.rate, anywhere.low, anywhere.high))
    detail = [f"n = {format_count(anywhere.n)}"]
    most = max(own.values(), key=lambda one: one.n_marked, default=None)
    if most is not None and most.n_marked:
        detail.append(f"most in the {most.zone}: {format_count(most.n_marked)}")
    return BiasCell(text, tuple(detail))


def _list_shortcuts(summary: BiasSummary) -> BiasTable:
    found = {(one.set, one.property): one for one in summary.shortcuts}
    rows = []
    for one in summary.sets:
        cells = []
        for name in SHORTCUTS:
            shortcut = found.get((one.name, name))
            if shortcut is None:
                cells.append(BiasCell(_NONE))
            elif shortcut.note:
                cells.append(BiasCell(_NONE, (shortcut.note,)))
            else:
                area = typeset(write_auroc(shortcut.auroc, shortcut.low, shortcut.high))
                cells.append(BiasCell(area, (write_p(shortcut.p_value), f"n = {format_count(shortcut.n)}")))
        if any(cell.text != _NONE or cell.detail for cell in cells):
            rows.append((one.name, tuple(cells)))
    return BiasTable(
        "Other shortcuts",
        "AUROC of a tiny classifier that sees this property alone, cross-validated within each set; 0.5 is "
        "chance. p is the chance that any of the properties reaches that without a signal.",
        (("Set", ""), *((name.capitalize(), sentence) for name, (sentence, _) in SHORTCUTS.items())),
        tuple(rows),
    )


def _write(value: float, low: float, high: float) -> str:
    return typeset(f"{format_value(value, low, high)} {format_interval(value, low, high)}".strip())
