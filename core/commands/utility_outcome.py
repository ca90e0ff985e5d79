"""What a terminal shows when a utility experiment is done: each arm's scores, and what it changes."""

from __future__ import annotations

from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from core.utility.result import ArmScore, Comparison, GroupGap, UtilitySummary
from core.utility.significance import ALPHA

__all__ = ["print_utility"]

_SHOWN = {"accuracy": "accuracy", "balanced_accuracy": "balanced", "auroc": "AUROC"}
_WIDEST = 400
_ABOUT_GAPS = (
    "Gaps are mean accuracy in the best group minus that in the worst, over repeats. The two were picked by "
    "their scores, so that an interval above 0 shows nothing by itself; p tells how often groups drawn by "
    "chance lie as far apart, and is not corrected for the number of arms."
)


def print_utility(summary: UtilitySummary, folder: Path) -> None:
    """Print scores in per cent and changes of accuracy in percentage points, to standard output.

    A star marks changes with p < 0.05 by the signed-rank test after Holm's correction.
    """
    scores = {(one.arm, one.score): one for one in summary.scores if one.class_name is None}
    changes = {(one.arm, one.baseline): one for one in summary.comparisons if one.score == "accuracy"}
    baselines = list(dict.fromkeys(one.baseline for one in summary.comparisons))
    titles = {arm.id: arm.title for arm in summary.arms}
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    for title in _SHOWN.values():
        table.add_column(f"{title}, %", justify="right", no_wrap=True)
    for baseline in baselines:
        table.add_column(f"accuracy against\n{titles[baseline].lower()}", justify="right", no_wrap=True)
    for arm in summary.arms:
        table.add_row(
            Text(arm.title),
            *(_score(scores[arm.id, score]) for score in _SHOWN),
            *(_change(changes.get((arm.id, baseline))) for baseline in baselines),
        )
    _print_table(table)
    n_repeats, n_test = summary.scores[0].n_repeats, summary.scores[0].n_test
    lines = [
        f"{n_repeats} {'repeat' if n_repeats == 1 else 'repeats'}, {n_test:,} test images; intervals over "
        f"repeats; * p < {ALPHA} (signed-rank, Holm)."
    ]
    if gaps := [one for one in summary.group_gaps if one.score == "accuracy"]:
        _print_lines(lines)
        _print_table(_tabulate_gaps(gaps, titles))
        lines = [_ABOUT_GAPS]
    lines += [
        *(f"Warning: {warning}" for warning in summary.warnings),
        f"Results: {folder.absolute() / 'utility.json'}",
    ]
    _print_lines(lines)


def _print_lines(lines: list[str]) -> None:
    console = Console(highlight=False)
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def _print_table(table: Table) -> None:
    console = Console(highlight=False)
    needed = console.measure(table, options=console.options.update(width=_WIDEST)).maximum
    Console(highlight=False, width=max(console.width, needed)).print(table)


def _score(score: ArmScore) -> str:
    text = f"{score.mean:.1%}".rstrip("%")
    if score.low is None or score.high is None:
        return text
    return f"{text} ({score.low * 100:.1f} to {score.high * 100:.1f})"


def _change(change: Comparison | None) -> str:
    if change is None:
        return "–"
    text = f"{change.change * 100:+.1f}"
    if change.low is not None and change.high is not None:
        text += f" ({change.low * 100:+.1f} to {change.high * 100:+.1f})"
    return text + (" *" if change.p_holm is not None and change.p_holm < ALPHA else "")


def _tabulate_gaps(gaps: list[GroupGap], titles: dict[str, str]) -> Table:
    """One row an arm and column of the labels CSV; names of groups are users', and never markup."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("", "best group (images)", "worst group (images)"):
        table.add_column(title, no_wrap=True)
    for title in ("accuracy gap, points", "p"):
        table.add_column(title, justify="right", no_wrap=True)
    for gap in gaps:
        size = f"{gap.gap * 100:.1f}"
        if gap.low is not None and gap.high is not None:
            size += f" ({gap.low * 100:+.1f} to {gap.high * 100:+.1f})"
        table.add_row(
            Text(titles[gap.arm]),
            Text(f"{gap.best} ({gap.n_best:,})"),
            Text(f"{gap.worst} ({gap.n_worst:,})"),
            size,
            "–" if gap.p is None else f"{gap.p:.2g}",
        )
    return table
