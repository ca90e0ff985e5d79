"""Tables of a crop experiment: what each way of using a set is worth, and what metrics say, twice."""

from __future__ import annotations

from core.crop_experiment.result import CropSummary, MetricChange, ProbeRecord, ScoreChange
from core.report.metric_groups import find_facts
from core.report.numbers import format_interval, format_value, typeset
from core.report.points import format_points, format_points_interval
from core.utility.arms import KIND_TITLES
from core.utility.significance import ALPHA
from pages._shared.names import show_name
from pages._shared.table import Cell, Column, Table

__all__ = ["lay_out_metric_changes", "lay_out_probes", "lay_out_score_changes"]

_CHANGE = (
    "After minus before, repeat by repeat with the same splits, initial weights and draws; mean over repeats."
)
_WILCOXON = "Paired Wilcoxon signed-rank test over the repeats, exact and two-sided: is the change chance?"
_HOLM = "The same after Holm's correction for all synthetic sets that are used in this way."
_GAIN = "A gain is the score minus that of the arm it is over, in the same repeat."
_METRIC_CHANGE = (
    "After minus before. Its interval takes the two numbers for independent; they are of the same images, so "
    "that it is rather too wide."
)
_ARROWS = {"higher": " ↑", "lower": " ↓"}


def lay_out_score_changes(summary: CropSummary, score: str, title: str) -> Table:
    """One row an arm and one an arm's gain over each baseline.

    Args:
        summary: the experiment.
        score: id of a score of all test images.
        title: its name.
    """
    titles = {one.arm: one.title for one in summary.scores}
    columns = (
        Column("arm", "Arm", "One way to train the classifier.", width=250),
        Column("what", "What", _GAIN, width=190),
        Column("before", "Before ↑, %", f"{title}, in per cent.", kind="number", detail_title="Before: 95 %"),
        Column(
            "after", "After ↑, %", "The same on cropped images.", kind="number", detail_title="After: 95 %"
        ),
        Column("change", "Change, points", _CHANGE, kind="number", detail_title="Change: 95 %"),
        Column("p", "Wilcoxon p", _WILCOXON, kind="number"),
        Column("holm", "Holm p", _HOLM, kind="number"),
        Column("repeats", "Repeats", "Trainings of the arm before, and as many after.", kind="number"),
        Column("n", "Test images", kind="number"),
        Column("kind", "Experiment"),
    )
    rows = tuple(
        (f"{one.kind} {one.arm} {one.baseline or ''}", _score_cells(one, titles, title))
        for one in summary.scores
        if one.score == score and one.class_name is None
    )
    caption = (
        f"Intervals are 95 % Student intervals over repeats. Bold: p < {ALPHA} after Holm's correction for "
        "the sets that are used in the same way."
    )
    return Table(columns, rows, caption)


def lay_out_metric_changes(summary: CropSummary, extractor: str | None) -> Table:
    """One row a metric and set, of one extractor and of none."""
    columns = (
        Column("metric", "Metric", width=230),
        Column("set", "Set"),
        Column("before", "Before", kind="number", detail_title="Before: 95 %"),
        Column("after", "After", kind="number", detail_title="After: 95 %"),
        Column("change", "Change", _METRIC_CHANGE, kind="number", detail_title="Change: 95 %"),
        Column("n_real", "Real", "Real images behind it.", kind="number"),
        Column("n_synthetic", "Synthetic", "Synthetic images behind it.", kind="number"),
        Column("class", "Class"),
    )
    rows = tuple(
        (f"{one.metric} {one.extractor} {one.class_name} {one.synthetic}", _metric_cells(one))
        for one in summary.metrics
        if one.extractor in (extractor, None)
    )
    caption = "Before and after with their 95 % intervals. Bold: the change's interval does not hold 0."
    return Table(columns, rows, caption)


