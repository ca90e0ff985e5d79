"""What a terminal shows when a utility experiment is done: each arm's scores, and what it changes."""

from __future__ import annotations

from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from core.utility.result import ArmScore, Comparison, GroupGap, UtilitySummary
from core.utility.significance import ALPHA

__all__ = ["print_utility"]

_SHOWN = {"accuracy": "accuracy", "balanced_accuracy": "balanced", "auroc": "AUROC"}
_WIDEST = 400


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
            arm.title,
            *(_score(scores[arm.id, score]) for score in _SHOWN),
            *(_change(changes.get((arm.id, baseline))) for baseline in baselines),
        )
    console = Console(highlight=False)
    needed = console.measure(table, options=console.options.update(width=_WIDEST)).maximum
    console = Console(highlight=False, width=max(console.width, needed))
    console.print(table)
    n_repeats, n_test = summary.scores[0].n_repeats, summary.scores[0].n_test
    lines = [
        f"{n_repeats} {'repeat' if n_repeats == 1 else 'repeats'}, {n_test:,} test images; intervals over "
        f"repeats; * p < {ALPHA} (signed-rank, Holm).",
        *(_gap(one, titles[one.arm]) for one in summary.group_gaps if one.score == "accuracy"),
        *(f"Warning: {warning}" for warning in summary.warnings),
        f"Results: {folder.absolute() / 'utility.json'}",
    ]
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


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


def _gap(gap: GroupGap, title: str) -> str:
    text = (
        f"{title}: accuracy falls by {gap.gap * 100:.1f} points from {gap.best} ({gap.n_best:,} images) to "
        f"{gap.worst} ({gap.n_worst:,})"
    )
    if gap.low is not None and gap.high is not None:
        text += f" ({gap.low * 100:.1f} to {gap.high * 100:.1f})"
    return text if gap.p is None else f"{text}, p = {gap.p:.2g} against groups drawn by chance."
