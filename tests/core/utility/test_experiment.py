"""Whole experiments at a tiny size: paired, repeatable, resumable, and blind to nothing but noise."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from core.cli import main
from core.datasets.image_set import Role
from core.errors import CancelledError, InputError, TooFewImagesError
from core.output_folder import check_output_folder
from core.progress import SilentProgress
from core.utility import experiment, training_plan
from core.utility.archive import load_answers, load_utility
from core.utility.arms import ExperimentKind
from core.utility.experiment import run_experiment
from core.utility.presets import UtilityProtocol
from core.utility.result import UtilityResult
from core.utility.sets import UtilitySets, prepare_sets
from core.utility.writer import write_utility
from tests.core.utility.films import TINY, make_sets, scan, write_set
from tests.images import write_png


class Recorder(SilentProgress):
    """Remembers stages, and may stop at one."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.stages: list[str] = []
        self.notices: list[str] = []
        self._stop_at = stop_at

    def start(self, stage: str, total: int, unit: str = "images") -> None:
        if stage.startswith("Run "):
            self.stages.append(stage)
            if len(self.stages) == self._stop_at:
                raise CancelledError("Stopped.")

    def notice(self, message: str) -> None:
        self.notices.append(message)


@pytest.fixture
def sets(tmp_path: Path, workspace: Path) -> UtilitySets:
    return make_sets(tmp_path / "sets")


def run(
    sets: UtilitySets,
    folder: Path,
    protocol: UtilityProtocol = TINY,
    kind: ExperimentKind = "augmentation",
    progress: Recorder | None = None,
) -> UtilityResult:
    return run_experiment(kind, sets, protocol, runs_folder=folder, progress=progress or Recorder())


def without_times(result: UtilityResult) -> object:
    content = result.summary.model_dump(exclude={"started", "seconds"})
    for one in content["runs"]:
        one.pop("seconds")
    return content


def same_answers(first: UtilityResult, second: UtilityResult) -> bool:
    assert first.probabilities.keys() == second.probabilities.keys()
    return all(np.array_equal(rows, second.probabilities[at]) for at, rows in first.probabilities.items())


def test_a_stopped_experiment_goes_on_to_the_same_numbers(sets: UtilitySets, tmp_path: Path) -> None:
    whole = run(sets, tmp_path / "whole")
    n_runs = 5 * TINY.repeats
    with pytest.raises(CancelledError):
        run(sets, tmp_path / "parts", progress=Recorder(stop_at=4))
    again = Recorder()
    parts = run(sets, tmp_path / "parts", progress=again)
    assert len(again.stages) == n_runs - 3
    assert again.notices == [f"3 of {n_runs} runs were finished before and are kept."]
    assert same_answers(whole, parts)
    assert without_times(whole) == without_times(parts)
    # A damaged run is trained again, a whole one never.
    one = whole.summary.runs[2].key
    (tmp_path / "parts" / f"{one}.npz").write_bytes(b"PK damaged")
    third = Recorder()
    assert same_answers(whole, run(sets, tmp_path / "parts", progress=third))
    assert len(third.stages) == 1
    # One repeat more leaves the others as they are.
    more, fourth = TINY.model_copy(update={"repeats": 3}), Recorder()
    longer = run(sets, tmp_path / "parts", more, progress=fourth)
    assert len(fourth.stages) == 5
    assert all(np.array_equal(rows, longer.probabilities[at]) for at, rows in whole.probabilities.items())


def test_a_lack_of_memory_says_what_to_do(
    sets: UtilitySets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: object, **others: object) -> None:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")

    monkeypatch.setattr(experiment, "train_arm", fail)
    with pytest.raises(InputError, match="use a smaller --batch-size"):
        run(sets, tmp_path / "runs")


def test_what_an_arm_finds_depends_on_no_other_arm(
    sets: UtilitySets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    protocol = TINY.model_copy(update={"repeats": 1})
    first = run(sets, tmp_path / "first", protocol)
    plan = training_plan.plan_arms
    monkeypatch.setattr(training_plan, "plan_arms", lambda *given: tuple(reversed(plan(*given))))
    turned = run(sets, tmp_path / "turned", protocol)
    assert list(turned.probabilities) != list(first.probabilities)
    assert same_answers(first, turned)


def test_arms_of_a_repeat_share_split_and_initial_weights(
    sets: UtilitySets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, tuple[int, ...], str]] = []
    train, build = experiment.train_arm, experiment.build_classifier

    def watch(arm, material, *, split, repeat, **others):  # type: ignore[no-untyped-def]
        seen.append((repeat, tuple(split.validation), arm.id))
        return train(arm, material, split=split, repeat=repeat, **others)

    seeds: list[int] = []

    def build_and_tell(*given, seed, **others):  # type: ignore[no-untyped-def]
        seeds.append(seed)
        return build(*given, seed=seed, **others)

    monkeypatch.setattr(experiment, "train_arm", watch)
    monkeypatch.setattr("core.utility.arm_training.build_classifier", build_and_tell)
    result = run(sets, tmp_path / "runs")
    for repeat in (1, 2):
        assert len({split for at, split, _ in seen if at == repeat}) == 1
        assert len({seed for seed, (at, _, _) in zip(seeds, seen, strict=True) if at == repeat}) == 1
    assert len({split for _, split, _ in seen}) == len(set(seeds)) == 2
    counts = {row.arm: (row.n_real, row.n_synthetic) for row in result.summary.runs if row.repeat == 1}
    n_train = len(sets.real) - len(seen[0][1])
    assert counts["none"] == counts["traditional"] == (n_train, 0)
    assert counts["synthetic:gan:1"] == counts["both:gan:1"] == (n_train, n_train)
    assert counts["alone:gan"] == (0, n_train)
    assert all(row.n_validation == len(seen[0][1]) for row in result.summary.runs)


