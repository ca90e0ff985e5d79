"""Trains classifiers on real images alone and asks them where they look, class by class and set by set."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from core.bias.attribution_archive import name_map
from core.bias.attribution_layer import choose_layer
from core.bias.attribution_looks import look_at_images
from core.bias.attribution_options import AttributionMethod, AttributionOptions
from core.bias.attribution_result import (
    AttributedSet,
    AttributionResult,
    AttributionSummary,
    ShareRecord,
    TrainingRecord,
)
from core.bias.attribution_summary import (
    Answers,
    Look,
    average_looks,
    score_answers,
    summarise_set,
    summarise_shares,
)
from core.bias.box import Box
from core.bias.frame import DEFAULT_SIDE_PX, choose_classes, choose_items
from core.config import Settings
from core.datasets.image_set import ImageSet
from core.features.base import Device
from core.features.device import resolve_device
from core.progress import Progress
from core.utility.arm_training import Material, train_arm
from core.utility.arms import Arm
from core.utility.classifiers import Classifier, build_classifier, hash_weights
from core.utility.data import Images, choose_channels, load_images
from core.utility.presets import CLASSIFIERS
from core.utility.splits import Split, split_patients

__all__ = ["explain_sets"]

_ALL = 2**62
_Maps = dict[tuple[str, AttributionMethod, str], NDArray[np.float32]]


def explain_sets(
    sets: Sequence[ImageSet],
    options: AttributionOptions,
    *,
    regions: Sequence[Box] = (),
    side_px: int = DEFAULT_SIDE_PX,
    device: Device = Device.AUTO,
    workers: int | None = None,
    settings: Settings,
    progress: Progress,
) -> AttributionResult:
    """Train classifiers as the arm "real images alone" of a utility experiment does, and explain them.

    Each training has the split and the initial weights of the utility experiment's repeat of that number. Of
    the real set its validation images are explained, which it was not trained on; of the others a random
    part, the same in every training.

    Args:
        sets: the real set, then any others; classes are the real set's.
        options: what decides the numbers.
        regions: suspect regions of the real set by rank, in which the share of attribution is measured.
        side_px: side of the maps, the frame's.
        device: where networks run.
        workers: decoding threads; None takes one a core.
        settings: limits and workspace.
        progress: told about every image and step; may cancel.

    Returns:
        Maps and shares; on the CPU the same for the same arguments and number of threads.

    Raises:
        ImageSetError: if the real set has fewer than two classes, or a file changed since it was scanned.
        TooFewImagesError: if patients do not suffice for training and validation.
        InputError: if the training diverges.
        WeightsError: if the initial weights are not to be had.
        CancelledError: if progress says so.
    """
    began = time.monotonic()
    classes, protocol = choose_classes(sets[0]), options.protocol
    real = replace(sets[0], items=choose_items(sets[0], classes, max_per_class=_ALL, seed=0))
    splits = [
        split_patients(
            real.items, validation_share=protocol.validation_share, seed=protocol.seed, repeat=repeat
        )
        for repeat in range(1, options.repeats + 1)
    ]
    channels = choose_channels(real, protocol.channels)
    # Weights that are not to be had are told of before minutes of decoding.
    blank = build_classifier(protocol, n_channels=channels, n_classes=len(classes), seed=0, settings=settings)
    layer = choose_layer(blank, side=protocol.resolution)

    def load(image_set: ImageSet) -> Images:
        return load_images(
            image_set,
            classes=classes,
            resolution=protocol.resolution,
            channels=channels,
            workers=workers,
            settings=settings,
            progress=progress,
        )

    notes: list[str] = []
    others = _draw_others(sets[1:], classes, options, notes)
    images = {one.name: load(one) for one in (real, *others)}
    material = Material(
        images[real.name], images[real.name], {}, classes, protocol, resolve_device(device), settings
    )
    places = {item.id: place for place, item in enumerate(real.items)}
    looks: dict[str, list[Look]] = {one.name: [] for one in (real, *others)}
    trainings: list[TrainingRecord] = []
    answers: list[Answers] = []
    shown = np.zeros(len(real), dtype=np.bool_)
    for repeat, split in enumerate(splits, 1):
        network, training, told = _train(material, split, repeat, options, progress)
        trainings.append(training)
        answers.append(told)
        held = replace(real, items=told[0])
        drawn = choose_items(held, classes, max_per_class=options.n_images, seed=options.seed + repeat)
        rows = np.array([places[item.id] for item in drawn], dtype=np.int64)
        shown[rows] = True
        images[real.name] = _take(material.real, rows)
        for name, explained in images.items():
            progress.start(f"Explaining {name}, classifier {repeat} of {options.repeats}", len(explained))
            looks[name] += look_at_images(
                network,
                layer,
                explained,
                options,
                regions=regions,
                side_px=side_px,
                device=material.device,
                progress=progress,
            )
    images[real.name] = _take(material.real, np.flatnonzero(shown))
    maps, described, shares = _gather((real, *others), looks, classes, regions, options.seed)
    value, low, high, n_validation = score_answers(answers)
    chance = 1 / len(classes)
    if low <= chance:
        notes.insert(
            0,
            f"On validation images the classifiers have a balanced accuracy of {value:.2f} [{low:.2f}, "
            f"{high:.2f}] (n = {n_validation:,}), which may be chance ({chance:.2f}): where they look says "
            "nothing of the classes.",
        )
    summary = AttributionSummary(
        classes=classes,
        options=options,
        classifier=CLASSIFIERS[protocol.classifier].title,
        weights=hash_weights(protocol),
        device=material.device.type,
        layer=layer.name,
        layer_cells=(layer.rows, layer.columns),
        side_px=side_px,
        trainings=tuple(trainings),
        balanced_accuracy=value,
        low=low,
        high=high,
        n_validation=n_validation,
        tells_classes=low > chance,
        sets=described,
        shares=shares,
        notes=tuple(notes),
        seconds=time.monotonic() - began,
    )
    return AttributionResult(summary, maps, {name: _mean(one, side_px) for name, one in images.items()})


def _draw_others(
    sets: Sequence[ImageSet], classes: Sequence[str], options: AttributionOptions, notes: list[str]
) -> list[ImageSet]:
    """Take a part of each set, and say which classes are missing."""
    drawn = []
    for one in sets:
        items = choose_items(one, classes, max_per_class=options.n_images, seed=options.seed)
        missing = sorted(set(classes) - {item.label for item in items})
        if missing:
            what = ", ".join(repr(label) for label in missing)
            notes.append(f"{one.name} has no image of the real set's {what}.")
        if items:
            drawn.append(replace(one, items=items))
    return drawn


def _train(
    material: Material, split: Split, repeat: int, options: AttributionOptions, progress: Progress
) -> tuple[Classifier, TrainingRecord, Answers]:
    """Train on a split's training images, and tell its validation images."""
    validation = _take(material.real, split.validation)
    outcome = train_arm(
        Arm("none", "Real images alone"),
        replace(material, test=validation),
        split=split,
        repeat=repeat,
        stage=f"Training classifier {repeat} of {options.repeats}",
        progress=progress,
    )
    right = outcome.probabilities.argmax(axis=1) == validation.labels
    answers: Answers = (validation.items, validation.labels, right)
    record = TrainingRecord(
        repeat=repeat,
        n_train=len(split.train),
        n_validation=len(split.validation),
        best_epoch=outcome.best_epoch,
        balanced_accuracy=score_answers([answers])[0],
        seconds=outcome.seconds,
    )
    return outcome.network, record, answers


