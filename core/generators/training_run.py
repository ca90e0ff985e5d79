"""One run from a folder of images to a trained generator with its efficiency; what commands and jobs call."""

from __future__ import annotations

import math
from pathlib import Path

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch

from core.config import Settings
from core.datasets.image_set import ImageSet, Role
from core.datasets.labels import load_labels
from core.datasets.scan import scan_image_set
from core.features.base import Device
from core.features.device import resolve_device
from core.features.extraction import default_workers
from core.generators.efficiency import measure_efficiency
from core.generators.efficiency_record import Efficiency, load_efficiency
from core.generators.families import FAMILIES
from core.generators.family import Family
from core.generators.options import GeneratorOptions
from core.generators.processes import get_rank, join_processes, wait_for_all
from core.generators.run_folder import RunFolder
from core.generators.sampling_settings import SamplingSettings
from core.generators.tensorboard_log import check_tensorboard
from core.generators.training import describe_run, train_generator
from core.generators.training_images import (
    TrainingImages,
    digest_images,
    list_training_classes,
    load_training_images,
)
from core.progress import Progress, SilentProgress

__all__ = ["run_training"]


def run_training(
    family_name: str,
    options: GeneratorOptions,
    *,
    real: Path,
    labels: Path | None = None,
    run: RunFolder,
    device: Device = Device.AUTO,
    workers: int | None = None,
    tensorboard: bool = False,
    settings: Settings,
    progress: Progress,
) -> Efficiency | None:
    """Train a generator on a folder of images, or go on with a run that was begun, and measure what it costs.

    Args:
        family_name: a name in `core.generators.families.FAMILIES`.
        options: of that family.
        real: folder of training images; classes are sub-folders, unless `labels` names them.
        labels: CSV of classes.
        run: where the run is kept.
        device: where networks run.
        workers: decoding threads; None takes one a core.
        tensorboard: whether to write logs for TensorBoard as well.
        settings: limits and workspace.
        progress: told of every stage; may cancel, which leaves a usable checkpoint.

    Returns:
        What the run costs; None on all but the first of several processes.

    Raises:
        InputError: if a choice does not go with the images or with the run that lies there, the training
            diverges, or memory does not suffice.
        MedSynError: whatever else `scan_image_set`, `load_training_images` and `train_generator` raise.
    """
    family = FAMILIES[family_name]
    if tensorboard:
        check_tensorboard()
    with join_processes(resolve_device(device)) as own_device:
        shown: Progress = progress if get_rank() == 0 else SilentProgress()
        # The first process scans and decodes; the others then find it done.
        if get_rank() != 0:
            wait_for_all()
        images = _prepare_images(family, options, real, labels, run, own_device, workers, settings, shown)
        if get_rank() == 0:
            wait_for_all()
        states = train_generator(
            family,
            options,
            images=images,
            run=run,
            device=own_device,
            settings=settings,
            progress=shown,
            tensorboard=tensorboard,
        )
        if get_rank() != 0:
            return None
        known = load_efficiency(run)
        # One that was measured while training was stopped knows less of it.
        if known and math.isclose(known.training_seconds, sum(state.seconds for state in states)):
            return known
        return measure_efficiency(
            run, device=own_device, settings=SamplingSettings(precision=options.precision), progress=shown
        )


def _prepare_images(
    family: Family,
    options: GeneratorOptions,
    real: Path,
    labels: Path | None,
    run: RunFolder,
    device: torch.device,
    workers: int | None,
    settings: Settings,
    progress: Progress,
) -> TrainingImages:
    image_set = scan_image_set(
        real,
        role=Role.REAL,
        name="real",
        labels=None if labels is None else load_labels(labels, settings.confined_to),
        class_names=options.classes,
        intensity=options.policy,
        join_slices=options.join_slices,
        workers=default_workers() if workers is None else workers,
        settings=settings,
        progress=progress,
    )
    _tell_colour(image_set, options, progress)
    # A run of other settings is refused before anything is written into its folder.
    if get_rank() == 0:
        classes = list_training_classes(image_set, options)
        run.begin(
            describe_run(
                family,
                options,
                classes=classes,
                n_images=tuple(image_set.count_classes().values()) if classes else (len(image_set),),
                images_digest=digest_images(image_set, options),
                device=device,
            )
        )
    return load_training_images(
        image_set, options, run=run, workers=workers, settings=settings, progress=progress
    )


def _tell_colour(image_set: ImageSet, options: GeneratorOptions, progress: Progress) -> None:
    in_colour = sum(item.facts.channels == 3 for item in image_set.items)
    if in_colour and options.channels == 1:
        progress.notice(
            f"{in_colour} of {len(image_set)} training images have colour, which is left out; set channels=3 "
            "to keep it."
        )
    if image_set.unreadable:
        first = image_set.unreadable[0]
        progress.notice(
            f"{len(image_set.unreadable)} files were left out; the first is {first.id}: {first.reason}."
        )
