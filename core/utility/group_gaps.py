"""How far the best and the worst group of the test images lie apart, and whether chance gives as much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.utility.group_scores import Members
from core.utility.result import ArmScore, GroupGap
from core.utility.run_record import RunRecord
from core.utility.significance import student_interval

__all__ = ["measure_gaps"]

_N_SHUFFLES: Final = 1000
# Images of all swaps in memory at a time.
_MOST_AT_ONCE: Final = 1_000_000
# Gaps are differences of ratios of counts: differences below this are rounding.
_ROUNDING: Final = 1e-9
_ONE_REPEAT = "One repeat shows no spread over repeats."
_NO_CHANCE = "What chance gives is told for accuracies and recalls alone."


def measure_gaps(
    runs: Sequence[RunRecord],
    scores: Sequence[ArmScore],
    *,
    members: Members,
    probabilities: Mapping[tuple[str, int], NDArray[np.float32]],
    labels: NDArray[np.int64],
    classes: Sequence[str],
    seed: int,
) -> tuple[GroupGap, ...]:
    """Measure each arm's gap between its best and its worst group by each column and score.

    The best and the worst group are those of the means over repeats, and the gap of each repeat is theirs.
    Some gap arises by chance, the more the smaller and the more numerous the groups are: the p-value is the
    share of gaps as large among 1000 in which the test images of each class swap groups, their answers
    averaged over repeats. Images count as independent.

    Args:
        runs: scored by group.
        scores: of every arm by group, over repeats.
        members: groups, from `find_members`.
        probabilities: (arm id, repeat) to (n, k).
        labels: (n,) true classes of the test images.
        classes: k names.
        seed: seeds the swaps.

    Returns:
        One gap an arm, column and score that two groups or more have.

    References:
        Phipson and Smyth, Permutation p-values should never be zero, Statistical Applications in Genetics
        and Molecular Biology 2010.
    """
    right: dict[str, list[NDArray[np.bool_]]] = {}
    for (arm, _), answers in probabilities.items():
        right.setdefault(arm, []).append(answers.argmax(axis=1) == labels)
    together: dict[tuple[str, str, str, str | None], list[ArmScore]] = {}
    for score in scores:
        column = str(score.group).split("=", 1)[0]
        together.setdefault((score.arm, column, score.score, score.class_name), []).append(score)
    gaps = []
    for (arm, column, name, class_name), rows in together.items():
        if len(rows) < 2:
            continue
        # From either end, so that groups of equal scores are two groups, too.
        best, worst = max(rows, key=lambda row: row.mean), min(rows[::-1], key=lambda row: row.mean)
        values = [
            {(one.group, one.score, one.class_name): one.value for one in run.group_scores}
            for run in runs
            if run.arm == arm
        ]
        each = [
            value[best.group, name, class_name] - value[worst.group, name, class_name] for value in values
        ]
        low, high = student_interval(each) if len(each) > 1 else (None, None)
        p = None
        if name != "auroc":
            kept = [members[str(row.group)] for row in rows]
            only = None if class_name is None else classes.index(class_name)
            p = _test_gap(np.mean(right[arm], axis=0), labels, kept, name, only, seed)
        gaps.append(
            GroupGap(
                arm=arm,
                column=column,
                score=name,
                class_name=class_name,
                best=str(best.group),
                worst=str(worst.group),
                gap=float(np.mean(each)),
                low=low,
                high=high,
                p=p,
                n_repeats=len(each),
                n_best=best.n_test,
                n_worst=worst.n_test,
                note=" ".join([_ONE_REPEAT] * (low is None) + [_NO_CHANCE] * (p is None)),
            )
        )
    return tuple(gaps)


def _test_gap(
    right: NDArray[np.float64],
    labels: NDArray[np.int64],
    members: Sequence[NDArray[np.intp]],
    score: str,
    only: int | None,
    seed: int,
) -> float:
    """Share of gaps as large as the one found when images of a class swap groups.

    Args:
        right: (n,) share of repeats that get each image right.
        labels: (n,) true classes.
        members: places of each group of one column.
        score: `accuracy`, `balanced_accuracy` or `recall`.
        only: the class of a recall.
        seed: seeds the swaps.
    """
    places = np.concatenate(members)
    group = np.repeat(np.arange(len(members)), [len(own) for own in members])
    if only is not None:
        kept = labels[places] == only
        places, group = places[kept], group[kept]
    answers, (kinds, kind) = right[places], np.unique(labels[places], return_inverse=True)
    shape = (len(members), len(kinds))
    # Swaps within a class leave it as it is, how many images a group has of each.
    counts = np.bincount(group * shape[1] + kind, minlength=shape[0] * shape[1]).reshape(shape)

    def gap(own: NDArray[np.intp]) -> NDArray[np.float64]:
        # (draws, images) groups -> (draws, groups, classes) sums
        draw = np.arange(len(own))[:, np.newaxis]
        cells = (draw * shape[0] + own) * shape[1] + kind
        weights = np.broadcast_to(answers, own.shape).ravel()
        sums = np.bincount(cells.ravel(), weights=weights, minlength=len(own) * counts.size)
        sums = sums.reshape(len(own), *shape)
        if score == "balanced_accuracy":
            values = (sums / counts).mean(axis=2)
        else:
            values = sums.sum(axis=2) / counts.sum(axis=1)
        gaps: NDArray[np.float64] = np.ptp(values, axis=1)
        return gaps

    found = float(gap(group[np.newaxis])[0])
    rng = np.random.default_rng(seed)
    as_large, at_once = 0, max(1, _MOST_AT_ONCE // len(group))
    for start in range(0, _N_SHUFFLES, at_once):
        swapped = np.tile(group, (min(at_once, _N_SHUFFLES - start), 1))
        for at in range(shape[1]):
            swapped[:, kind == at] = rng.permuted(swapped[:, kind == at], axis=1)
        as_large += int((gap(swapped) >= found - _ROUNDING).sum())
    return (1 + as_large) / (1 + _N_SHUFFLES)