def test_feature_extraction_trains_the_last_layer_on_half_of_the_real_images(
    sets: UtilitySets, tmp_path: Path
) -> None:
    result = run(sets, tmp_path / "runs", kind="feature-extraction")
    rows = {row.arm: row for row in result.summary.runs if row.repeat == 1}
    n_train = len(sets.real) - rows["untrained"].n_validation
    assert rows["pretrained-real"].n_real == n_train
    assert rows["untrained"].n_real == rows["pretrained:gan"].n_real == pytest.approx(n_train / 2, abs=2)
    assert rows["pretrained:gan"].n_synthetic == len(sets.synthetic[0])
    phases = [(point.phase, point.epoch) for point in rows["pretrained:gan"].curve]
    assert phases == [("network", 1), ("network", 2), *(("last layer", at) for at in (1, 2, 3))]
    assert {point.phase for point in rows["untrained"].curve} == {"last layer"}
    baselines = {(one.arm, one.baseline) for one in result.summary.comparisons}
    assert ("pretrained:gan", "pretrained-real") in baselines and ("pretrained:gan", "untrained") in baselines


def test_copies_of_validation_images_are_left_out_and_missing_images_told(
    tmp_path: Path, workspace: Path
) -> None:
    real = write_set(tmp_path / "real", 24, seed=1)
    test = write_set(tmp_path / "test", 8, seed=2)
    copies = write_set(tmp_path / "copies", 24, seed=1)
    write_png(copies / "dark" / "more.png", np.full((32, 32), 9, np.uint8))
    given = prepare_sets(
        scan(real, Role.REAL, "real"),
        scan(test, Role.HELDOUT, "heldout"),
        [scan(copies, Role.SYNTHETIC, "copies", patients=False)],
    )
    protocol = TINY.model_copy(
        update={"epochs": 1, "repeats": 1, "train_on_synthetic": False, "ratios": (2.0,)}
    )
    result = run(given, tmp_path / "runs", protocol)
    row = next(row for row in result.summary.runs if row.arm == "synthetic:copies:2")
    assert row.n_synthetic == 25 - row.n_validation
    told = " ".join(result.summary.warnings)
    assert "Images of 'copies' with the very pixels of a repeat's validation images are left out" in told
    assert "'copies' has 13 images of the class 'dark', fewer than the ratio 2 asks for" in told
    assert "With 1 repeat the smallest p-value" in told


def test_every_table_is_written_and_read_back(sets: UtilitySets, tmp_path: Path) -> None:
    protocol = TINY.model_copy(update={"epochs": 1, "train_on_synthetic": False})
    result = run(sets, tmp_path / "runs", protocol)
    folder = tmp_path / "out"
    write_utility(result, folder)
    assert load_utility(folder) == result.summary
    read = load_answers(tmp_path / "runs", result.summary)
    assert read.keys() == result.probabilities.keys()
    assert all(np.array_equal(rows, result.probabilities[at]) for at, rows in read.items())
    tables = {}
    for name in ("utility", "runs", "answers", "curves"):
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            tables[name] = list(csv.DictReader(file))
    assert len(tables["runs"]) == len(tables["curves"]) == 4 * 2
    assert len(tables["answers"]) == 4 * 2 * len(sets.test)
    shares: dict[tuple[str, str], list[bool]] = {}
    for row in tables["answers"]:
        assert (row["label"] == row["answer"]) == (row["right"] == "True")
        shares.setdefault((row["arm"], row["repeat"]), []).append(row["right"] == "True")
    for row in tables["runs"]:
        assert float(row["accuracy"]) == pytest.approx(np.mean(shares[row["arm"], row["repeat"]]))
    accuracy = [row for row in tables["utility"] if row["score"] == "accuracy"]
    assert [(row["arm"], row["baseline"]) for row in accuracy] == [
        ("none", ""), ("traditional", "none"),
        *((arm, baseline) for arm in ("synthetic:gan:1", "both:gan:1") for baseline in ("none", "traditional")),
    ]  # fmt: skip
    (tmp_path / "runs" / f"{result.summary.runs[0].key}.json").unlink()
    with pytest.raises(InputError, match="lacks the answers of none, repeat 1"):
        load_answers(tmp_path / "runs", result.summary)
    (folder / "utility.json").write_text('{"schema_version": 1}')
    with pytest.raises(InputError, match="is not an experiment that this version reads"):
        load_utility(folder)
    with pytest.raises(InputError, match="cannot be written"):
        check_output_folder(folder / "utility.json" / "below")


