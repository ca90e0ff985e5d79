"""Sentences say what fell, what did not, and whether the crop took out what told the class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from core.crop_experiment.comparison import compare_utilities
from core.crop_experiment.findings import (
    answer_sets,
    describe_crop,
    describe_probes,
    find_cautions,
    summarise_answers,
)
from core.crop_experiment.result import CropSummary, ProbeArea, ProbeRecord, SuspectLeft
from core.utility.arms import Arm
from tests.core.crop_experiment.films import summarise
from tests.core.crop_experiment.test_comparison import ARMS, BEFORE, FALL

TOLD = ProbeArea(auroc=0.99, low=0.95, high=1.0, p_value=0.005)
CHANCE = ProbeArea(auroc=0.52, low=0.4, high=0.6, p_value=0.4)
CORNER = (0.0, 0.0, 0.25, 0.25)


def probe(**changes: Any) -> ProbeRecord:
    found = {
        "set": "real", "place": "region", "box": CORNER, "n": 40, "before": TOLD, "after": CHANCE,
        "is_uniform": True,
    }  # fmt: skip
    return ProbeRecord.model_validate(found | changes)


def suspect(when: str = "after", *, beside: bool = False) -> SuspectLeft:
    return SuspectLeft.model_validate(
        {
            "when": when, "box": (0.3, 0.3, 0.5, 0.6), "auroc": 0.8, "low": 0.7, "high": 0.9,
            "p_value": 0.01, "surround_auroc": 0.6, "beside": beside,
        }
    )  # fmt: skip


def summary(after: dict[str, Sequence[float]], **changes: Any) -> CropSummary:
    n = len(after["none"])
    before = {arm: values[:n] for arm, values in BEFORE.items()}
    names = (("real", "real"), ("heldout", "heldout"), ("synthetic", "gan"), ("synthetic", "ddpm"))
    content = {
        "margin": 0.0,
        "region": CORNER,
        "mode": "blank",
        "request": {},
        "classes": ("a", "b"),
        "sets": [
            {"role": role, "name": name, "n": 9, "digest": "", "cropped_digest": ""} for role, name in names
        ],
        "warnings": (),
        "metrics": (),
        "scores": compare_utilities(summarise(before, ARMS), summarise(after, ARMS)),
        "probes": (probe(),),
        "suspects": (suspect("before"), suspect()),
        "started": "2026-01-01T00:00:00Z",
        "seconds": 1,
    }
    return CropSummary.model_validate(content | changes)


def test_the_answer_names_what_fell_and_what_did_not() -> None:
    found = summary(BEFORE | {"alone:gan": [0.8 - fall for fall in FALL]})
    real, gan, ddpm = answer_sets(found)
    assert [real.level, gan.level, ddpm.level] == ["none", "fell", "none"]
    assert gan.sentence == (
        "gan: worth less without what was cropped. Trained on alone, accuracy goes from 80.0 to 65.5 %, a "
        "change of −14.5 points ([−16.5, −12.5], p = 0.016, 8 repeats)."
    )
    assert "no loss is shown" in ddpm.sentence
    assert "a change of 0.0 points ([0.0, 0.0], p = 1, 8 repeats)" in ddpm.sentence
    assert summarise_answers((real, gan, ddpm)) == (
        "gan is worth less without what was cropped; ddpm shows no loss."
    )


def test_a_rise_is_no_loss_and_few_repeats_tell_nothing() -> None:
    rise = summary(BEFORE | {"alone:gan": [0.8 + fall for fall in FALL]})
    assert [one.level for one in answer_sets(rise)] == ["none", "rose", "none"]
    few = summary({arm: [value - 0.3 for value in values[:4]] for arm, values in BEFORE.items()})
    assert {one.level for one in answer_sets(few)} == {"open"}
    assert summarise_answers(answer_sets(few)) == "gan and ddpm were trained too few times to tell."
    once = summary({arm: values[:1] for arm, values in BEFORE.items()})
    assert "(1 repeat)." in answer_sets(once)[1].sentence


def test_sets_that_only_join_real_images_are_judged_by_what_they_add() -> None:
    arms = (ARMS[0], Arm("synthetic:gan:1", "gan × 1", synthetic="gan", ratio=1.0, baselines=("none",)))
    before = summarise({"none": [0.8] * 6, "synthetic:gan:1": [0.9] * 6}, arms)
    after = summarise({"none": [0.8] * 6, "synthetic:gan:1": [0.75] * 6}, arms)
    scores = compare_utilities(before, after)
    sets = [{"role": "synthetic", "name": "gan", "n": 9, "digest": "", "cropped_digest": ""}]
    gan = answer_sets(summary(BEFORE, scores=scores, sets=sets))[-1]
    assert gan.level == "fell"
    assert (
        "Added to real images (gan × 1), the gain in accuracy goes from 10.0 to −5.0 percentage points"
        in (gan.sentence)
    )
    # Two sets correct six repeats away: then nothing can be shown, and nothing is claimed.
    two = [*sets, {**sets[0], "name": "ddpm"}]
    still = compare_utilities(before, before)
    assert answer_sets(summary(BEFORE, scores=still, sets=two))[-1].level == "open"
    assert answer_sets(summary(BEFORE, scores=still, sets=sets))[-1].level == "none"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "the region x 0.00 to 0.25, y 0.00 to 0.25 was painted black."),
        ({"mode": "cut"}, "cut off with the strip"),
        ({"region": None, "margin": 0.1}, "0.1 of width and height was cut off at every side."),
    ],
)
def test_the_crop_is_described(changes: dict[str, Any], said: str) -> None:
    assert said in describe_crop(summary(BEFORE, **changes))


def test_the_cropped_place_is_described() -> None:
    assert describe_probes(summary(BEFORE)) == (
        "real: the cropped region alone told the class with AUROC 0.99 [0.95, 1.00]; now all images are alike "
        "there.",
        "The most suspect place that is left in real images is x 0.30 to 0.50, y 0.30 to 0.60, with AUROC 0.80 "
        "[0.70, 0.90] against 0.60 around it; it may be anatomy.",
    )
    gone = summary(BEFORE, probes=(probe(after=None, is_uniform=None),), suspects=())
    assert describe_probes(gone)[0].endswith("it is no longer in the images.")
    assert "no place of the real images tells" in describe_probes(gone)[1]
    few = summary(BEFORE, probes=(probe(before=None, after=None),), suspects=(), suspects_note="Too few.")
    assert describe_probes(few) == ("Too few.",)


def test_a_crop_that_did_not_work_is_told() -> None:
    assert find_cautions([probe()], [suspect()]) == ()
    (still,) = find_cautions([probe(after=TOLD, is_uniform=False)], [])
    assert "the crop did not work there" in still
    (nothing,) = find_cautions([probe(before=CHANCE)], [])
    assert "no shortcut there to take out" in nothing
    (beside,) = find_cautions([probe()], [suspect("before", beside=True), suspect(beside=True)])
    assert "crop a larger region" in beside
