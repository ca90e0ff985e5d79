"""What an experiment found, from the answers of its runs: scores, averages and comparisons."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.datasets.image_set import ImageSet
from core.utility.arms import Arm, ExperimentKind
from core.utility.comparison import compare_arms, count_comparisons, summarise_arms
from core.utility.group_gaps import measure_gaps
from core.utility.group_scores import (
    compare_groups,
    explain_test_groups,
    find_members,
    score_groups,
    summarise_groups,
)
from core.utility.result import ArmRecord, UsedSet, UtilityResult, UtilitySummary
from core.utility.run_record import RunRecord
from core.utility.scores import compute_scores
from core.utility.sets import UtilitySets
from core.utility.significance import explain_draws, explain_repeats
from core.utility.training_plan import RunPlace, TrainingPlan

__all__ = ["FinishedRun", "conclude_experiment"]

_PACKAGES = ("numpy", "scipy", "pillow", "torch", "timm")
FinishedRun = tuple[RunRecord, NDArray[np.float32]]
"""A run and its (n_test, classes) probabilities."""


def conclude_experiment(
    kind: ExperimentKind,
    sets: UtilitySets,
    plan: TrainingPlan,
    done: Mapping[RunPlace, FinishedRun],
    started: datetime,
) -> UtilityResult:
    """Score every run, average over repeats, and compare with baselines.

    Args:
        kind: of the experiment.
        sets: what runs were trained and tested on.
        plan: which runs there are.
        done: all of them.
        started: when the experiment began, or went on.
    """
    labels = np.array([sets.classes.index(str(item.label)) for item in sets.test.items], dtype=np.int64)
    probabilities = {place: done[place][1] for place in plan.keys}
    members = find_members(sets.test) if plan.protocol.group_by else {}
    runs = tuple(
        done[arm, repeat][0].model_copy(
            update={
                # Equal runs of two arms, or of an arm that was called otherwise, share a file.
                "arm": arm,
                "scores": compute_scores(
                    probabilities[arm, repeat], labels, classes=sets.classes, seed=plan.protocol.seed
                ),
                "group_scores": score_groups(
                    probabilities[arm, repeat], labels, members, classes=sets.classes, seed=plan.protocol.seed
                ),
            }
        )
        for arm, repeat in plan.keys
    )
    arms = tuple(plan.arms.values())
    group_scores = summarise_groups(arms, runs, members=members, labels=labels, classes=sets.classes)
    warnings = [*sets.warnings, *dict.fromkeys(note for run in runs for note in run.notes)]
    warnings += explain_test_groups(sets.test, plan.protocol.group_by)
    if too_few := explain_repeats(plan.protocol.repeats, count_comparisons(arms)):
        warnings.append(too_few)
    available = {one.name: len(one) for one in sets.synthetic}
    if fixed := explain_draws(_count_taken(plan.arms, runs), available, whole=kind == "feature-extraction"):
        warnings.append(fixed)
    summary = UtilitySummary(
        experiment=kind,
        protocol=plan.protocol.model_dump(mode="json"),
        channels=plan.channels,
        classes=sets.classes,
        weights=plan.weights,
        device=plan.device.type,
        software={"python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in _PACKAGES},
        sets=(
            _record("real", sets.real, plan.digests["=real"]),
            _record("test", sets.test, plan.digests["=test"]),
            *(_record("synthetic", one, plan.digests[one.name]) for one in sets.synthetic),
        ),
        warnings=tuple(warnings),
        arms=tuple(ArmRecord(**asdict(arm)) for arm in arms),
        runs=runs,
        scores=summarise_arms(arms, runs, n_of_class=sets.test.count_classes()),
        comparisons=compare_arms(arms, runs, probabilities=probabilities, labels=labels),
        groups={name: len(places) for name, places in members.items()},
        group_scores=group_scores,
        group_comparisons=compare_groups(arms, runs, probabilities=probabilities, labels=labels),
        group_gaps=measure_gaps(
            runs,
            group_scores,
            members=members,
            probabilities=probabilities,
            labels=labels,
            classes=sets.classes,
            seed=plan.protocol.seed,
        ),
        started=started,
        seconds=sum(run.seconds for run in runs),
    )
    return UtilityResult(summary, tuple(item.id for item in sets.test.items), labels, probabilities)


def _count_taken(arms: Mapping[str, Arm], runs: Sequence[RunRecord]) -> dict[str, int]:
    """The most images that one training takes of each synthetic set."""
    taken: dict[str, int] = {}
    for run in runs:
        if (name := arms[run.arm].synthetic) is not None:
            taken[name] = max(taken.get(name, 0), run.n_synthetic)
    return taken


def _record(role: Literal["real", "test", "synthetic"], image_set: ImageSet, digest: str) -> UsedSet:
    return UsedSet(
        role=role,
        name=image_set.name,
        folder=str(image_set.root),
        n=len(image_set),
        classes=image_set.count_classes(),
        digest=digest,
        images_digest=image_set.digest,
    )