def test_a_ratio_that_asks_for_no_image_is_told(sets: UtilitySets, tmp_path: Path) -> None:
    protocol = TINY.model_copy(update={"epochs": 1, "repeats": 1, "ratios": (0.01,)})
    with pytest.raises(TooFewImagesError, match="No image of 'gan' is left to train on in repeat 1"):
        run(sets, tmp_path / "runs", protocol)


@pytest.mark.slow
def test_shuffled_labels_teach_nothing(tmp_path: Path, workspace: Path) -> None:
    sets = make_sets(tmp_path / "sets", n_real=48, n_test=240, n_synthetic=48, shuffled=True)
    result = run(sets, tmp_path / "runs", TINY.model_copy(update={"repeats": 3}))
    for score in result.summary.scores:
        if score.score == "auroc":
            assert abs(score.mean - 0.5) < 3 * np.sqrt(1 / 12 / 60)
    for one in result.summary.comparisons:
        assert one.mcnemar is None or one.mcnemar.p_holm > 0.001


@pytest.mark.slow
def test_useful_images_help_and_useless_ones_do_not(
    tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few real images, and a fresh draw of the same process beside one whose labels say nothing."""
    folder = tmp_path / "sets"
    kinds = {"fresh": False, "noise": True}
    given = prepare_sets(
        scan(write_set(folder / "real", 16, seed=1, contrast=22), Role.REAL, "real"),
        scan(write_set(folder / "test", 90, seed=2, contrast=22), Role.HELDOUT, "heldout"),
        [
            scan(write_set(folder / name, 96, seed=seed, contrast=22, shuffled=wrong), Role.SYNTHETIC, name)
            for seed, (name, wrong) in enumerate(kinds.items(), 3)
        ],
    )
    plan = training_plan.plan_arms
    monkeypatch.setattr(
        training_plan, "plan_arms", lambda *of: tuple(arm for arm in plan(*of) if not arm.traditional)
    )
    protocol = TINY.model_copy(
        update={"repeats": 6, "epochs": 16, "ratios": (8.0,), "train_on_synthetic": False}
    )
    result = run(given, tmp_path / "runs", protocol)
    changes = {one.arm: one for one in result.summary.comparisons if one.score == "accuracy"}
    fresh, noise = changes["synthetic:fresh:8"], changes["synthetic:noise:8"]
    assert fresh.change > 0.05 and fresh.low is not None and fresh.low > 0
    assert fresh.mcnemar is not None and fresh.mcnemar.p_holm < 0.05
    assert noise.change < 0


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_command_line_runs_both_experiments_and_goes_on(
    sets: UtilitySets, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "sets", tmp_path / "out"
    given = (
        "--real", folder / "real", "--test", folder / "test", "--synthetic", f"gan={folder / 'gan'}",
        "--resolution", 32, "--epochs", 1, "--batch-size", 8, "--repeats", 1, "--output", out,
    )  # fmt: skip
    assert call("utility", "augmentation", *given, "--ratio", 0.5, "--label-fraction", 0.5) == 0
    text = capsys.readouterr()
    assert "gan × 0.5 and traditional augmentation" in text.out
    assert "Warning: With 1 repeat the smallest p-value" in text.out
    summary = json.loads((out / "utility.json").read_text())
    assert [arm["id"] for arm in summary["arms"]][-2:] == ["real:0.5", "fraction:gan:0.5"]
    before = {path: path.stat().st_mtime_ns for path in (out / "runs").iterdir()}
    assert call("utility", "augmentation", *given, "--ratio", 0.5) == 0
    assert {path: path.stat().st_mtime_ns for path in (out / "runs").iterdir()} == before
    assert call("utility", "feature-extraction", *given) == 0
    assert "Pretrained on gan" in capsys.readouterr().out


def test_command_line_says_what_is_wrong(
    sets: UtilitySets, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "sets"
    given = ("--real", folder / "real", "--synthetic", folder / "gan", "--test", folder / "test")
    out = ("--output", tmp_path / "out")
    for extra, reason in {
        ("--preset", "huge", *out): "There is no preset 'huge'; there are quick, paper.",
        ("--classifier", "vgg", *out): "There is no classifier 'vgg'",
        ("--weights", tmp_path / "none.pth", *out): "none.pth cannot be read",
        ("--output", folder / "real" / "out"): "lies inside the image set",
    }.items():
        assert call("utility", "augmentation", *given, *extra) == 2
        assert reason in capsys.readouterr().err
    leaking = ("--real", folder / "real", "--synthetic", folder / "gan", "--test", folder / "real", *out)
    assert call("utility", "augmentation", *leaking) == 2
    assert "very pixels of test images" in capsys.readouterr().err