def _gather(
    sets: Sequence[ImageSet],
    looks: Mapping[str, Sequence[Look]],
    classes: Sequence[str],
    regions: Sequence[Box],
    seed: int,
) -> tuple[_Maps, tuple[AttributedSet, ...], tuple[ShareRecord, ...]]:
    """Average what all trainings say of each set."""
    maps: _Maps = {}
    described: list[AttributedSet] = []
    shares: list[ShareRecord] = []
    for one in sets:
        files = {}
        for (method, code), mean in average_looks(looks[one.name]).items():
            maps[one.name, method, classes[code]] = mean
            files[method, code] = name_map(one.name, method, code, classes[code])
        described.append(summarise_set(one, looks[one.name], classes, files))
        shares += summarise_shares(one.name, looks[one.name], classes, regions, seed=seed)
    return maps, tuple(described), tuple(shares)


def _take(images: Images, places: NDArray[np.int64]) -> Images:
    return Images(images.pixels[places], images.labels[places], tuple(images.items[at] for at in places))


def _mean(images: Images, side_px: int) -> NDArray[np.float64]:
    """Mean image in grey levels on the frame."""
    mean = images.pixels.mean(axis=0, dtype=np.float64).mean(axis=0)
    return ndimage.zoom(mean, side_px / len(mean), order=1, grid_mode=True, mode="nearest")
