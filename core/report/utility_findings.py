"""What a utility experiment says, in sentences: whether synthetic images changed the classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.report.points import format_p, format_points, format_points_interval
from core.report.utility_changes import ArmChange, ScoreChoice, find_arm_kind, list_changes
from core.utility.result import ArmRecord, UtilitySummary
from core.utility.significance import ALPHA, find_smallest_p

__all__ = ["UtilityAnswer", "describe_training", "describe_utility", "name_baseline"]

_MOST_NAMED = 3
# What the question is about; other arms stand in figure and table.
_MAIN_KINDS = {"synthetic", "pretrained"}
_HELD_BESIDE = {"traditional", "untrained"}


@dataclass(frozen=True, slots=True)
class UtilityAnswer:
    """The answer that a reader is looking for.

    Attributes:
        headline: one sentence.
        sentences: one for each arm that the headline is about, and for what they may be compared with.
    """

    headline: str
    sentences: tuple[str, ...]


def describe_utility(summary: UtilitySummary, score: ScoreChoice, baseline: str) -> UtilityAnswer:
    """Say what adding synthetic images (or pretraining on them) does to a score.

    Only changes with p < 0.05 after Holm's correction are said to raise or lower the score.

    Raises:
        UnknownNameError: if no arm of that id is a baseline.
    """
    held = [one for one in list_changes(summary, score, baseline) if one.change is not None]
    main = [one for one in held if one.kind in _MAIN_KINDS] or [
        one for one in held if one.kind not in _HELD_BESIDE
    ]
    beside = [one for one in held if one.kind in _HELD_BESIDE]
    against = name_baseline(next(arm for arm in summary.arms if arm.id == baseline))
    sentences = tuple(_describe(one, score, against) for one in (*main, *beside))
    if len(main) < 2:
        return UtilityAnswer(sentences[0], sentences[1:])
    too_few = len(held) * find_smallest_p(main[0].score.n_repeats) >= ALPHA
    return UtilityAnswer(_summarise(main, score, against, too_few=too_few), sentences)


def describe_training(summary: UtilitySummary) -> dict[str, str]:
    """Say by arm id what the arm was trained on, such as `154 to 156 real, 48 synthetic`."""
    said = {}
    for arm in summary.arms:
        runs = [run for run in summary.runs if run.arm == arm.id]
        counts = (("real", [run.n_real for run in runs]), ("synthetic", [run.n_synthetic for run in runs]))
        said[arm.id] = ", ".join(f"{_span(values)} {word}" for word, values in counts if any(values))
    return said


def name_baseline(arm: ArmRecord) -> str:
    """What a sentence calls an arm that others are held against."""
    names = {
        "pretrained-real": "pretraining on real images",
        "untrained": "a network that was not pretrained",
    }
    return names.get(arm.id) or f"{arm.title[0].lower()}{arm.title[1:]}"


def _summarise(changes: Sequence[ArmChange], score: ScoreChoice, against: str, *, too_few: bool) -> str:
    told = sorted(
        (one for one in changes if one.is_significant),
        key=lambda one: -abs(one.change.change if one.change else 0.0),
    )
    if not told:
        largest = max(changes, key=lambda one: abs(one.change.change if one.change else 0.0))
        return (
            f"Against {against}, none of the {len(changes)} changes of test {score.noun} by synthetic images "
            f"is significant (p < {ALPHA} after Holm's correction, {_repeats(changes[0])}"
            f"{', too few for any to be' if too_few else ''}); the largest is "
            f"{_points(largest)}, of {_mention(largest.arm)}."
        )
    parts = [f"{_subject(one.arm)} {_verb(one)} ({_p(one)})" for one in told[:_MOST_NAMED]]
    if len(told) > _MOST_NAMED:
        parts.append(f"{len(told) - _MOST_NAMED} more change it with p < {ALPHA}")
    rest = len(changes) - len(told)
    if rest:
        parts.append(f"the other {'change is' if rest == 1 else f'{rest} changes are'} not significant")
    text = f"Test {score.noun} against {against} ({_repeats(changes[0])}, p after Holm's correction): "
    return f"{text}{'; '.join(parts)}."


def _describe(one: ArmChange, score: ScoreChoice, against: str) -> str:
    assert one.change is not None
    number = _points(one)
    text = f"{_subject(one.arm)} changes test {score.noun} by {number} against {against}"
    if one.change.p_holm is None:
        return f"{text} ({_repeats(one)}, so no interval and no test)."
    doubt = "" if one.is_significant else "not significant, "
    return f"{text} ({doubt}{_p(one)} after Holm's correction, {_repeats(one)})."


def _span(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _subject(arm: ArmRecord) -> str:
    match find_arm_kind(arm):
        case "pretrained":
            return f"Pretraining on {arm.synthetic}"
        case "untrained":
            return "No pretraining"
        case _:
            return arm.title


def _mention(arm: ArmRecord) -> str:
    text = _subject(arm)
    return text if text == arm.title else f"{text[0].lower()}{text[1:]}"


def _verb(one: ArmChange) -> str:
    assert one.change is not None
    return f"{'raises' if one.change.change > 0 else 'lowers'} it: {_points(one)}"


def _points(one: ArmChange) -> str:
    assert one.change is not None
    ends = (one.change.change, one.change.low, one.change.high)
    number, interval = format_points(*ends), format_points_interval(*ends)
    word = "point" if number.strip("+\N{MINUS SIGN}") == "1" else "points"
    return f"{number} {word} {interval}".strip()


def _p(one: ArmChange) -> str:
    assert one.change is not None and one.change.p_holm is not None
    return format_p(one.change.p_holm)


def _repeats(one: ArmChange) -> str:
    return "1 repeat" if one.score.n_repeats == 1 else f"{one.score.n_repeats} repeats"
