"""Tables of a review's outcome: readers, agreement, confirmed copies by set and one by one."""

from __future__ import annotations

from collections.abc import Sequence

from core.audit.items import AuditItems
from core.metrics.estimate import Estimate
from core.report.numbers import format_interval, format_share, format_value, typeset
from core.review.agreement import ReaderAgreement
from core.review.findings import ReviewFindings
from core.review.outcome import FinalCall, SetOutcome
from pages._shared.review_evidence import format_q
from pages._shared.table import Cell, Column, Table

__all__ = ["lay_out_agreement", "lay_out_confirmed", "lay_out_readers", "lay_out_sets"]

_ALARMS = (
    "Share of controls, which cannot be copies, that the reader called copy or near copy at first sight; "
    "lower is better."
)
_CHANGED = (
    "Pairs of which the reader said something else after the evidence was shown; the first word counts here."
)
_UNBLINDED = (
    "Pairs first judged after the reader had seen the outcome; they count in no number of this table."
)
_KAPPA = "Cohen's kappa: agreement beyond chance; 1 is full agreement, 0 what chance gives. Higher is better."
_SCALES = {"verdicts": "all four verdicts", "copies": "copy or near copy against not a copy"}
_LOWER_BOUND = (
    "Confirmed among all images of the set; images that nobody read count as none, so it is a lower bound."
)


def lay_out_readers(found: ReviewFindings) -> Table:
    """One row a reader: how much was read, and how often a control was called a copy."""
    columns = (
        Column("reader", "Reader"),
        Column("read", "Pairs read", kind="number"),
        Column("left", "Left", kind="number"),
        Column("controls", "Controls read", kind="number"),
        Column("alarms", "Controls called copies ↓", _ALARMS, kind="number", detail_title="95 % interval"),
        Column("changed", "Changed later", _CHANGED, kind="number"),
        Column("unblinded", "Read unblinded", _UNBLINDED, kind="number"),
    )
    alarms = {one.reviewer: one for one in found.false_alarms}
    rows = []
    for one in found.standings:
        false = alarms[one.reviewer]
        cells = {
            "reader": Cell(one.reviewer),
            "read": Cell(f"{one.n_done:,}", one.n_done),
            "left": Cell(f"{one.n_left:,}", one.n_left),
            "controls": Cell(f"{false.n_controls:,}", false.n_controls),
            "alarms": _share(false.rate, f"{false.n_alarms:,} of {false.n_controls:,}"),
            "changed": Cell(f"{false.n_changed:,}", false.n_changed),
            "unblinded": Cell(f"{false.n_unblinded:,}", false.n_unblinded),
        }
        rows.append((one.reviewer, cells))
    return Table(columns, tuple(rows), "Readers")


def lay_out_agreement(agreements: Sequence[ReaderAgreement]) -> Table:
    """Two rows for each two readers."""
    columns = (
        Column("readers", "Readers"),
        Column("scale", "Compared"),
        Column("n", "Pairs", "Pairs that both judged blinded; the first word counts.", kind="number"),
        Column("equal", "Same verdict", kind="number"),
        Column("unsure", "Left out", "Pairs of which one was unsure.", kind="number"),
        Column("kappa", "Kappa ↑", _KAPPA, kind="number", detail_title="95 % interval"),
        Column("note", "Note"),
    )
    rows = []
    for one in agreements:
        cells = {
            "readers": Cell(" and ".join(one.readers)),
            "scale": Cell(_SCALES[one.scale]),
            "n": Cell(f"{one.n:,}", one.n),
            "equal": Cell(f"{one.n_equal:,}", one.n_equal),
            "unsure": Cell(f"{one.n_unsure:,}", one.n_unsure),
            "note": Cell(one.note),
        }
        if one.kappa is not None:
            text = typeset(format_value(one.kappa, one.low, one.high))
            cells["kappa"] = Cell(text, one.kappa, typeset(format_interval(one.kappa, one.low, one.high)))
        rows.append(("\0".join((*one.readers, one.scale)), cells))
    return Table(columns, tuple(rows), "Agreement")


def lay_out_sets(outcomes: Sequence[SetOutcome]) -> Table:
    """One row a synthetic set under review."""
    columns = (
        Column("set", "Synthetic set"),
        Column("images", "Images", kind="number"),
        Column("called", "Judged", "Images under review with a verdict that is not open.", kind="number"),
        Column("open", "To be settled", kind="number"),
        Column("copies", "Copies", kind="number"),
        Column("near", "Near copies", kind="number"),
        Column("of_called", "Share of those judged ↓", kind="number", detail_title="95 % interval"),
        Column("of_all", "Share of the set ↓", _LOWER_BOUND, kind="number", detail_title="95 % interval"),
    )
    rows = []
    for one in outcomes:
        counts = {
            "images": one.n_images,
            "called": one.n_called,
            "open": one.n_open,
            "copies": one.n_copies,
            "near": one.n_near_copies,
        }
        cells = {name: Cell(f"{count:,}", count) for name, count in counts.items()} | {
            "set": Cell(one.name),
            "of_called": _share(one.of_called),
            "of_all": _share(one.of_all),
        }
        rows.append((one.name, cells))
    return Table(columns, tuple(rows), "Confirmed copies by set")


def lay_out_confirmed(calls: Sequence[FinalCall], items: AuditItems) -> Table:
    """One row an image that is confirmed as a copy or near copy."""
    columns = (
        Column("pair", "Pair", kind="number"),
        Column("set", "Synthetic set"),
        Column("item", "Image"),
        Column("real", "Copy of"),
        Column("call", "Call"),
        Column("basis", "Rests on"),
        Column("q", "q-value", "Share of false flags expected among images this strong.", kind="number"),
        Column("transform", "Matched"),
    )
    rows = []
    for call in calls:
        if not call.is_confirmed or call.verdict is None:
            continue
        pair, q = call.pair, call.pair.evidence.q_value
        cells = {
            "pair": Cell(str(pair.number + 1), pair.number + 1),
            "set": Cell(pair.query_set),
            "item": Cell(items[pair.query_id].item, tooltip=f"SHA-256 {pair.query_digest}"),
            "real": Cell(items[pair.real_id].item, tooltip=f"SHA-256 {pair.real_digest}"),
            "call": Cell(call.verdict.value),
            "basis": Cell(call.basis.value),
            "transform": Cell(pair.evidence.transform),
        }
        if q is not None:
            cells["q"] = Cell(format_q(q), q)
        rows.append((str(pair.number), cells))
    return Table(columns, tuple(rows), "Confirmed copies")


def _share(estimate: Estimate | None, count: str = "") -> Cell:
    if estimate is None:
        return Cell("none read")
    text, _, interval = format_share(estimate.value, estimate.low, estimate.high).partition(" [")
    return Cell(text, estimate.value, ", ".join(filter(None, (count, interval and f"[{interval}"))))
