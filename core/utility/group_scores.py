"""Scores of a classifier by groups of the test images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.datasets.groups import FEWEST_IN_GROUP, list_groups
from core.datasets.image_set import ImageSet
from core.metrics.share import compute_share
from core.utility.arms import Arm
from core.utility.comparison import compare_arms, summarise_arms
from core.utility.result import ArmScore, Comparison
from core.utility.run_record import RunRecord, RunScore
from core.utility.scores import compute_scores

__all__ = [
    "Members",
    "compare_groups",
    "explain_test_groups",
    "find_members",
    "score_groups",
    "summarise_groups",
]

Members = Mapping[str, NDArray[np.intp]]
"""Group to the places of its test images."""

_SCORES: Final = ("accuracy", "balanced_accuracy", "auroc", "recall")


def find_members(test: ImageSet) -> dict[str, NDArray[np.intp]]:
    """Find the test images of each group that is large enough to be scored."""
    return {
        name: np.flatnonzero([name in item.group_names for item in test.items]) for name in list_groups(test)
    }


def explain_test_groups(test: ImageSet, columns: Sequence[str]) -> tuple[str, ...]:
    """Say in one sentence each which groups of the test images are not scored.

    Args:
        test: the test set with its groups.
        columns: what was asked for; empty explains nothing.
    """
    if not columns:
        return ()
    counts = test.count_groups()
    if not counts:
        return (
            f"The labels CSV says nothing of the test images in {', '.join(map(repr, columns))}: there are "
            "no scores by group.",
        )
    small = [name for name, n in counts.items() if n < FEWEST_IN_GROUP]
    partial = [name for name, places in find_members(test).items() if not _has_classes(test, places)]
    found = []
    if small:
        found.append(
            f"Groups of fewer than {FEWEST_IN_GROUP} test images are not scored: {', '.join(small)}."
        )
    if partial:
        found.append(
            f"Groups without two test images of each class have accuracy and recall alone: "
            f"{', '.join(partial)}."
        )
    return tuple(found)


def score_groups(
    probabilities: NDArray[np.float32],
    labels: NDArray[np.int64],
    members: Members,
    *,
    classes: Sequence[str],
    seed: int = 0,
) -> tuple[RunScore, ...]:
    """Score one classifier on each group of the test images by itself.

    Args:
        probabilities: (n, k) of each test image and class.
        labels: (n,) true class.
        members: groups, from `find_members`.
        classes: k names.
        seed: seeds bootstraps.

    Returns:
        For each group accuracy, balanced accuracy, AUROC and the recall of each class, with intervals over
        images; a group without two images of each class has accuracy and the recall of the classes it has.
    """
    found: list[RunScore] = []
    for group, places in members.items():
        own, truth = probabilities[places], labels[places]
        counts = np.bincount(truth, minlength=len(classes))
        if counts.min() >= 2:
            scores = compute_scores(own, truth, classes=classes, seed=seed)
        else:
            right = own.argmax(axis=1) == truth
            scores = (
                _share("accuracy", None, right),
                *(
                    _share("recall", name, right[truth == at])
                    for at, name in enumerate(classes)
                    if counts[at]
                ),
            )
        found += [one.model_copy(update={"group": group}) for one in scores if one.score in _SCORES]
    return tuple(found)


def summarise_groups(
    arms: Sequence[Arm],
    runs: Sequence[RunRecord],
    *,
    members: Members,
    labels: NDArray[np.int64],
    classes: Sequence[str],
) -> tuple[ArmScore, ...]:
    """Average each score of each group over an arm's repeats; see `summarise_arms`.

    Args:
        arms: in the order of tables.
        runs: scored by group.
        members: groups, from `find_members`.
        labels: (n,) true classes of the test images.
        classes: k names.
    """
    rows = summarise_arms(arms, _of_groups(runs), n_of_class=dict.fromkeys(classes, 0))
    counts: dict[tuple[str, str | None], int] = {}
    for group, places in members.items():
        counts[group, None] = len(places)
        for at, name in enumerate(classes):
            counts[group, name] = int((labels[places] == at).sum())
    return tuple(row.model_copy(update={"n_test": counts[str(row.group), row.class_name]}) for row in rows)


def compare_groups(
    arms: Sequence[Arm],
    runs: Sequence[RunRecord],
    *,
    probabilities: Mapping[tuple[str, int], NDArray[np.float32]],
    labels: NDArray[np.int64],
) -> tuple[Comparison, ...]:
    """Hold each arm against its baselines within each group, repeat by repeat; see `compare_arms`."""
    return compare_arms(arms, _of_groups(runs), probabilities=probabilities, labels=labels)


def _of_groups(runs: Sequence[RunRecord]) -> list[RunRecord]:
    return [run.model_copy(update={"scores": run.group_scores}) for run in runs]


def _has_classes(test: ImageSet, places: NDArray[np.intp]) -> bool:
    """Whether there are two images of each class among some of the test images."""
    counts = Counter(test.items[place].label for place in places)
    return all(counts[label] >= 2 for label in test.classes)


def _share(score: str, class_name: str | None, right: NDArray[np.bool_]) -> RunScore:
    one = compute_share(int(right.sum()), len(right))
    return RunScore(score=score, class_name=class_name, value=one.value, low=one.low, high=one.high)
