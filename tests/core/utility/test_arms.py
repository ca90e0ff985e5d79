"""Which arms there are, what they are held against, and how runs are put together."""

from __future__ import annotations

import numpy as np
import pytest

from core.utility.arms import Arm, plan_arms
from core.utility.comparison import compare_arms, count_comparisons, summarise_arms
from core.utility.presets import PRESETS, UtilityProtocol
from core.utility.run_record import RunRecord
from core.utility.run_store import compute_run_key
from core.utility.scores import compute_scores

CLASSES = ("a", "b")


def test_augmentation_has_none_traditional_and_both_for_each_set_and_ratio() -> None:
    protocol = UtilityProtocol(ratios=(0.5, 1), label_fractions=(0.1,))
    arms = {arm.id: arm for arm in plan_arms("augmentation", protocol, ["gan", "ldm"])}
    assert list(arms) == [
        "none", "traditional",
        *(f"{kind}:{name}:{ratio}" if kind != "alone" else f"alone:{name}"
          for name in ("gan", "ldm")
          for kind, ratio in (("synthetic", "0.5"), ("both", "0.5"), ("synthetic", "1"), ("both", "1"), ("alone", ""))),
        "real:0.1", "fraction:gan:0.1", "fraction:ldm:0.1",
    ]  # fmt: skip
    assert arms["both:gan:0.5"].traditional and arms["both:gan:0.5"].ratio == 0.5
    assert arms["alone:ldm"].real == 0
    assert arms["fraction:ldm:0.1"].baselines == ("real:0.1", "none")
    titles = [arm.title for arm in arms.values()]
    assert len(set(titles)) == len(titles)
    for kind in ("augmentation", "feature-extraction"):
        known: set[str] = set()
        for arm in plan_arms(kind, PRESETS["paper"], ["gan"]):
            assert set(arm.baselines) <= known, "baselines come first"
            known.add(arm.id)


def test_numbers_that_arms_would_share_a_name_by_are_refused_and_near_ones_have_titles_of_their_own() -> None:
    for field in ("ratios", "label_fractions"):
        with pytest.raises(ValueError, match="each named once"):
            UtilityProtocol.model_validate({field: (0.123456, 0.1234561)})
    arms = plan_arms("augmentation", UtilityProtocol(label_fractions=(0.121, 0.124)), ["gan"])
    assert {"12.1% of the real images", "12.4% of the real images"} <= {arm.title for arm in arms}


def test_feature_extraction_has_a_reference_and_a_floor() -> None:
    reference, floor, pretrained = plan_arms("feature-extraction", PRESETS["quick"], ["gan"])
    assert (reference.real, reference.trained) == (1.0, True)
    assert not floor.trained
    assert (pretrained.real, pretrained.synthetic, pretrained.ratio) == (0.0, "gan", None)
    assert all(arm.last_layer for arm in (reference, floor, pretrained))


def test_keys_change_with_what_decides_a_run_and_with_nothing_else() -> None:
    arm = Arm("synthetic:gan:1", "gan × 1", synthetic="gan", ratio=1.0)
    protocol = UtilityProtocol()

    def key(arm: Arm = arm, repeat: int = 1, protocol: UtilityProtocol = protocol, **other: object) -> str:
        sets = {"real": "r", "test": "t", "synthetic": "s", "weights": "w", "channels": 1, "device": "cpu"}
        return compute_run_key(arm, repeat=repeat, protocol=protocol, **(sets | other))  # type: ignore[arg-type]

    same = [
        key(),
        key(Arm("other", "other", synthetic="gan", ratio=1.0, baselines=("none",))),
        key(
            protocol=protocol.model_copy(
                update={"repeats": 9, "ratios": (1.0, 2.0), "label_fractions": (0.1,)}
            )
        ),
    ]
    assert len(set(same)) == 1
    others = [
        key(Arm("a", "a", synthetic="gan", ratio=2.0)),
        key(Arm("a", "a", synthetic="gan", ratio=1.0, traditional=True)),
        key(repeat=2),
        *(
            key(protocol=protocol.model_copy(update=change))
            for change in ({"seed": 1}, {"epochs": 3}, {"flip": 0.1})
        ),
        *(key(**{name: "new"}) for name in ("real", "test", "synthetic", "weights", "channels", "device")),
    ]
    assert len({*same, *others}) == 1 + len(others)