def lay_out_probes(summary: CropSummary) -> Table:
    """One row a set and cropped place: what it alone told of the class, and what it still tells."""
    columns = (
        Column("set", "Set"),
        Column("place", "Place"),
        Column(
            "before", "AUROC before", "How well the place alone tells the class; 0.5 is guessing.",
            kind="number", detail_title="Before: 95 %",
        ),
        Column("p", "p", "Chance that shuffled labels do as well.", kind="number"),
        Column("after", "AUROC after", kind="number", detail_title="After: 95 %"),
        Column("n", "Images", kind="number"),
        Column("note", ""),
    )  # fmt: skip
    rows = tuple((f"{one.set} {one.place}", _probe_cells(one)) for one in summary.probes)
    return Table(columns, rows)


def _score_cells(one: ScoreChange, titles: dict[str, str], title: str) -> dict[str, Cell]:
    proven = one.p_holm is not None and one.p_holm < ALPHA
    over = titles.get(one.baseline or "", one.baseline or "")
    what = title if one.baseline is None else f"Gain over {over[0].lower()}{over[1:]}"
    cells = {
        "arm": Cell(one.title),
        "what": Cell(what),
        "before": _percent(one.before, one.before_low, one.before_high),
        "after": _percent(one.after, one.after_low, one.after_high),
        "change": Cell(
            format_points(one.change, one.low, one.high),
            100 * one.change,
            detail=format_points_interval(one.change, one.low, one.high),
            strong=proven,
        ),
        "repeats": Cell(f"{one.n_repeats}", one.n_repeats),
        "n": Cell(f"{one.n_test:,}", one.n_test),
        "kind": Cell(KIND_TITLES[one.kind]),
    }
    if one.p is not None:
        cells["p"] = Cell(f"{one.p:.2g}", one.p)
    if one.p_holm is not None:
        cells["holm"] = Cell(f"{one.p_holm:.2g}", one.p_holm, strong=proven)
    return cells


def _metric_cells(one: MetricChange) -> dict[str, Cell]:
    facts = find_facts(one.metric)
    apart = one.low is not None and one.high is not None and (one.low > 0 or one.high < 0)
    return {
        "metric": Cell(f"{facts.name}{_ARROWS.get(one.direction, '')}", tooltip=facts.sentence),
        "set": Cell(one.synthetic),
        "before": _number(one.before, one.before_low, one.before_high),
        "after": _number(one.after, one.after_low, one.after_high),
        "change": _number(one.change, one.low, one.high, strong=apart),
        "n_real": Cell(f"{one.n_real:,}", one.n_real),
        "n_synthetic": Cell(f"{one.n_synthetic:,}", one.n_synthetic),
        "class": Cell("" if one.class_name is None else show_name(one.class_name)),
    }


def _probe_cells(one: ProbeRecord) -> dict[str, Cell]:
    cells = {"set": Cell(one.set), "place": Cell(one.place), "n": Cell(f"{one.n:,}", one.n)}
    note = one.note
    if one.before is not None:
        cells["before"] = _number(one.before.auroc, one.before.low, one.before.high)
        cells["p"] = Cell(f"{one.before.p_value:.2g}", one.before.p_value)
        if one.is_uniform is None:
            note = note or "No longer in the images."
    if one.after is not None:
        cells["after"] = _number(one.after.auroc, one.after.low, one.after.high)
        if one.is_uniform:
            note = "All images are alike there."
    return cells | {"note": Cell(note)}


def _percent(value: float, low: float | None, high: float | None) -> Cell:
    ends = [None if one is None else round(100 * one, 9) for one in (low, high)]
    detail = "" if ends[0] is None or ends[1] is None else f"[{ends[0]:.1f}, {ends[1]:.1f}]"
    return Cell(typeset(f"{100 * value:.1f}"), 100 * value, detail=typeset(detail))


def _number(value: float | None, low: float | None, high: float | None, *, strong: bool = False) -> Cell:
    if value is None:
        return Cell("–")
    text, interval = format_value(value, low, high), format_interval(value, low, high)
    return Cell(typeset(text), value, detail=typeset(interval), strong=strong)
