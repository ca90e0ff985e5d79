"""A study whose utility experiment has answers that are known, kept without a training."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Literal

import numpy as np

from core.audit.items import tabulate_items, write_items
from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.datasets.image_set import ImageSet
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.datasets.study_scan import scan_study
from core.db.database import open_database
from core.db.studies import StudyRecord, save_study
from core.jobs.job_folder import experiment_folder, utility_runs_folder
from core.progress import SilentProgress
from core.utility.archive import save_utility_summary
from core.utility.arms import Arm, ExperimentKind, plan_arms
from core.utility.comparison import compare_arms, count_comparisons, summarise_arms
from core.utility.presets import UtilityProtocol
from core.utility.result import ArmRecord, GroupGap, UsedSet, UtilityResult, UtilitySummary
from core.utility.run_record import CurvePoint, RunRecord
from core.utility.run_store import digest_set, write_run
from core.utility.scores import compute_scores
from core.utility.significance import explain_repeats
from core.utility.writer import write_utility
from tests.images import write_images

__all__ = [
    "CLASSES",
    "GROUP",
    "N_GAINED",
    "N_LOST",
    "N_TEST",
    "group_test_images",
    "keep_classified_study",
    "keep_experiment",
    "make_result",
]

CLASSES = ("a", "b")
N_TEST = 24
N_GAINED = 4
"""Test images that every baseline gets wrong in each repeat, and arms with synthetic images right."""
N_LOST = 1
"""Test images of which the reverse holds."""

GROUP = "sex=F"
"""The group of `group_test_images`."""


def keep_classified_study(
    name: str = "Classified", *, heldout: bool = True, classes: bool = True
) -> StudyRecord:
    """Save a study with a held-out set and two synthetic sets in two classes."""
    settings = get_settings()
    data = settings.home / "data"
    sizes = {"real": 16, "gan": 12, "ddpm": 12} | ({"heldout": N_TEST} if heldout else {})
    for seed, (folder, n) in enumerate(sizes.items()):
        write_images(data / folder, n, seed=seed, classes=CLASSES if classes else ())
    refs = {folder: FolderRef(root="data", path=folder) for folder in sizes}
    folders = StudyFolders(
        real=refs["real"],
        heldout=refs.get("heldout"),
        synthetic=tuple(SyntheticFolder(name=one, folder=refs[one]) for one in ("gan", "ddpm")),
    )
    return save_study(open_database(settings), name=name, folders=folders)


def make_result(
    sets: Sequence[ImageSet], protocol: UtilityProtocol, *, kind: ExperimentKind = "augmentation"
) -> UtilityResult:
    """Answers of every arm and repeat: with synthetic images, more of the first test images are right.

    Args:
        sets: real, held-out and synthetic ones.
        protocol: decides arms and repeats.
        kind: of the experiment.
    """
    real, test, *synthetic = sets
    labels = np.array([CLASSES.index(str(item.label)) for item in test.items], dtype=np.int64)
    arms = plan_arms(kind, protocol, [one.name for one in synthetic])
    repeats = range(1, protocol.repeats + 1)
    probabilities = {(arm.id, at): _answer(arm, labels, at) for at in repeats for arm in arms}
    runs = tuple(
        RunRecord(
            key=f"{secrets.token_hex(16)}",
            arm=arm.id,
            repeat=at,
            n_real=12 if arm.real else 0,
            n_synthetic=12 if arm.synthetic else 0,
            n_validation=4,
            best_epoch=2,
            seconds=1.5,
            curve=_curve(arm, at),
            scores=compute_scores(probabilities[arm.id, at], labels, classes=CLASSES),
        )
        for at in repeats
        for arm in arms
    )
    roles: list[tuple[Literal["real", "test", "synthetic"], ImageSet]] = [("real", real), ("test", test)]
    roles += [("synthetic", one) for one in synthetic]
    few = explain_repeats(protocol.repeats, count_comparisons(arms))
    summary = UtilitySummary(
        experiment=kind,
        protocol=protocol.model_dump(mode="json"),
        channels=1,
        classes=CLASSES,
        weights="scratch",
        device="cpu",
        software={},
        sets=tuple(
            UsedSet(
                role=role, name=one.name, folder=str(one.root), n=len(one), classes=one.count_classes(),
                digest=digest_set(one),
            )
            for role, one in roles
        ),
        warnings=(few,) if few else (),
        arms=tuple(ArmRecord(**asdict(arm)) for arm in arms),
        runs=runs,
        scores=summarise_arms(arms, runs, n_of_class=test.count_classes()),
        comparisons=compare_arms(arms, runs, probabilities=probabilities, labels=labels),
        started=datetime.now(UTC),
        seconds=1.5 * len(runs),
    )  # fmt: skip
    return UtilityResult(summary, tuple(item.id for item in test.items), labels, probabilities)


def group_test_images(summary: UtilitySummary) -> UtilitySummary:
    """Add a group of test images in which every arm scores 25 % and loses half of all against its baselines."""
    scores = tuple(
        one.model_copy(update={"group": GROUP, "mean": 0.25, "low": None, "high": None})
        for one in summary.scores
    )
    changes = {"group": GROUP, "change": -0.5, "low": None, "high": None, "mcnemar": None}
    comparisons = tuple(one.model_copy(update=changes) for one in summary.comparisons)
    gaps = tuple(
        GroupGap(
            arm=one.arm, column="sex", score=one.score, class_name=one.class_name, best="sex=M", worst=GROUP,
            gap=0.5, low=None, high=None, p=0.01, n_repeats=one.n_repeats, n_best=12, n_worst=12,
        )
        for one in scores
    )  # fmt: skip
    return summary.model_copy(
        update={
            "groups": {GROUP: 12, "sex=M": 12},
            "group_scores": scores,
            "group_comparisons": comparisons,
            "group_gaps": gaps,
        }
    )


def keep_experiment(
    study: StudyRecord,
    protocol: UtilityProtocol | None = None,
    *,
    kind: ExperimentKind = "augmentation",
    grouped: bool = False,
) -> str:
    """Keep such an experiment of a study as its job would; returns its id."""
    settings = get_settings()
    sets = scan_study(study.folders.resolve(settings), settings=settings, progress=SilentProgress())
    result = make_result(sets, protocol or UtilityProtocol(repeats=8), kind=kind)
    if grouped:
        result = replace(result, summary=group_test_images(result.summary))
    experiment_id = secrets.token_hex(8)
    for run in result.summary.runs:
        write_run(utility_runs_folder(settings), run, result.probabilities[run.arm, run.repeat])
    folder = experiment_folder(settings, experiment_id)
    test = sets[1]
    if grouped:
        column, value = GROUP.split("=")
        items = (
            replace(one, groups=((column, value if at % 2 else "M"),)) for at, one in enumerate(test.items)
        )
        test = replace(test, items=tuple(items))
    write_items(tabulate_items([test]), folder)
    write_utility(result, folder)
    save_utility_summary(
        open_database(settings), result.summary, experiment_id=experiment_id, study_id=study.id
    )
    return experiment_id


def _answer(arm: Arm, labels: np.ndarray, repeat: int) -> np.ndarray:
    wrong = np.zeros(len(labels), dtype=bool)
    if arm.synthetic == "gan":
        wrong[N_GAINED : N_GAINED + N_LOST] = True
    else:
        wrong[:N_GAINED] = True
    # One more image is wrong in a repeat of its own, so that repeats differ.
    wrong[len(labels) - 1 - repeat % 8] = True
    answers = np.where(wrong, 1 - labels, labels)
    rows = np.full((len(labels), len(CLASSES)), 0.25, dtype=np.float32)
    rows[np.arange(len(labels)), answers] = 0.75
    return rows


def _curve(arm: Arm, repeat: int) -> tuple[CurvePoint, ...]:
    phases: list[Literal["network", "last layer"]] = ["network"] if arm.trained else []
    phases += ["last layer"] if arm.last_layer else []
    return tuple(
        CurvePoint(
            phase=phase,
            epoch=epoch,
            training_loss=1 / epoch,
            validation_loss=1 / epoch + 0.01 * repeat,
            validation_balanced_accuracy=0.5 + 0.1 * epoch,
        )
        for phase in phases
        for epoch in (1, 2, 3)
    )