def run_of(arm: str, repeat: int, probabilities: np.ndarray, labels: np.ndarray) -> RunRecord:
    return RunRecord(
        key=f"{arm}{repeat}", arm=arm, repeat=repeat, n_real=1, n_synthetic=0, n_validation=1, best_epoch=1,
        seconds=1.0, curve=(), scores=compute_scores(probabilities, labels, classes=CLASSES),
    )  # fmt: skip


def test_changes_are_paired_by_repeat_and_tests_corrected_within_a_baseline() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 40).astype(np.int64)
    arms = (Arm("none", "n"), Arm("good", "g", baselines=("none",)), Arm("same", "s", baselines=("none",)))
    skill = {"none": 0.5, "good": 2.0, "same": 0.5}
    probabilities = {}
    for repeat in (3, 1, 2, 4, 5, 6, 7):
        for arm, one in skill.items():
            logits = rng.normal(0, 1, (80, 2))
            logits[np.arange(80), labels] += one
            probabilities[arm, repeat] = (np.exp(logits) / np.exp(logits).sum(1, keepdims=True)).astype(
                np.float32
            )
    runs = [run_of(arm, repeat, rows, labels) for (arm, repeat), rows in probabilities.items()]
    table = compare_arms(arms, runs, probabilities=probabilities, labels=labels)
    good = next(row for row in table if (row.arm, row.score) == ("good", "accuracy"))
    same = next(row for row in table if (row.arm, row.score) == ("same", "accuracy"))

    def accuracy(arm: str, repeat: int) -> float:
        return float((probabilities[arm, repeat].argmax(axis=1) == labels).mean())

    assert good.changes == pytest.approx([accuracy("good", at) - accuracy("none", at) for at in range(1, 8)])
    assert good.change == pytest.approx(np.mean(good.changes))
    assert good.p == pytest.approx(2 / 2**7)
    assert good.p_holm == pytest.approx(2 * 2 / 2**7)
    assert same.p_holm == pytest.approx(max(same.p or 0, good.p_holm or 0))
    right = {
        arm: sum((probabilities[arm, at].argmax(1) == labels).astype(int) for at in range(1, 8))
        for arm in skill
    }
    assert good.mcnemar is not None
    assert good.mcnemar.gained == (right["good"] > right["none"]).sum()
    assert good.mcnemar.lost == (right["good"] < right["none"]).sum()
    assert all(row.mcnemar is None for row in table if row.score != "accuracy")
    assert count_comparisons(arms) == 2

    scores = summarise_arms(arms, runs, n_of_class=dict(zip(CLASSES, (40, 40), strict=True)))
    one = next(row for row in scores if (row.arm, row.score) == ("good", "accuracy"))
    assert one.mean == pytest.approx(np.mean([accuracy("good", at) for at in range(1, 8)]))
    assert one.low is not None and one.high is not None and one.low < one.mean < one.high <= 1
    assert (one.n_repeats, one.n_test) == (7, 80)
    assert {row.n_test for row in scores if row.score == "recall"} == {40}


def test_one_repeat_says_that_it_has_no_spread() -> None:
    labels = np.array([0, 0, 1, 1])
    arms = (Arm("none", "n"), Arm("other", "o", baselines=("none",)))
    probabilities = {(arm.id, 1): np.eye(2, dtype=np.float32)[[0, 1, 1, 1]] for arm in arms}
    runs = [run_of(arm, 1, rows, labels) for (arm, _), rows in probabilities.items()]
    for row in compare_arms(arms, runs, probabilities=probabilities, labels=labels):
        assert (row.change, row.low, row.p, row.p_holm) == (0, None, None, None) and row.note
    assert all(
        row.low is None and row.note
        for row in summarise_arms(arms, runs, n_of_class=dict.fromkeys(CLASSES, 2))
    )
