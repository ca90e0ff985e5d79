"""What a crop experiment says, in sentences: whether the crop worked, and whose worth rested on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from core.crop_experiment.request import Region
from core.crop_experiment.result import CropSummary, ProbeRecord, ScoreChange, SuspectLeft
from core.report.numbers import typeset
from core.utility.presets import CLASSIFIERS, UtilityProtocol
from core.utility.significance import ALPHA, find_smallest_p

__all__ = [
    "ANSWER_SCORE",
    "SetAnswer",
    "answer_sets",
    "describe_crop",
    "describe_probes",
    "describe_settings",
    "find_cautions",
    "summarise_answers",
]

# Published tables of the experiment give accuracy.
ANSWER_SCORE = "accuracy"
"""The score that answers are about."""

_WAYS: Final = {
    "alone": "Trained on alone",
    "pretrained": "As pretraining",
    "none": "Trained on alone",
    "pretrained-real": "As pretraining",
}

_Level = Literal["fell", "rose", "none", "open"]


@dataclass(frozen=True, slots=True)
class SetAnswer:
    """What the crop did to the worth of one set.

    Attributes:
        synthetic: the set, or None for real images alone.
        level: `fell` where a score fell with p < 0.05, `rose` where one rose and none fell, `none` where
            neither is shown, `open` where so few repeats can show nothing.
        sentence: what happened, with numbers.
    """

    synthetic: str | None
    level: _Level
    sentence: str


def describe_crop(summary: CropSummary) -> str:
    """Say what was taken out of every image."""
    parts = []
    if summary.region is not None:
        done = "painted black" if summary.mode == "blank" else "cut off with the strip along its border"
        parts.append(f"the region {describe_box(summary.region)} was {done}")
    if summary.margin:
        parts.append(f"{summary.margin:.4g} of width and height was cut off at every side")
    return f"In every image, {' and '.join(parts)}."


def describe_box(box: Region) -> str:
    """Write a region as shares of the image."""
    left, top, right, bottom = box
    return f"x {left:.2f} to {right:.2f}, y {top:.2f} to {bottom:.2f}"


def answer_sets(summary: CropSummary) -> tuple[SetAnswer, ...]:
    """Say for each set what it is worth on its own before and after, real images first.

    A set that is worth something by itself must teach it by itself: the answer looks at arms that learn from
    synthetic images alone. Where there are none, it looks at what the set adds to real images. The first
    change of each kind of experiment is corrected for the number of sets.
    """
    rows = [one for one in summary.scores if one.score == ANSWER_SCORE and one.class_name is None]
    baseline = [one for one in rows if one.baseline is None and one.arm in ("none", "pretrained-real")]
    answers = [_judge(None, baseline, n_sets=1)] if baseline else []
    sets = [one for one in summary.sets if one.role == "synthetic"]
    for one in sets:
        own = [row for row in rows if row.synthetic == one.name]
        alone = [row for row in own if row.baseline is None and row.family in ("alone", "pretrained")]
        gains = [row for row in own if row.baseline == "none" and row.family.startswith("synthetic:")]
        if chosen := alone or gains[:1]:
            answers.append(_judge(one.name, chosen, n_sets=len(sets)))
    return tuple(answers)


def summarise_answers(answers: Iterable[SetAnswer]) -> str:
    """Say in one sentence whose worth rested on what was cropped."""
    sets = [one for one in answers if one.synthetic is not None]
    parts = []
    for level, one_of, several in (
        ("fell", "is worth less without what was cropped", "are worth less without what was cropped"),
        ("rose", "is worth more without it", "are worth more without it"),
        ("none", "shows no loss", "show no loss"),
        ("open", "was trained too few times to tell", "were trained too few times to tell"),
    ):
        names = [one.synthetic or "" for one in sets if one.level == level]
        if names:
            listed = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
            parts.append(f"{listed} {one_of if len(names) == 1 else several}")
    return f"{'; '.join(parts)}." if parts else "No synthetic set was trained on."


def describe_probes(summary: CropSummary) -> tuple[str, ...]:
    """Say what the cropped place told of the class before and after, and what is left elsewhere."""
    sentences = []
    for set_name in dict.fromkeys(one.set for one in summary.probes):
        found = [one for one in summary.probes if one.set == set_name and one.before is not None]
        if found:
            sentences.append(
                _describe_probe(max(found, key=lambda one: one.before.auroc if one.before else 0))
            )
    if summary.suspects_note:
        return (*sentences, summary.suspects_note)
    left = next((one for one in summary.suspects if one.when == "after"), None)
    sentences.append(
        "After the crop, no place of the real images tells their class beyond chance."
        if left is None
        else f"The most suspect place that is left in real images is {describe_box(left.box)}, with AUROC "
        f"{_area(left.auroc, left.low, left.high)} against {left.surround_auroc:.2f} around it; it may be "
        "anatomy."
    )
    return tuple(sentences)


def describe_settings(summary: CropSummary) -> str:
    """Say what decided the numbers, and how many images each set has."""
    utility = UtilityProtocol.model_validate(summary.request["utility"])
    repeats = "1 repeat" if utility.repeats == 1 else f"{utility.repeats} repeats"
    sets = ", ".join(f"{one.name} {one.n:,}" for one in summary.sets)
    return (
        f"{CLASSIFIERS[utility.classifier].title} at {utility.resolution} pixels, {utility.epochs} epochs, "
        f"{repeats}, seed {utility.seed}; images: {sets}. All settings stand in crop.json."
    )


def find_cautions(probes: Sequence[ProbeRecord], suspects: Iterable[SuspectLeft]) -> tuple[str, ...]:
    """Warn where a crop seems not to have taken out what told the class."""
    cautions = [
        f"The class of {one.set} images can still be told in the cropped {one.place} (AUROC "
        f"{_area(one.after.auroc, one.after.low, one.after.high)}): the crop did not work there."
        for one in probes
        if one.after is not None and one.is_uniform is False and one.after.p_value <= ALPHA
    ]
    told = [one for one in probes if one.before is not None and one.before.p_value <= ALPHA]
    if probes and not told and any(one.before is not None for one in probes):
        cautions.append(
            "What was cropped told the class in no set, so there was no shortcut there to take out; changes "
            "come from whatever else was lost with it."
        )
    cautions += [
        f"Right beside what was cropped, at {describe_box(one.box)}, the class of real images can still be "
        f"told (AUROC {_area(one.auroc, one.low, one.high)}): if a part of the mark stayed there, crop a "
        "larger region."
        for one in suspects
        if one.when == "after" and one.beside
    ]
    return tuple(cautions)


def _describe_probe(one: ProbeRecord) -> str:
    assert one.before is not None
    name = f"the {one.place}" if one.place != "region" else "the cropped region"
    text = (
        f"{one.set}: {name} alone told the class with AUROC "
        f"{_area(one.before.auroc, one.before.low, one.before.high)}"
    )
    if one.after is None:
        return f"{text}; it is no longer in the images."
    if one.is_uniform:
        return f"{text}; now all images are alike there."
    return f"{text}, and now with {_area(one.after.auroc, one.after.low, one.after.high)}."


def _judge(name: str | None, rows: Sequence[ScoreChange], *, n_sets: int) -> SetAnswer:
    fell = [one for one in rows if one.p_holm is not None and one.p_holm < ALPHA and one.change < 0]
    rose = [one for one in rows if one.p_holm is not None and one.p_holm < ALPHA and one.change > 0]
    if fell:
        level: _Level = "fell"
    elif rose:
        level = "rose"
    elif all(n_sets * find_smallest_p(one.n_repeats) >= ALPHA for one in rows):
        # No change of one set, however large, could reach the level.
        level = "open"
    else:
        level = "none"
    subject = name or "Real images"
    opening = {
        "fell": f"{subject}: worth less without what was cropped.",
        "rose": f"{subject}: worth more without what was cropped.",
        "none": f"{subject}: no loss is shown.",
        "open": f"{subject}: too few repeats to tell.",
    }[level]
    return SetAnswer(name, level, f"{opening} {' '.join(_tell(one) for one in rows)}")


def _tell(one: ScoreChange) -> str:
    way = _WAYS.get(one.family, f"Added to real images ({one.title})")
    what, unit = ("accuracy", "%") if one.baseline is None else ("the gain in accuracy", "percentage points")
    evidence = [f"{one.n_repeats} {'repeat' if one.n_repeats == 1 else 'repeats'}"]
    if one.p_holm is not None:
        evidence.insert(0, f"p = {one.p_holm:.2g}")
    if one.low is not None and one.high is not None:
        evidence.insert(0, f"[{_sign(one.low)}, {_sign(one.high)}]")
    return typeset(
        f"{way}, {what} goes from {100 * one.before:.1f} to {100 * one.after:.1f} {unit}, a change of "
        f"{_sign(one.change)} points ({', '.join(evidence)})."
    )


def _sign(change: float) -> str:
    """Points with their sign; a change of 0 has none."""
    text = f"{100 * change:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text


def _area(area: float, low: float, high: float) -> str:
    return f"{area:.2f} [{low:.2f}, {high:.2f}]"
