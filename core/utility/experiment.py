"""Runs a utility experiment arm by arm; what was finished before, it does not train again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from core.config import Settings, get_settings
from core.datasets.image_set import ImageSet
from core.errors import InputError
from core.features.base import Device
from core.progress import Progress, SilentProgress
from core.utility.arm_training import Material, train_arm
from core.utility.arms import ExperimentKind
from core.utility.classifiers import build_classifier
from core.utility.conclusion import FinishedRun, conclude_experiment
from core.utility.data import Images, load_images
from core.utility.presets import UtilityProtocol
from core.utility.result import UtilityResult
from core.utility.run_record import RunRecord
from core.utility.run_store import read_run, write_run
from core.utility.sets import UtilitySets
from core.utility.training_plan import RunPlace, TrainingPlan, plan_trainings

__all__ = ["run_experiment"]


def run_experiment(
    kind: ExperimentKind,
    sets: UtilitySets,
    protocol: UtilityProtocol,
    *,
    runs_folder: Path,
    device: Device = Device.AUTO,
    workers: int | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> UtilityResult:
    """Train every arm in every repeat, and compare them.

    All arms of a repeat come before the next repeat, so that an experiment that was stopped has pairs. A run
    that is in the folder, decided by the same choices and images, is taken from there: the same call goes on
    where an earlier one stopped and gives the same numbers, also with more repeats, ratios or sets.

    Args:
        kind: `augmentation` or `feature-extraction`.
        sets: checked by `prepare_sets`.
        protocol: the user's choices.
        runs_folder: where finished runs are kept.
        device: where networks run.
        workers: decoding threads; None takes one a core.
        settings: limits and workspace; the process's own by default.
        progress: told about every image and step; may cancel, which keeps finished runs.

    Returns:
        Scores, changes against baselines with their tests, curves, and the answer for every test image.

    Raises:
        InputError: if the folder cannot be written, a training diverges, or it does not fit into memory.
        TooFewImagesError: if patients do not suffice for training and validation, or an arm has no image.
        WeightsError: if the initial weights are not to be had.
        CancelledError: if progress says so.
    """
    settings, progress = settings or get_settings(), progress or SilentProgress()
    started = datetime.now(UTC)
    plan = plan_trainings(kind, sets, protocol, device=device)
    shape = (len(sets.test), len(sets.classes))
    found = {place: read_run(runs_folder, key, shape=shape) for place, key in plan.keys.items()}
    done = {place: run for place, run in found.items() if run is not None}
    todo = [place for place in plan.keys if place not in done]
    if done and todo:
        progress.notice(f"{len(done)} of {len(plan.keys)} runs were finished before and are kept.")
    if todo:
        material = _load(
            sets, plan, settings, workers, progress, names={plan.arms[arm].synthetic for arm, _ in todo}
        )
        for at, (arm, repeat) in enumerate(todo, 1):
            with _explain_memory():
                outcome = train_arm(
                    plan.arms[arm],
                    material,
                    split=plan.splits[repeat],
                    repeat=repeat,
                    stage=f"Run {at} of {len(todo)}{_estimate_left(done, todo[at - 1 :])}: "
                    f"{plan.arms[arm].title}, repeat {repeat}",
                    progress=progress,
                )
            record = RunRecord(
                key=plan.keys[arm, repeat],
                arm=arm,
                repeat=repeat,
                n_real=outcome.n_real,
                n_synthetic=outcome.n_synthetic,
                n_validation=len(plan.splits[repeat].validation),
                best_epoch=outcome.best_epoch,
                seconds=outcome.seconds,
                notes=outcome.notes,
                curve=outcome.curve,
            )
            write_run(runs_folder, record, outcome.probabilities)
            done[arm, repeat] = record, outcome.probabilities
    return conclude_experiment(kind, sets, plan, done, started)


@contextmanager
def _explain_memory() -> Iterator[None]:
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, MemoryError) or "memory" in str(error).lower():
            raise InputError(
                "The training does not fit into memory; use a smaller --batch-size or --resolution."
            ) from error
        raise


def _load(
    sets: UtilitySets,
    plan: TrainingPlan,
    settings: Settings,
    workers: int | None,
    progress: Progress,
    *,
    names: Collection[str | None],
) -> Material:
    """Decode what the missing runs look at."""
    if plan.protocol.weights != "scratch" or plan.protocol.weights_file is not None:
        # Weights that are not to be had are told of before minutes of decoding.
        build_classifier(plan.protocol, n_channels=plan.channels, n_classes=2, seed=0, settings=settings)

    def load(image_set: ImageSet) -> Images:
        return load_images(
            image_set,
            classes=sets.classes,
            resolution=plan.protocol.resolution,
            channels=plan.channels,
            workers=workers,
            settings=settings,
            progress=progress,
        )

    return Material(
        real=load(sets.real),
        test=load(sets.test),
        synthetic={one.name: load(one) for one in sets.synthetic if one.name in names},
        classes=sets.classes,
        protocol=plan.protocol,
        device=plan.device,
        settings=settings,
    )


def _estimate_left(done: Mapping[RunPlace, FinishedRun], todo: Sequence[RunPlace]) -> str:
    """How long the missing runs will take, as far as finished ones tell: those of the same arm first."""
    if not done:
        return ""
    seconds: dict[str, list[float]] = {}
    for (arm, _), (record, _) in done.items():
        seconds.setdefault(arm, []).append(record.seconds)
    typical = float(np.mean([one for every in seconds.values() for one in every]))
    left = sum(float(np.mean(seconds.get(arm, [typical]))) for arm, _ in todo)
    if left < 60:
        return f", about {max(left, 1):.0f} s left"
    return f", about {left / 60:.0f} min left" if left < 5400 else f", about {left / 3600:.1f} h left"
