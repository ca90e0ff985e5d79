"""Figures of a utility experiment: bars of change, learning curves, and the label-fraction curve."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from core.plots.change_bars import CHANGE_COLUMNS, plot_change_bars
from core.plots.label_curve import LABEL_COLUMNS, plot_label_curve
from core.plots.learning_curves import Curve, plot_learning_curves
from core.plots.style import REAL, SetStyle, Theme, assign_styles
from core.report.points import format_p, format_points, format_points_interval
from core.report.utility_changes import ArmChange, ScoreChoice, find_arm_kind, find_scores, list_changes
from core.utility.result import ArmRecord, ArmScore, UtilitySummary
from core.utility.run_record import RunRecord

__all__ = [
    "choose_curve_arms",
    "describe_label_curve",
    "draw_changes",
    "draw_curves",
    "draw_label_curve",
    "list_phases",
    "style_sets",
]

_DASHES = {
    "traditional": "dash",
    "both": "dash",
    "alone": "dot",
    "untrained": "dot",
    "real": "dashdot",
    "fraction": "dashdot",
}
_WIDTHS = (1.75, 3.0, 4.25)
_PANELS = {
    "validation_balanced_accuracy": "Balanced accuracy on validation images",
    "validation_loss": "Loss on validation images",
    "training_loss": "Loss on training images",
}


def style_sets(summary: UtilitySummary, study_sets: Sequence[str] = ()) -> dict[str, SetStyle]:
    """Give each synthetic set the look that it has on other pages.

    Args:
        summary: the experiment.
        study_sets: every synthetic set of the study today, in its order.
    """
    used = [one.name for one in summary.sets if one.role == "synthetic"]
    return assign_styles([*study_sets, *(name for name in used if name not in study_sets)])


def draw_changes(
    summary: UtilitySummary,
    score: ScoreChoice,
    baseline: str,
    *,
    styles: dict[str, SetStyle],
    theme: Theme,
) -> go.Figure:
    """Draw the change of a score against a baseline, one bar an arm.

    Raises:
        UnknownNameError: if no arm of that id is a baseline.
    """
    held = [one for one in list_changes(summary, score, baseline) if one.change is not None]
    records = pd.DataFrame([_bar(one) for one in held], columns=list(CHANGE_COLUMNS))
    title = f"Change of {score.noun}, percentage points (→ better)"
    return plot_change_bars(records, x_title=title, styles=styles, theme=theme)


def list_phases(summary: UtilitySummary) -> tuple[str, ...]:
    """Phases that were trained: the whole network, the last layer, or both."""
    return tuple(dict.fromkeys(point.phase for run in summary.runs for point in run.curve))


def choose_curve_arms(summary: UtilitySummary, phase: str) -> dict[str, str]:
    """Arms that have a learning curve of a phase: id to title."""
    trained = {run.arm for run in summary.runs if any(point.phase == phase for point in run.curve)}
    return {arm.id: arm.title for arm in summary.arms if arm.id in trained}


def draw_curves(
    summary: UtilitySummary,
    arms: Sequence[str],
    *,
    phase: str,
    styles: dict[str, SetStyle],
    theme: Theme,
) -> go.Figure:
    """Draw validation scores and losses over epochs, mean and range over repeats.

    Args:
        summary: the experiment.
        arms: ids of at least one arm that `choose_curve_arms` names.
        phase: one that `list_phases` names.
        styles: from `style_sets`.
        theme: light or dark ground.
    """
    chosen = [arm for arm in summary.arms if arm.id in arms]
    widths = _vary_widths(chosen)
    curves = []
    for arm in chosen:
        runs = [run for run in summary.runs if run.arm == arm.id]
        for field, panel in _PANELS.items():
            epochs, rows = _collect(runs, phase, field)
            if epochs:
                curves.append(
                    Curve(
                        panel=panel,
                        title=arm.title,
                        set=arm.synthetic or REAL,
                        dash=_DASHES.get(find_arm_kind(arm), "solid"),
                        width=widths[arm.id],
                        epochs=epochs,
                        mean=tuple(math.fsum(row) / len(row) for row in rows),
                        low=tuple(min(row) for row in rows),
                        high=tuple(max(row) for row in rows),
                    )
                )
    return plot_learning_curves(curves, styles=styles, theme=theme)


def draw_label_curve(
    summary: UtilitySummary, score: ScoreChoice, *, styles: dict[str, SetStyle], theme: Theme
) -> go.Figure | None:
    """Draw a score over the share of real training images; None where there are no such arms.

    One line is of real images alone, one of each synthetic set that joins them one to one.
    """
    rows = _list_points(summary, score)
    if not rows:
        return None
    records = pd.DataFrame(rows, columns=list(LABEL_COLUMNS)).sort_values("share", kind="stable")
    where = "" if score.group is None else f" in {score.group}"
    return plot_label_curve(
        records, y_title=f"{score.title}{where}, % (↑ better)", styles=styles, theme=theme
    )


def describe_label_curve(summary: UtilitySummary, score: ScoreChoice) -> str:
    """Say what the label-fraction curve shows, point by point."""
    return " ".join(f"{row[-1]}.".replace("\n", ": ") for row in _list_points(summary, score))


def _list_points(summary: UtilitySummary, score: ScoreChoice) -> list[tuple[object, ...]]:
    kinds = {arm.id: find_arm_kind(arm) for arm in summary.arms}
    if "real" not in kinds.values():
        return []
    scores = find_scores(summary, score)
    return [
        _point(arm, scores[arm.id], score)
        for arm in summary.arms
        if kinds[arm.id] in ("none", "real", "fraction")
        or (kinds[arm.id] == "synthetic" and arm.ratio == 1.0)
    ]


def _bar(one: ArmChange) -> tuple[object, ...]:
    change = one.change
    assert change is not None
    ends = (change.change, change.low, change.high)
    number = f"{format_points(*ends)} points {format_points_interval(*ends)}".strip()
    lines = [one.arm.title, number, f"{one.score.n_repeats} repeats, {one.score.n_test:,} test images"]
    if change.p_holm is not None:
        lines.append(f"{format_p(change.p_holm)} after Holm's correction")
    low, high = (math.nan if end is None else 100 * end for end in (change.low, change.high))
    return (
        one.arm.title,
        one.arm.synthetic or REAL,
        100 * change.change,
        low,
        high,
        one.is_significant,
        "\n".join(lines),
    )


def _point(arm: ArmRecord, one: ArmScore, score: ScoreChoice) -> tuple[object, ...]:
    low, high = (math.nan if end is None else 100 * end for end in (one.low, one.high))
    interval = "" if one.low is None else f" [{low:.1f}, {high:.1f}]"
    return (
        arm.synthetic or REAL,
        f"real images and {arm.synthetic}" if arm.synthetic else "real images alone",
        100 * arm.real,
        100 * one.mean,
        low,
        high,
        f"{arm.title}\n{score.title} {100 * one.mean:.1f} %{interval}, {one.n_repeats} repeats",
    )


def _vary_widths(arms: Sequence[ArmRecord]) -> dict[str, float]:
    """Lines of one set and kind, such as two ratios, differ by width."""
    seen: dict[tuple[str | None, str], int] = {}
    widths = {}
    for arm in arms:
        # Dashes, not kinds: what looks alike otherwise must differ.
        look = (arm.synthetic, _DASHES.get(find_arm_kind(arm), "solid"))
        widths[arm.id] = _WIDTHS[seen.get(look, 0) % len(_WIDTHS)]
        seen[look] = seen.get(look, 0) + 1
    return widths


def _collect(runs: Sequence[RunRecord], phase: str, field: str) -> tuple[tuple[int, ...], list[list[float]]]:
    """Epochs of a phase, and each epoch's values over repeats."""
    values: dict[int, list[float]] = {}
    for run in runs:
        for point in run.curve:
            if point.phase == phase:
                values.setdefault(point.epoch, []).append(float(getattr(point, field)))
    return tuple(values), list(values.values())
