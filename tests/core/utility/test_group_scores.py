"""Scores by group of the test images: those of the group's images alone, and the gap between groups."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.cli import main
from core.config import get_settings
from core.datasets.image_set import ImageSet, Role
from core.datasets.study import Study
from core.datasets.study_scan import scan_study
from core.progress import SilentProgress
from core.utility.archive import load_utility
from core.utility.arms import Arm, plan_arms
from core.utility.experiment import run_experiment
from core.utility.group_gaps import measure_gaps
from core.utility.group_scores import (
    compare_groups,
    explain_test_groups,
    find_members,
    score_groups,
    summarise_groups,
)
from core.utility.presets import UtilityProtocol
from core.utility.result import GroupGap
from core.utility.run_record import RunRecord
from core.utility.run_store import compute_run_key
from core.utility.scores import compute_scores
from core.utility.sets import prepare_sets
from tests.core.utility.films import CLASSES, scan, write_set

ARMS = plan_arms("augmentation", UtilityProtocol(train_on_synthetic=False), ["gan"])
N = 80
LABELS = np.arange(N) % 2
PLACES = np.arange(N)


def make_test_set(tmp_path: Path, values: list[str]) -> ImageSet:
    """A test set whose images are of one group each; empty values are unknown."""
    found = scan(write_set(tmp_path / "test", len(values), seed=2), Role.HELDOUT, "heldout")
    items = tuple(
        replace(item, groups=(("sex", value),) if value else ())
        for item, value in zip(found.items, values, strict=True)
    )
    return replace(found, items=items)


def answer(wrong: NDArray[np.intp]) -> NDArray[np.float32]:
    """Probabilities that are right but for some images."""
    shown = LABELS.copy()
    shown[wrong] = 1 - shown[wrong]
    return np.eye(2, dtype=np.float32)[shown] * 0.8 + 0.1


def measure(
    members: dict[str, NDArray[np.intp]], wrong: dict[tuple[str, int], NDArray[np.intp]]
) -> tuple[GroupGap, ...]:
    """Gaps of the arms whose wrong answers are given; all other answers are right."""
    none = np.empty(0, dtype=np.intp)
    places = [(arm.id, repeat) for arm in ARMS for repeat in (1, 2, 3)]
    probabilities = {place: answer(wrong.get(place, none)) for place in places}
    runs = [
        RunRecord(
            key="k",
            arm=arm,
            repeat=repeat,
            n_real=1,
            n_synthetic=0,
            n_validation=1,
            best_epoch=1,
            seconds=1,
            curve=(),
            group_scores=score_groups(rows, LABELS, members, classes=CLASSES),
        )
        for (arm, repeat), rows in probabilities.items()
    ]
    scores = summarise_groups(ARMS, runs, members=members, labels=LABELS, classes=CLASSES)
    assert len(compare_groups(ARMS, runs, probabilities=probabilities, labels=LABELS))
    return measure_gaps(
        runs, scores, members=members, probabilities=probabilities, labels=LABELS, classes=CLASSES, seed=0
    )


def find(gaps: tuple[GroupGap, ...], arm: Arm, score: str) -> GroupGap:
    (found,) = [gap for gap in gaps if (gap.arm, gap.score, gap.class_name) == (arm.id, score, None)]
    return found


def test_a_groups_scores_are_those_of_its_images_alone() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet([1, 1], N).astype(np.float32)
    members = {"sex=F": PLACES[:30], "sex=M": PLACES[30:]}
    found = score_groups(probabilities, LABELS, members, classes=CLASSES)
    for group, places in members.items():
        alone = compute_scores(probabilities[places], LABELS[places], classes=CLASSES)
        expected = [one.model_copy(update={"group": group}) for one in alone if one.score != "f1_macro"]
        assert [one for one in found if one.group == group] == expected


def test_a_group_without_a_class_has_accuracy_and_recall_alone() -> None:
    members = {"sex=F": PLACES[LABELS == 0]}
    found = score_groups(answer(PLACES[:10]), LABELS, members, classes=CLASSES)
    assert [(one.score, one.class_name) for one in found] == [("accuracy", None), ("recall", "dark")]
    assert found[0].value == pytest.approx(35 / 40)
    assert found[0].low is not None and found[0].low < found[0].value


def test_a_planted_gap_is_found_with_its_groups_and_is_no_chance() -> None:
    members = {"sex=F": PLACES[:40], "sex=M": PLACES[40:], "view=AP": PLACES[::3], "view=PA": PLACES[1::3]}
    worse = {(ARMS[0].id, repeat): PLACES[: 18 + 2 * repeat] for repeat in (1, 2, 3)}
    gaps = measure(members, worse)
    gap = find(tuple(one for one in gaps if one.column == "sex"), ARMS[0], "accuracy")
    assert (gap.best, gap.worst, gap.n_best, gap.n_worst, gap.n_repeats) == ("sex=M", "sex=F", 40, 40, 3)
    assert gap.gap == pytest.approx(np.mean([20, 22, 24]) / 40)
    assert gap.low is not None and gap.high is not None
    assert 0 < gap.low < gap.gap < gap.high
    assert gap.p is not None and gap.p < 0.01
    # The other column parts the same answers by nothing.
    other = find(tuple(one for one in gaps if one.column == "view"), ARMS[0], "accuracy")
    assert other.p is not None and other.p > 0.05
    # An arm that is always right has no gap.
    none = find(tuple(one for one in gaps if one.column == "sex"), ARMS[1], "balanced_accuracy")
    assert (none.gap, none.p) == (0.0, 1.0) and none.best != none.worst
    auroc = find(tuple(one for one in gaps if one.column == "sex"), ARMS[0], "auroc")
    assert auroc.p is None and "accuracies and recalls" in auroc.note


def test_groups_drawn_by_chance_are_seldom_told_apart() -> None:
    rng = np.random.default_rng(1)
    wrong = rng.permutation(N)[:30]
    small = 0
    for _ in range(10):
        order = rng.permutation(N)
        members = {"sex=F": np.sort(order[:30]), "sex=M": np.sort(order[30:])}
        gaps = measure(members, {(ARMS[0].id, repeat): wrong for repeat in (1, 2, 3)})
        p = find(gaps, ARMS[0], "balanced_accuracy").p
        assert p is not None
        small += p < 0.05
    assert small <= 3


def test_one_group_has_no_gap() -> None:
    assert measure({"sex=F": PLACES[:40]}, {}) == ()


def test_small_and_lopsided_groups_are_told(tmp_path: Path, workspace: Path) -> None:
    # The first half of the items is of one class.
    values = ["F"] * 12 + ["M"] * 10 + ["X"] * 3 + [""] * 3
    found = make_test_set(tmp_path, values)
    assert list(find_members(found)) == ["sex=F", "sex=M"]
    assert explain_test_groups(found, ("sex",)) == (
        "Groups of fewer than 10 test images are not scored: sex=X.",
        "Groups without two test images of each class have accuracy and recall alone: sex=F.",
    )
    assert explain_test_groups(found, ()) == ()
    (sentence,) = explain_test_groups(make_test_set(tmp_path / "none", [""] * 12), ("sex",))
    assert sentence.startswith("The labels CSV says nothing of the test images in 'sex'")


def test_groups_do_not_decide_a_run() -> None:
    given = {"repeat": 1, "real": "r", "test": "t", "synthetic": None, "weights": "", "channels": 1}
    keys = {
        compute_run_key(ARMS[0], protocol=protocol, device="cpu", **given)  # type: ignore[arg-type]
        for protocol in (UtilityProtocol(), UtilityProtocol(group_by=("sex",)))
    }
    assert len(keys) == 1


def test_the_command_scores_groups_and_keeps_its_runs(
    tmp_path: Path, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["file,sex"]
    for seed, (name, n) in enumerate({"real": 16, "test": 40, "gan": 12}.items()):
        folder = write_set(tmp_path / name, n, seed=seed)
        if name == "test":
            paths = sorted(folder.rglob("*.png"))
            lines += [f"test/{path.relative_to(folder)},{'FM'[at % 2]}" for at, path in enumerate(paths)]
    labels = tmp_path / "groups.csv"
    labels.write_text("\n".join(lines) + "\n")
    folders = {"--real": "real", "--test": "test", "--synthetic": "gan", "--labels": "groups.csv"}
    options = {
        "--repeats": "2",
        "--epochs": "1",
        "--resolution": "32",
        "--batch-size": "8",
        "--group-by": "sex",
    }
    asked = [part for option, name in folders.items() for part in (option, str(tmp_path / name))]
    asked += [part for pair in options.items() for part in pair]
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as ended:
        main(["utility", "augmentation", *asked, "--output", str(out)])
    assert ended.value.code in (0, None)
    printed = capsys.readouterr().out
    assert "accuracy gap, points" in printed and "sex=F (20)" in printed and "not corrected" in printed
    summary = load_utility(out)
    assert summary.groups == {"sex=F": 20, "sex=M": 20}
    assert {one.group for one in summary.scores} == {None}
    # A recall is of the images of its class.
    assert {one.n_test for one in summary.group_scores if one.class_name is None} == {20}
    assert {one.n_test for one in summary.group_scores if one.class_name is not None} == {10}
    with (out / "utility.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["group"] for row in rows} == {"", "sex=F", "sex=M"}
    with (out / "gaps.csv").open(encoding="utf-8") as file:
        gaps = list(csv.DictReader(file))
    assert len(gaps) == len(summary.group_gaps) == len(summary.arms) * 5
    assert {gap["column"] for gap in gaps} == {"sex"}
    assert "group_scores" not in json.loads(next((out / "runs").glob("*.json")).read_text())
    # Without groups, the same runs are taken from the folder.
    study = Study.from_folders(
        real=tmp_path / "real", heldout=tmp_path / "test", synthetic={"gan": tmp_path / "gan"}
    )
    real, test, *drawn = scan_study(study, settings=get_settings(), progress=SilentProgress())
    before = sorted(path.name for path in (out / "runs").iterdir())
    protocol = UtilityProtocol.model_validate(summary.protocol | {"group_by": ()})
    again = run_experiment(
        "augmentation", prepare_sets(real, test, drawn), protocol, runs_folder=out / "runs"
    )
    assert sorted(path.name for path in (out / "runs").iterdir()) == before
    assert again.summary.scores == summary.scores
    assert again.summary.group_scores == again.summary.group_gaps == ()
