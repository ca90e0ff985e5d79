"""Changed answers, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.utility.flips import count_flips, find_changes

CLASSES = ("cat", "dog", "fox")


def answer(*answers: int) -> np.ndarray:
    """Probabilities whose largest is the given class of each image."""
    rows = np.full((len(answers), 3), 0.2, dtype=np.float32)
    rows[np.arange(len(answers)), answers] = 0.6
    return rows


def test_flips_are_majorities_and_other_changes_are_not() -> None:
    labels = np.array([0, 1, 2, 0, 1])
    baseline = [answer(1, 1, 2, 0, 0), answer(1, 1, 0, 0, 0), answer(2, 1, 2, 0, 0)]
    arm = [answer(0, 2, 2, 0, 1), answer(0, 2, 2, 0, 0), answer(1, 1, 2, 0, 0)]
    found = find_changes("vwxyz", labels, classes=CLASSES, arm=arm, baseline=baseline)
    by_item = {one.item: one for one in found}
    # y never changes; the rest in order of how far they change, then of their place.
    assert [one.item for one in found] == ["v", "w", "x", "z"]
    assert (by_item["v"].right, by_item["v"].baseline_right, by_item["v"].n_repeats) == (2, 0, 3)
    assert by_item["v"].is_flip and by_item["v"].is_gain
    assert (by_item["v"].answer, by_item["v"].baseline_answer, by_item["v"].label) == ("cat", "dog", "cat")
    assert by_item["w"].is_flip and not by_item["w"].is_gain and by_item["w"].answer == "fox"
    assert not by_item["x"].is_flip and by_item["x"].is_gain
    assert not by_item["z"].is_flip and by_item["z"].is_gain


def test_half_of_the_repeats_is_no_majority() -> None:
    labels = np.array([0])
    for n_right, flips in ((1, False), (2, True)):
        arm = [answer(0)] * n_right + [answer(1)] * (2 - n_right)
        (change,) = find_changes("a", labels, classes=CLASSES, arm=arm, baseline=[answer(1)] * 2)
        assert change.is_gain and change.is_flip is flips


def test_equally_frequent_answers_go_by_probability() -> None:
    sure = np.array([[0.05, 0.05, 0.9]], dtype=np.float32)
    (change,) = find_changes(
        "a", np.array([0]), classes=CLASSES, arm=[answer(1), sure], baseline=[answer(0)] * 2
    )
    assert change.answer == "fox"
    # Frequency decides before any probability does.
    (change,) = find_changes(
        "a", np.array([0]), classes=CLASSES, arm=[answer(1), answer(1), sure], baseline=[answer(0)] * 3
    )
    assert change.answer == "dog"


def test_counts_by_class_include_classes_without_changes() -> None:
    labels = np.array([0, 0, 1, 2])
    changes = find_changes(
        "abcd", labels, classes=CLASSES, arm=[answer(0, 1, 0, 2)], baseline=[answer(1, 0, 1, 2)]
    )
    cat, dog, fox = count_flips(changes, {"cat": 2, "dog": 1, "fox": 1})
    assert (cat.gained, cat.lost, cat.better, cat.worse, cat.n) == (1, 1, 1, 1, 2)
    assert (dog.gained, dog.lost) == (0, 1)
    assert (fox.gained, fox.lost, fox.better, fox.worse) == (0, 0, 0, 0)


def test_counts_are_those_of_mcnemar() -> None:
    from core.utility.arms import Arm
    from core.utility.comparison import compare_arms
    from core.utility.run_record import RunRecord
    from core.utility.scores import compute_scores

    rng = np.random.default_rng(0)
    labels = np.arange(30) % 3
    arms = (Arm("none", "None"), Arm("more", "More", baselines=("none",)))
    probabilities = {
        (arm.id, repeat): rng.dirichlet((1, 1, 1), 30).astype(np.float32)
        for arm in arms
        for repeat in (1, 2, 3)
    }
    runs = [
        RunRecord(
            key="k", arm=arm, repeat=repeat, n_real=1, n_synthetic=0, n_validation=1, best_epoch=1, seconds=0,
            curve=(), scores=compute_scores(rows, labels, classes=CLASSES),
        )
        for (arm, repeat), rows in probabilities.items()
    ]  # fmt: skip
    comparisons = compare_arms(arms, runs, probabilities=probabilities, labels=labels)
    tested = next(one.mcnemar for one in comparisons if one.mcnemar is not None)
    changes = find_changes(
        [str(at) for at in range(30)],
        labels,
        classes=CLASSES,
        arm=[probabilities["more", repeat] for repeat in (1, 2, 3)],
        baseline=[probabilities["none", repeat] for repeat in (1, 2, 3)],
    )
    counts = count_flips(changes, {"cat": 10, "dog": 10, "fox": 10})
    assert sum(one.better for one in counts) == tested.gained > 0
    assert sum(one.worse for one in counts) == tested.lost > 0


@pytest.mark.parametrize(
    ("arm", "baseline", "labels"),
    [
        ([], [], [0]),
        ([answer(0)], [answer(0)] * 2, [0]),
        ([answer(0, 1)], [answer(0, 1)], [0]),
        ([answer(0)], [answer(0)], [0, 1]),
    ],
)
def test_refuses_what_does_not_match(
    arm: list[np.ndarray], baseline: list[np.ndarray], labels: list[int]
) -> None:
    with pytest.raises(ValueError, match=r"repeats|one row"):
        find_changes("a", np.array(labels), classes=CLASSES, arm=arm, baseline=baseline)
