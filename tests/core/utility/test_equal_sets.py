"""Two sets of one process are worth the same: what an experiment says of them must not tell them apart."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from core.datasets.image_set import Role
from core.utility import training_plan
from core.utility.arms import Arm
from core.utility.experiment import run_experiment
from core.utility.presets import UtilityProtocol
from core.utility.sets import UtilitySets, prepare_sets
from core.utility.significance import compare_repeats
from tests.core.utility.films import TINY, scan, write_set

NAMES = ("first", "second")


def make_twins(folder: Path, *, seed: int, n: int, same_images: bool = False) -> UtilitySets:
    real = write_set(folder / "real", 32, seed=10 * seed + 1)
    test = write_set(folder / "test", 40, seed=10 * seed + 2)
    twins = [write_set(folder / NAMES[0], n, seed=10 * seed + 3)]
    if same_images:
        twins.append(shutil.copytree(twins[0], folder / NAMES[1]))
    else:
        twins.append(write_set(folder / NAMES[1], n, seed=10 * seed + 4))
    return prepare_sets(
        scan(real, Role.REAL, "real"),
        scan(test, Role.HELDOUT, "heldout"),
        [scan(one, Role.SYNTHETIC, name, patients=False) for one, name in zip(twins, NAMES, strict=True)],
    )


def test_the_same_images_under_another_name_give_the_same_answers(tmp_path: Path, workspace: Path) -> None:
    sets = make_twins(tmp_path, seed=0, n=24, same_images=True)
    result = run_experiment("augmentation", sets, TINY, runs_folder=tmp_path / "runs")
    for arm, repeat in result.probabilities:
        if NAMES[0] in arm:
            twin = result.probabilities[arm.replace(*NAMES), repeat]
            np.testing.assert_array_equal(result.probabilities[arm, repeat], twin)


@pytest.mark.slow
def test_the_interval_of_two_draws_of_one_process_covers_0_over_20_seeds(
    tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Repeats draw afresh from many images, so that the interval counts what draws differ by."""
    arms = tuple(Arm(f"alone:{name}", name, real=0.0, synthetic=name, ratio=1.0) for name in NAMES)
    monkeypatch.setattr(training_plan, "plan_arms", lambda *_: arms)
    covered, differences = 0, []
    for seed in range(20):
        sets = make_twins(tmp_path / str(seed), seed=seed, n=96)
        protocol = UtilityProtocol.model_validate(
            TINY.model_dump() | {"repeats": 3, "epochs": 1, "seed": seed}
        )
        result = run_experiment("augmentation", sets, protocol, runs_folder=tmp_path / "runs" / str(seed))
        scores = {
            (run.arm, run.repeat): next(one.value for one in run.scores if one.score == "auroc")
            for run in result.summary.runs
        }
        change = compare_repeats([scores[arms[0].id, k] - scores[arms[1].id, k] for k in range(1, 4)])
        assert change.low is not None and change.high is not None
        covered += change.low <= 0 <= change.high
        differences.append(change.mean)
    # 95 % intervals: 16 or fewer of 20 happen once in 400 times.
    assert covered >= 17
    # No lean to the set that is named first.
    assert abs(np.mean(differences)) < 3 * np.std(differences, ddof=1) / np.sqrt(20)
