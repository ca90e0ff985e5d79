"""Runs put together: each arm's scores over repeats, and its change against its baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from core.utility.arms import Arm
from core.utility.result import ArmScore, Comparison, McNemarResult
from core.utility.run_record import RunRecord
from core.utility.significance import compare_answers, compare_repeats, correct_holm, student_interval

__all__ = ["compare_arms", "count_comparisons", "summarise_arms"]

_ONE_REPEAT = "One repeat shows no spread over repeats."
_NO_SPREAD = "All repeats score the same, so that the interval over repeats has no width."
_Key = tuple[str, str | None, str | None]


def summarise_arms(
    arms: Sequence[Arm], runs: Sequence[RunRecord], *, n_of_class: Mapping[str, int]
) -> tuple[ArmScore, ...]:
    """Average each score over an arm's repeats.

    Args:
        arms: in the order of tables.
        runs: scored.
        n_of_class: test images of each class; the recall of a class is of its images alone.
    """
    values = _collect(runs)
    n_test = sum(n_of_class.values())
    rows = []
    for arm in arms:
        for score, class_name, group in _keys(runs):
            sample = list(values[arm.id][score, class_name, group].values())
            low = high = sd = None
            if len(sample) > 1:
                low, high = student_interval(sample)
                # Student's interval does not know that scores end at 0 and 1.
                low, high = max(low, 0.0), min(high, 1.0)
                sd = float(np.std(sample, ddof=1))
            rows.append(
                ArmScore(
                    arm=arm.id,
                    score=score,
                    class_name=class_name,
                    mean=float(np.mean(sample)),
                    low=low,
                    high=high,
                    sd=sd,
                    n_repeats=len(sample),
                    n_test=n_test if class_name is None else n_of_class[class_name],
                    note=_ONE_REPEAT if sd is None else _NO_SPREAD if sd == 0 else "",
                    group=group,
                )
            )
    return tuple(rows)


def compare_arms(
    arms: Sequence[Arm],
    runs: Sequence[RunRecord],
    *,
    probabilities: Mapping[tuple[str, int], NDArray[np.float32]],
    labels: NDArray[np.int64],
) -> tuple[Comparison, ...]:
    """Hold each arm against its baselines, repeat by repeat and image by image.

    Holm's correction counts the arms held against one baseline by one score. McNemar's test counts images
    that the arm gets right in more repeats than the baseline does, against those where it is the reverse:
    repeats of one image are no independent images. With one repeat it is McNemar's own test.

    Args:
        arms: with their baselines.
        runs: scored; every arm has the same repeats.
        probabilities: (arm id, repeat) to (n, k).
        labels: (n,) true classes of the test images.
    """
    values = _collect(runs)
    right: dict[str, NDArray[np.int64]] = {}
    for (arm_id, _), rows in probabilities.items():
        right[arm_id] = right.get(arm_id, np.zeros(len(labels), dtype=np.int64)) + (
            rows.argmax(axis=1) == labels
        )
    found: list[Comparison] = []
    for baseline in arms:
        against = [arm for arm in arms if baseline.id in arm.baselines]
        for key in _keys(runs):
            changes = [_compare(arm.id, baseline.id, key, values) for arm in against]
            p_values = [change.p for change in changes if change.p is not None]
            if len(p_values) == len(changes):
                changes = [
                    change.model_copy(update={"p_holm": p})
                    for change, p in zip(changes, correct_holm(p_values), strict=True)
                ]
            if key == ("accuracy", None, None):
                tests = _test_answers(right[baseline.id], [right[arm.id] for arm in against])
                changes = [
                    change.model_copy(update={"mcnemar": test})
                    for change, test in zip(changes, tests, strict=True)
                ]
            found += changes
    return tuple(found)


def count_comparisons(arms: Sequence[Arm]) -> int:
    """Most arms that are held against one baseline."""
    return max(sum(one.id in arm.baselines for arm in arms) for one in arms)


def _compare(
    arm: str, baseline: str, key: _Key, values: Mapping[str, Mapping[_Key, Mapping[int, float]]]
) -> Comparison:
    ours, theirs = values[arm][key], values[baseline][key]
    changes = tuple(ours[repeat] - theirs[repeat] for repeat in sorted(ours.keys() & theirs.keys()))
    change = compare_repeats(changes)
    return Comparison(
        arm=arm,
        baseline=baseline,
        score=key[0],
        class_name=key[1],
        change=change.mean,
        low=change.low,
        high=change.high,
        changes=changes,
        p=change.p,
        p_holm=None,
        note="" if len(changes) > 1 else _ONE_REPEAT,
        group=key[2],
    )


def _test_answers(
    baseline: NDArray[np.int64], arms: Sequence[NDArray[np.int64]]
) -> tuple[McNemarResult, ...]:
    counts = [(int((arm > baseline).sum()), int((arm < baseline).sum())) for arm in arms]
    tests = [compare_answers(gained, lost) for gained, lost in counts]
    corrected = correct_holm([p for p, _ in tests])
    return tuple(
        McNemarResult(gained=gained, lost=lost, p=p, p_holm=p_holm, method=method)
        for (gained, lost), (p, method), p_holm in zip(counts, tests, corrected, strict=True)
    )


def _keys(runs: Sequence[RunRecord]) -> tuple[_Key, ...]:
    return tuple((one.score, one.class_name, one.group) for one in runs[0].scores)


def _collect(runs: Sequence[RunRecord]) -> dict[str, dict[_Key, dict[int, float]]]:
    """Arm to score to repeat to value, repeats in order."""
    values: dict[str, dict[_Key, dict[int, float]]] = {}
    for run in sorted(runs, key=lambda run: run.repeat):
        for one in run.scores:
            key = (one.score, one.class_name, one.group)
            values.setdefault(run.arm, {}).setdefault(key, {})[run.repeat] = one.value
    return values
