"""Runs a utility experiment arm by arm; what was finished before, it does not train again."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
import torch
from numpy.typing import NDArray

from core.config import Settings, get_settings
from core.datasets.image_set import ImageSet
from core.errors import InputError
from core.features.base import Device
from core.features.device import resolve_device
from core.progress import Progress, SilentProgress
from core.utility.arm_training import Material, train_arm
from core.utility.arms import Arm, ExperimentKind, plan_arms
from core.utility.classifiers import build_classifier, hash_weights
from core.utility.comparison import compare_arms, count_comparisons, summarise_arms
from core.utility.data import Images, choose_channels, load_images
from core.utility.group_scores import (
    compare_groups,
    explain_test_groups,
    find_members,
    measure_gaps,
    score_groups,
    summarise_groups,
)
from core.utility.presets import UtilityProtocol
from core.utility.result import ArmRecord, RunRecord, UsedSet, UtilityResult, UtilitySummary
from core.utility.run_store import compute_run_key, digest_set, read_run, write_run
from core.utility.scores import compute_scores
from core.utility.sets import UtilitySets
from core.utility.significance import explain_draws, explain_repeats
from core.utility.splits import Split, split_patients

__all__ = ["run_experiment"]

_PACKAGES = ("numpy", "scipy", "pillow", "torch", "timm")

_Place = tuple[str, int]
"""An arm's id and a repeat."""
_Run = tuple[RunRecord, NDArray[np.float32]]


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
    plan = _make_plan(kind, sets, protocol, device=device)
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
    return _conclude(kind, sets, plan, done, started)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Everything that is decided before the first training."""

    protocol: UtilityProtocol
    arms: Mapping[str, Arm]
    splits: Mapping[int, Split]
    keys: Mapping[_Place, str]
    digests: Mapping[str, str]
    channels: int
    weights: str
    device: torch.device


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


def _make_plan(
    kind: ExperimentKind, sets: UtilitySets, protocol: UtilityProtocol, *, device: Device
) -> _Plan:
    where = resolve_device(device)
    channels, weights = choose_channels(sets.real, protocol.channels), hash_weights(protocol)
    arms = {arm.id: arm for arm in plan_arms(kind, protocol, [one.name for one in sets.synthetic])}
    repeats = range(1, protocol.repeats + 1)
    real, test = digest_set(sets.real), digest_set(sets.test)
    synthetic = {one.name: digest_set(one) for one in sets.synthetic}
    return _Plan(
        protocol=protocol,
        arms=arms,
        splits={
            repeat: split_patients(
                sets.real.items,
                validation_share=protocol.validation_share,
                seed=protocol.seed,
                repeat=repeat,
            )
            for repeat in repeats
        },
        keys={
            (arm.id, repeat): compute_run_key(
                arm,
                repeat=repeat,
                protocol=protocol,
                real=real,
                test=test,
                synthetic=None if arm.synthetic is None else synthetic[arm.synthetic],
                weights=weights,
                channels=channels,
                device=where.type,
            )
            for repeat in repeats
            for arm in arms.values()
        },
        # No synthetic set can be called so.
        digests={"=real": real, "=test": test} | synthetic,
        channels=channels,
        weights=weights,
        device=where,
    )


def _load(
    sets: UtilitySets,
    plan: _Plan,
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


def _estimate_left(done: Mapping[_Place, _Run], todo: Sequence[_Place]) -> str:
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


def _conclude(
    kind: ExperimentKind, sets: UtilitySets, plan: _Plan, done: Mapping[_Place, _Run], started: datetime
) -> UtilityResult:
    """Score every run, average, compare."""
    labels = np.array([sets.classes.index(str(item.label)) for item in sets.test.items], dtype=np.int64)
    probabilities = {place: done[place][1] for place in plan.keys}
    members = find_members(sets.test) if plan.protocol.group_by else {}
    runs = tuple(
        done[arm, repeat][0].model_copy(
            update={
                # Equal runs of two arms, or of an arm that was called otherwise, share a file.
                "arm": arm,
                "scores": compute_scores(
                    probabilities[arm, repeat], labels, classes=sets.classes, seed=plan.protocol.seed
                ),
                "group_scores": score_groups(
                    probabilities[arm, repeat], labels, members, classes=sets.classes, seed=plan.protocol.seed
                ),
            }
        )
        for arm, repeat in plan.keys
    )
    arms = tuple(plan.arms.values())
    group_scores = summarise_groups(arms, runs, members=members, labels=labels, classes=sets.classes)
    warnings = [*sets.warnings, *dict.fromkeys(note for run in runs for note in run.notes)]
    warnings += explain_test_groups(sets.test, plan.protocol.group_by)
    if too_few := explain_repeats(plan.protocol.repeats, count_comparisons(arms)):
        warnings.append(too_few)
    available = {one.name: len(one) for one in sets.synthetic}
    if fixed := explain_draws(_count_taken(plan.arms, runs), available, whole=kind == "feature-extraction"):
        warnings.append(fixed)
    summary = UtilitySummary(
        experiment=kind,
        protocol=plan.protocol.model_dump(mode="json"),
        channels=plan.channels,
        classes=sets.classes,
        weights=plan.weights,
        device=plan.device.type,
        software={"python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in _PACKAGES},
        sets=(
            _record("real", sets.real, plan.digests["=real"]),
            _record("test", sets.test, plan.digests["=test"]),
            *(_record("synthetic", one, plan.digests[one.name]) for one in sets.synthetic),
        ),
        warnings=tuple(warnings),
        arms=tuple(ArmRecord(**asdict(arm)) for arm in arms),
        runs=runs,
        scores=summarise_arms(arms, runs, n_of_class=sets.test.count_classes()),
        comparisons=compare_arms(arms, runs, probabilities=probabilities, labels=labels),
        groups={name: len(places) for name, places in members.items()},
        group_scores=group_scores,
        group_comparisons=compare_groups(arms, runs, probabilities=probabilities, labels=labels),
        group_gaps=measure_gaps(
            runs,
            group_scores,
            members=members,
            probabilities=probabilities,
            labels=labels,
            classes=sets.classes,
            seed=plan.protocol.seed,
        ),
        started=started,
        seconds=sum(run.seconds for run in runs),
    )
    return UtilityResult(summary, tuple(item.id for item in sets.test.items), labels, probabilities)


def _count_taken(arms: Mapping[str, Arm], runs: Sequence[RunRecord]) -> dict[str, int]:
    """The most images that one training takes of each synthetic set."""
    taken: dict[str, int] = {}
    for run in runs:
        if (name := arms[run.arm].synthetic) is not None:
            taken[name] = max(taken.get(name, 0), run.n_synthetic)
    return taken


def _record(role: Literal["real", "test", "synthetic"], image_set: ImageSet, digest: str) -> UsedSet:
    return UsedSet(
        role=role,
        name=image_set.name,
        folder=str(image_set.root),
        n=len(image_set),
        classes=image_set.count_classes(),
        digest=digest,
        images_digest=image_set.digest,
    )
