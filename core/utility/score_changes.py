"""Scores of arms beside their changes against baselines, as every table of an experiment lists them."""

from __future__ import annotations

from collections.abc import Iterator

from core.utility.result import ArmScore, Comparison, UtilitySummary

__all__ = ["pair_scores"]


def pair_scores(summary: UtilitySummary) -> Iterator[tuple[ArmScore, Comparison | None]]:
    """Pair each score with each of its changes, one a baseline; None for an arm without a baseline.

    Scores of groups of test images come last.
    """
    changes: dict[tuple[str, str, str | None, str | None], list[Comparison]] = {}
    for one in (*summary.comparisons, *summary.group_comparisons):
        changes.setdefault((one.arm, one.score, one.class_name, one.group), []).append(one)
    for score in (*summary.scores, *summary.group_scores):
        found = changes.get((score.arm, score.score, score.class_name, score.group), [])
        yield from ((score, change) for change in found)
        if not found:
            yield score, None
