"""Tables of a utility experiment: what each arm scores and changes, its test images, and its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.report.numbers import format_share
from core.report.points import format_p, format_points, format_points_interval
from core.report.utility_changes import ArmChange, ScoreChoice
from core.utility.flips import AnswerChange, ClassFlips
from core.utility.result import UtilitySummary
from core.utility.significance import ALPHA
from pages._shared.intensity_choice import write_choice
from pages._shared.names import show_name
from pages._shared.table import Cell, Column, Table

__all__ = ["lay_out_changes", "lay_out_class_flips", "lay_out_flips", "lay_out_protocol", "lay_out_used_sets"]

_CHANGE = "Mean over repeats of arm minus baseline, in percentage points; above 0 is better."
_WILCOXON = "Paired Wilcoxon signed-rank test over the repeats, exact and two-sided: is the change chance?"
_HOLM = "The same after Holm's correction for all arms held against this baseline."
_MCNEMAR = "McNemar's test on the test images: are as many gained as lost? Corrected likewise."
_GAINED = "Test images that the arm gets right in more repeats than the baseline."
_LOST = "Test images that it gets right in fewer."
_BEHIND = "Those behind the score: for the recall of a class, the images of that class."
_ROLES = {"real": "real (train)", "test": "test (held-out)", "synthetic": "synthetic"}


def lay_out_changes(
    changes: Sequence[ArmChange], score: ScoreChoice, baseline: str, n_trained: Mapping[str, str]
) -> Table:
    """One row an arm: its score, and its change against the baseline with every test.

    Args:
        changes: the arms.
        score: the score.
        baseline: id of the baseline.
        n_trained: by arm id, what it was trained on.
    """
    columns = [
        Column("arm", "Arm", "One way to train the classifier.", width=250, detail_title="Trained on"),
        Column(
            "score", f"{score.title} ↑, %", score.sentence, kind="number", detail_title="Score: 95 % interval"
        ),
        Column("change", "Change ↑, points", _CHANGE, kind="number", detail_title="Change: 95 % interval"),
        Column("p", "Wilcoxon p", _WILCOXON, kind="number"),
        Column("holm", "p after Holm", _HOLM, kind="number"),
    ]
    if any(one.change is not None and one.change.mcnemar is not None for one in changes):
        columns += [
            Column("gained", "Gained ↑", _GAINED, kind="number"),
            Column("lost", "Lost ↓", _LOST, kind="number"),
            Column("mcnemar", "McNemar p", _MCNEMAR, kind="number", detail_title="McNemar: method"),
        ]
    columns += [
        Column("repeats", "Repeats", "Trainings of the arm.", kind="number"),
        Column("n", "Test images", _BEHIND, kind="number"),
    ]
    shown = {column.id for column in columns}
    against = next(one.arm.title for one in changes if one.arm.id == baseline)
    rows = tuple(
        (one.arm.id, {name: cell for name, cell in _cells(one, baseline, n_trained).items() if name in shown})
        for one in changes
    )
    caption = (
        f"Changes are against {against[0].lower()}{against[1:]}. Intervals are 95 % Student intervals over "
        f"repeats. Bold: p < {ALPHA} after Holm's correction."
    )
    return Table(tuple(columns), rows, caption)


def lay_out_class_flips(flips: Sequence[ClassFlips]) -> Table:
    """One row a class: how many of its test images change sides."""
    columns = (
        Column("class", "Class"),
        Column("n", "Test images", kind="number"),
        Column(
            "gained", "Wrong → right", "Wrong in most repeats of the baseline, right in most of the arm.",
            kind="number",
        ),
        Column("lost", "Right → wrong", "The reverse.", kind="number"),
        Column("better", "Right more often", "In more repeats of the arm; McNemar's gained.", kind="number"),
        Column("worse", "Right less often", "In fewer repeats; McNemar's lost.", kind="number"),
    )  # fmt: skip
    rows = tuple(
        (
            one.label,
            {"class": Cell(show_name(one.label))}
            | {
                name: Cell(f"{value:,}", value)
                for name in ("n", "gained", "lost", "better", "worse")
                if (value := getattr(one, name)) is not None
            },
        )
        for one in flips
    )
    return Table(columns, rows)


def lay_out_flips(changes: Sequence[AnswerChange], names: dict[str, str]) -> Table:
    """One row a test image whose answers changed.

    Args:
        changes: the images.
        names: by item id, the path that a reader sees.
    """
    columns = (
        Column("item", "Image"),
        Column("class", "Class"),
        Column("change", "Change"),
        Column("answer", "Arm's answer", "Its most frequent answer over repeats."),
        Column("baseline_answer", "Baseline's answer", "Likewise."),
        Column("right", "Arm right", "Repeats in which the arm is right.", kind="number"),
        Column("baseline_right", "Baseline right", "Likewise.", kind="number"),
        Column("repeats", "Repeats", kind="number"),
    )
    rows = tuple(
        (
            one.item,
            {
                "item": Cell(show_name(names[one.item])),
                "class": Cell(show_name(one.label)),
                "change": Cell(describe_change(one)),
                "answer": Cell(show_name(one.answer)),
                "baseline_answer": Cell(show_name(one.baseline_answer)),
                "right": Cell(f"{one.right}", one.right),
                "baseline_right": Cell(f"{one.baseline_right}", one.baseline_right),
                "repeats": Cell(f"{one.n_repeats}", one.n_repeats),
            },
        )
        for one in changes
    )
    return Table(columns, rows)


def describe_change(one: AnswerChange) -> str:
    """What happened to an image, in a word or two."""
    if one.is_flip:
        return "wrong → right" if one.is_gain else "right → wrong"
    return "right more often" if one.is_gain else "right less often"


def lay_out_used_sets(summary: UtilitySummary) -> Table:
    """One row an image set as the experiment read it."""
    columns = (
        Column("set", "Set"),
        Column("role", "Role"),
        Column("n", "Images", kind="number"),
        Column("classes", "Classes"),
        Column(
            "digest", "Digest", "SHA-256 over images, labels and patients: the same digest, the same set."
        ),
    )
    rows = tuple(
        (
            f"{one.role} {one.name}",
            {
                "set": Cell(one.name),
                "role": Cell(_ROLES[one.role]),
                "n": Cell(f"{one.n:,}", one.n),
                "classes": Cell(", ".join(f"{show_name(name)} {n:,}" for name, n in one.classes.items())),
                "digest": Cell(one.digest[:12], one.digest, tooltip=one.digest),
            },
        )
        for one in summary.sets
    )
    return Table(columns, rows)


def lay_out_protocol(summary: UtilitySummary) -> Table:
    """One row a choice that decided the numbers."""
    decided = summary.protocol | {
        "initial weights decided by": summary.weights,
        "channels of the images": summary.channels,
        "device": summary.device,
    }
    rows = tuple(
        (name, {"name": Cell(name), "value": Cell(write_choice(name, value))})
        for name, value in (decided | summary.software).items()
    )
    return Table((Column("name", "Choice"), Column("value", "Value")), rows)


def _cells(one: ArmChange, baseline: str, n_trained: Mapping[str, str]) -> dict[str, Cell]:
    score, change = one.score, one.change
    share = format_share(score.mean, score.low, score.high)
    number, _, interval = share.partition(" [")
    cells = {
        "arm": Cell(one.arm.title, detail=n_trained.get(one.arm.id, "")),
        "score": Cell(
            number, 100 * score.mean, detail=f"[{interval}" if interval else "", tooltip=score.note
        ),
        "repeats": Cell(f"{score.n_repeats}", score.n_repeats),
        "n": Cell(f"{score.n_test:,}", score.n_test),
    }
    if change is None:
        return cells | ({"change": Cell("baseline")} if one.arm.id == baseline else {})
    ends = (change.change, change.low, change.high)
    strong = one.is_significant
    cells["change"] = Cell(
        format_points(*ends),
        100 * change.change,
        detail=format_points_interval(*ends),
        strong=strong,
        tooltip=change.note,
    )
    for name, p in (("p", change.p), ("holm", change.p_holm)):
        if p is not None:
            cells[name] = Cell(_p(p), p, strong=strong and name == "holm")
    if change.mcnemar is not None:
        found = change.mcnemar
        cells |= {
            "gained": Cell(f"{found.gained:,}", found.gained),
            "lost": Cell(f"{found.lost:,}", found.lost),
            "mcnemar": Cell(
                _p(found.p_holm),
                found.p_holm,
                detail=found.method,
                strong=found.p_holm < ALPHA,
                tooltip=f"{format_p(found.p)} before correction.",
            ),
        }
    return cells


def _p(p: float) -> str:
    return format_p(p).removeprefix("p ").removeprefix("= ")
