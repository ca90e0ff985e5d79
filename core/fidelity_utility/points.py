"""Synthetic sets as points: what an audit says of them against what an experiment does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from core.audit.policy import read_policy
from core.audit.result import AuditSummary
from core.fidelity_utility.fidelities import Fidelity, SetNumber, read_fidelity
from core.fidelity_utility.same_sets import match_sets
from core.fidelity_utility.utilities import Utility, read_utility
from core.metrics.rank_correlation import FEWEST_PAIRS
from core.plots.style import REAL
from core.report.metric_groups import AIMS_AT_REAL
from core.utility.result import UtilitySummary

__all__ = ["JoinedPoints", "Point", "join_points"]


@dataclass(frozen=True, slots=True)
class Point:
    """One synthetic set.

    Attributes:
        name: its name.
        fidelity: the metric.
        utility: the score in per cent, or its change in percentage points.
        n_synthetic: its images in the audit.
        match: whether the audit and the experiment saw the same images; see `SetMatch`.
    """

    name: str
    fidelity: SetNumber
    utility: SetNumber
    n_synthetic: int
    match: Literal["same", "alike", "different"]


@dataclass(frozen=True, slots=True)
class JoinedPoints:
    """Every synthetic set with both numbers.

    Attributes:
        fidelity: what stands on the x axis.
        utility: what stands on the y axis.
        points: in the study's order.
        n_repeats: trainings behind each utility.
        n_test: real test images behind it.
        baseline_title: what a change is held against; empty for a score itself.
        warnings: a sentence each on a set that is not the same in the audit and in the experiment.
        notes: a sentence each on sets that are left out, and on what makes points hard to compare.
    """

    fidelity: Fidelity
    utility: Utility
    points: tuple[Point, ...]
    n_repeats: int
    n_test: int
    baseline_title: str
    warnings: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def n_at(self) -> int | None:
        """Images a side that the metric was measured at, where that moves it."""
        return self.points[0].fidelity.n if self.points else None


def join_points(
    audit: AuditSummary, experiment: UtilitySummary, fidelity: Fidelity, utility: Utility
) -> JoinedPoints:
    """Join what an audit and an experiment say of the same synthetic sets, by their names.

    Args:
        audit: an audit.
        experiment: a utility experiment of the same study.
        fidelity: one of `list_fidelities`.
        utility: one of `list_utilities`.
    """
    seen, left_out = read_fidelity(audit, fidelity)
    trained = read_utility(experiment, utility)
    matches = match_sets(audit, experiment)
    sizes = {one.name: one.n for one in audit.sets if one.role == "synthetic"}
    points = tuple(
        Point(name, number, trained[name], sizes[name], matches[name].kind)
        for name, number in seen.items()
        if name in trained and name in matches
    )
    shown = [point.name for point in points]
    checked = [matches[name] for name in (REAL, *shown) if name in matches]
    notes = [
        *left_out,
        *(f"{name} is left out: the experiment has no such number." for name in seen if name not in shown),
        *(f"{name} is left out: it is not in the audit." for name in trained if name not in sizes),
        *(match.sentence for match in checked if match.kind == "alike"),
    ]
    if fidelity.metric in AIMS_AT_REAL:
        notes.append(
            f"{fidelity.facts.name} is best where real images are, and beyond them is no better: its order "
            "of sets is one of quality only while all of them lie on one side."
        )
    if len({sizes[name] for name in shown}) > 1 and points[0].fidelity.n is None:
        notes.append("The sets differ in size, which moves some metrics by itself.")
    if overlapping := _say_overlaps(points):
        notes.append(overlapping)
    scores = [one for one in experiment.scores if one.score == utility.score]
    titles = {arm.id: arm.title for arm in experiment.arms}
    return JoinedPoints(
        fidelity=fidelity,
        utility=utility,
        points=points,
        n_repeats=min((one.n_repeats for one in scores), default=0),
        n_test=min((one.n_test for one in scores), default=0),
        baseline_title="" if utility.baseline is None else titles.get(utility.baseline, utility.baseline),
        warnings=(
            *(match.sentence for match in checked if match.kind == "different"),
            *filter(None, [_compare_policies(audit, experiment)]),
        ),
        notes=tuple(notes),
    )


def _compare_policies(audit: AuditSummary, experiment: UtilitySummary) -> str:
    """Say that an audit and an experiment saw other pixels of the same files; empty where they did not."""
    audited, trained = read_policy(audit.protocol.choices), read_policy(experiment.protocol)
    if audited == trained:
        return ""
    return (
        "Images deeper than 8 bits were read by one intensity policy in the audit "
        f"({audited.describe()}) and by another in the experiment ({trained.describe()}); run one of the two "
        "again with the other's."
    )


def _say_overlaps(points: Sequence[Point]) -> str:
    """Say how much of the order could be chance, which a correlation of ranks takes at face value."""
    if len(points) < FEWEST_PAIRS:
        return ""
    pairs = list(combinations(points, 2))
    by_metric = sum(_overlap(one.fidelity, other.fidelity) for one, other in pairs)
    by_utility = sum(_overlap(one.utility, other.utility) for one, other in pairs)
    if not by_metric and not by_utility:
        return ""
    return (
        f"Of {len(pairs)} pairs of sets, {by_metric} have overlapping intervals of the metric and "
        f"{by_utility} of the utility: repeated, some would change places, and a correlation takes their "
        "order at face value."
    )


def _overlap(one: SetNumber, other: SetNumber) -> bool:
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return False
    return one.low <= other.high and other.low <= one.high
