"""The score, baseline and group of test images that a utility experiment is looked at by."""

from __future__ import annotations

import streamlit as st

from core.report.points import format_p
from core.report.utility_changes import ScoreChoice, list_arm_titles, list_baselines, list_scores
from core.utility.result import GroupGap, UtilitySummary
from pages._shared.names import show_name
from pages._shared.selection import choose
from pages._shared.table import Cell, Column, Table, show_table

__all__ = ["choose_view", "show_gaps"]

_GAP = (
    "Mean over repeats of the score in the best group minus that in the worst, in percentage points. The two "
    "were picked by their scores, so that an interval above 0 shows nothing by itself; p does."
)
_WITH = "With the test images behind its score."
_P = "How often groups drawn by chance lie as far apart; not corrected for the number of arms."


def choose_view(summary: UtilitySummary) -> tuple[ScoreChoice, str]:
    """Ask for score and baseline, and for a group of test images where groups were scored.

    Returns:
        The score, and the id of the baseline.
    """
    group = ""
    columns = st.columns([2, 2, 3] if summary.groups else [2, 3])
    if summary.groups:
        with columns[1]:
            named = {name: f"{show_name(name)} ({n:,})" for name, n in summary.groups.items()}
            group = choose("Test images", {"": "All test images"} | named, param="group", follows=True)
    scores = list_scores(summary, group or None)
    with columns[0]:
        titles = {key: show_name(one.title) for key, one in scores.items()}
        score = scores[choose("Score", titles, param="score", follows=True)]
    with columns[-1]:
        baseline = choose(
            "Against",
            list_baselines(summary),
            param="baseline",
            help="The arm that changes are counted from.",
            follows=True,
        )
    return score, baseline


def show_gaps(summary: UtilitySummary, score: ScoreChoice, *, file_name: str) -> None:
    """Show how far each arm's best and worst group lie apart, where groups were scored."""
    wanted = (score.score, score.class_name)
    gaps = [one for one in summary.group_gaps if (one.score, one.class_name) == wanted]
    if not gaps:
        return
    titles = list_arm_titles(summary)
    columns = (
        Column("arm", "Arm", width=250),
        Column("column", "Groups by"),
        Column("best", "Best group", _WITH),
        Column("worst", "Worst group", _WITH),
        Column("gap", "Gap ↓, points", _GAP, kind="number", detail_title="Gap: 95 % interval"),
        *([Column("p", "p", _P, kind="number")] if any(one.p is not None for one in gaps) else []),
        Column("repeats", "Repeats", kind="number"),
    )
    rows = tuple((f"{one.arm} {one.column}", _cells(one, titles[one.arm])) for one in gaps)
    with st.expander(f"Gap between groups of test images: {show_name(score.title)}"):
        show_table(Table(columns, rows), key="gaps", file_name=file_name)


def _cells(one: GroupGap, title: str) -> dict[str, Cell]:
    interval = "" if one.low is None or one.high is None else f"[{100 * one.low:.1f}, {100 * one.high:.1f}]"
    cells = {
        "arm": Cell(title),
        "column": Cell(show_name(one.column)),
        "best": Cell(show_name(one.best), detail=f"n = {one.n_best:,}"),
        "worst": Cell(show_name(one.worst), detail=f"n = {one.n_worst:,}"),
        "gap": Cell(f"{100 * one.gap:.1f}", 100 * one.gap, detail=interval, tooltip=one.note),
        "repeats": Cell(f"{one.n_repeats}", one.n_repeats),
    }
    if one.p is not None:
        cells["p"] = Cell(format_p(one.p).removeprefix("p ").removeprefix("= "), one.p)
    return cells
