"""Holds what was measured after a crop against what was measured before it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import groupby

from core.audit.result import AuditSummary, MetricRow
from core.crop_experiment.result import MetricChange, ScoreChange
from core.report.metric_groups import find_facts
from core.utility.result import ArmRecord, UtilitySummary
from core.utility.run_record import RunScore
from core.utility.significance import compare_repeats, correct_holm, explain_repeats, student_interval

__all__ = ["compare_audits", "compare_utilities", "warn_of_repeats"]

_Interval = tuple[float | None, float | None]
# Score, class, and group of test images.
_Key = tuple[str, str | None]
_MetricKey = tuple[str, str | None, str | None, str]


def compare_audits(before: AuditSummary, after: AuditSummary) -> tuple[MetricChange, ...]:
    """Hold every number of one audit against the same number of another.

    The interval of a change is made of the two numbers' own intervals as if they were independent. They are
    of the same images, whose chance they share, so that it is rather too wide than too narrow.

    References:
        Zou and Donner, Construction of confidence limits about effect measures: a general approach,
        Statistics in Medicine 2008 (MOVER, for a difference).
    """
    later = {_metric_key(row): row for row in after.results}
    changes = []
    for row in before.results:
        other = later.get(_metric_key(row))
        if other is None:
            continue
        change, low, high = None, None, None
        if row.value is not None and other.value is not None:
            change = other.value - row.value
            low, high = _subtract(row, other)
        changes.append(
            MetricChange(
                synthetic=row.synthetic,
                extractor=row.extractor,
                class_name=row.class_name,
                metric=row.metric,
                direction=find_facts(row.metric).direction.value,
                before=row.value,
                before_low=row.low,
                before_high=row.high,
                after=other.value,
                after_low=other.low,
                after_high=other.high,
                change=change,
                low=low,
                high=high,
                n_real=other.n_real,
                n_synthetic=other.n_synthetic,
            )
        )
    return tuple(changes)


def compare_utilities(before: UtilitySummary, after: UtilitySummary) -> tuple[ScoreChange, ...]:
    """Hold every score of every arm against the same one before the crop, and every gain likewise.

    Splits, initial weights, order and draws of a repeat are the same in both experiments, so repeats are
    paired. Holm's correction counts the arms that differ in their synthetic set alone, by one score and
    baseline: whether a set's worth falls is asked once a set and way of using it.

    Args:
        before: the experiment on whole images.
        after: the same on cropped ones.

    Raises:
        ValueError: if the two have other arms or repeats.
    """
    arms = {arm.id: arm for arm in before.arms}
    first, second = _collect(before), _collect(after)
    if first.keys() != second.keys():
        raise ValueError("experiments before and after a crop have the same arms, repeats and scores")
    found = []
    test = next(one for one in before.sets if one.role == "test")
    keys = list(dict.fromkeys(key for _, key, _ in first))
    repeats = sorted({repeat for _, _, repeat in first})
    for arm in arms.values():
        for baseline in (None, *arm.baselines):
            for key in keys:
                places = [(arm.id, key, repeat) for repeat in repeats]
                ours, later = [first[place] for place in places], [second[place] for place in places]
                if baseline is not None:
                    under = [(baseline, key, repeat) for repeat in repeats]
                    ours = [value - first[place] for value, place in zip(ours, under, strict=True)]
                    later = [value - second[place] for value, place in zip(later, under, strict=True)]
                n_test = test.n if key[1] is None else test.classes[key[1]]
                found.append(_compare(before, arm, baseline, key, ours, later, n_test))
    return tuple(_correct(found))


def warn_of_repeats(changes: Iterable[ScoreChange]) -> str:
    """Say that there are too few repeats for any change to be significant; empty where there are enough."""
    families: dict[tuple[str, str, str | None], set[str]] = {}
    n_repeats = 1
    for one in changes:
        families.setdefault((one.kind, one.family, one.baseline), set()).add(one.arm)
        n_repeats = one.n_repeats
    return explain_repeats(n_repeats, max(map(len, families.values()), default=1))


def _metric_key(row: MetricRow) -> _MetricKey:
    return row.synthetic, row.extractor, row.class_name, row.metric


def _subtract(before: MetricRow, after: MetricRow) -> _Interval:
    ends = (before.low, before.high, after.low, after.high)
    if (
        before.value is None
        or after.value is None
        or any(one is None or not math.isfinite(one) for one in ends)
    ):
        return None, None
    b_low, b_high, a_low, a_high = (one for one in ends if one is not None)
    change = after.value - before.value
    # Some intervals do not hold their value; those add nothing on that side.
    below = math.hypot(max(after.value - a_low, 0.0), max(b_high - before.value, 0.0))
    above = math.hypot(max(a_high - after.value, 0.0), max(before.value - b_low, 0.0))
    return change - below, change + above


def _collect(summary: UtilitySummary) -> dict[tuple[str, _Key, int], float]:
    return {
        (run.arm, (one.score, one.class_name), run.repeat): one.value
        for run in summary.runs
        for one in run.scores
        if _is_of_all_images(one)
    }


def _is_of_all_images(one: RunScore) -> bool:
    """Whether a score is of all test images; groups of them have scores of their own."""
    return getattr(one, "group", None) is None


def _compare(
    summary: UtilitySummary,
    arm: ArmRecord,
    baseline: str | None,
    key: _Key,
    before: list[float],
    after: list[float],
    n_test: int,
) -> ScoreChange:
    changes = tuple(late - early for early, late in zip(before, after, strict=True))
    change = compare_repeats(changes)
    is_score = baseline is None
    before_low, before_high = _interval(before, is_score=is_score)
    after_low, after_high = _interval(after, is_score=is_score)
    return ScoreChange(
        kind=summary.experiment,
        arm=arm.id,
        title=arm.title,
        synthetic=arm.synthetic,
        family=arm.id if arm.synthetic is None else arm.id.replace(f":{arm.synthetic}", "", 1),
        baseline=baseline,
        score=key[0],
        class_name=key[1],
        before=math.fsum(before) / len(before),
        before_low=before_low,
        before_high=before_high,
        after=math.fsum(after) / len(after),
        after_low=after_low,
        after_high=after_high,
        change=change.mean,
        low=change.low,
        high=change.high,
        changes=changes,
        p=change.p,
        p_holm=None,
        n_repeats=len(changes),
        n_test=n_test,
    )


def _interval(values: list[float], *, is_score: bool) -> _Interval:
    if len(values) < 2:
        return None, None
    low, high = student_interval(values)
    # Student's interval does not know that scores end at 0 and 1.
    return (max(low, 0.0), min(high, 1.0)) if is_score else (low, high)


def _correct(changes: list[ScoreChange]) -> Iterator[ScoreChange]:
    """Holm's correction within families, in the order given."""

    def family(place: int) -> tuple[str, str, str, str, str]:
        one = changes[place]
        return one.kind, one.family, one.baseline or "", one.score, one.class_name or ""

    corrected: dict[int, float] = {}
    for _, group in groupby(sorted(range(len(changes)), key=family), key=family):
        places = [place for place in group if changes[place].p is not None]
        p_values = [p for place in places if (p := changes[place].p) is not None]
        corrected |= dict(zip(places, correct_holm(p_values), strict=True))
    for place, one in enumerate(changes):
        yield one.model_copy(update={"p_holm": corrected.get(place)})
