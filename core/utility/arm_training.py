"""Trains one arm in one repeat, and lets it look at the test images once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import numpy as np
import torch
from numpy.typing import NDArray

from core.config import Settings
from core.errors import TooFewImagesError
from core.progress import Progress
from core.utility.arms import Arm
from core.utility.augmentation import Augmentation
from core.utility.classifiers import Classifier, build_classifier
from core.utility.data import Images
from core.utility.pools import Pool, count_labels
from core.utility.presets import UtilityProtocol
from core.utility.run_record import CurvePoint
from core.utility.seeds import Purpose, draw_seed, make_rng
from core.utility.splits import Split, draw_fraction, draw_synthetic
from core.utility.training import TrainingOptions, extract_pooled, predict, train_network

__all__ = ["ArmOutcome", "Material", "train_arm"]


@dataclass(frozen=True, slots=True)
class Material:
    """What all arms of an experiment share.

    Attributes:
        real: decoded real images.
        test: decoded test images.
        synthetic: name to decoded synthetic images.
        classes: names, in the order of probabilities.
        protocol: the user's choices.
        device: where networks run.
        settings: where weights are looked for.
    """

    real: Images
    test: Images
    synthetic: Mapping[str, Images]
    classes: tuple[str, ...]
    protocol: UtilityProtocol
    device: torch.device
    settings: Settings


@dataclass(frozen=True, slots=True)
class ArmOutcome:
    """What a trained arm leaves.

    Attributes:
        probabilities: (n_test, classes) on the test images.
        curve: one point an epoch and phase.
        best_epoch: of the last phase.
        n_real: real images that it was trained on.
        n_synthetic: synthetic images.
        notes: one sentence each.
        seconds: how long it took.
        network: the classifier with the weights of its best epoch, on the device that it was trained on.
    """

    probabilities: NDArray[np.float32]
    curve: tuple[CurvePoint, ...]
    best_epoch: int
    n_real: int
    n_synthetic: int
    notes: tuple[str, ...]
    seconds: float
    network: Classifier


def train_arm(
    arm: Arm, material: Material, *, split: Split, repeat: int, stage: str, progress: Progress
) -> ArmOutcome:
    """Train one arm.

    Splits, initial weights and the order of random numbers are the repeat's, never the arm's, so that arms
    of one repeat are pairs. Synthetic images with the pixels of one of the repeat's validation images are
    left out, since they would choose the epoch that repeats them best.

    Args:
        arm: what to train on.
        material: images and choices.
        split: the repeat's.
        repeat: its number, from 1.
        stage: what progress calls it.
        progress: told of every step; may cancel.

    Raises:
        InputError: if the training diverges.
        TooFewImagesError: if the arm's synthetic set has no image to train on.
        WeightsError: if the initial weights are not to be had.
        CancelledError: if progress says so.
    """
    began = time.monotonic()
    protocol, real = material.protocol, material.real
    notes: list[str] = []
    train, synthetic = _choose_images(arm, material, split, repeat, notes)
    validation = Pool.from_images((real, split.validation))
    parts = [(real, train)] if len(train) else []
    if arm.synthetic is not None:
        parts.append((material.synthetic[arm.synthetic], synthetic))
    labelled = (
        draw_fraction(
            real.items,
            split.train,
            fraction=protocol.feature_fraction,
            seed=protocol.seed,
            repeat=repeat,
        )
        if arm.last_layer
        else np.empty(0, dtype=np.int64)
    )
    per_epoch = _count_steps(split.train if protocol.pace == "steps" else _join(parts), protocol)
    n_steps = protocol.epochs * per_epoch if arm.trained else 0
    last_steps = _count_steps(labelled, protocol)
    progress.start(stage, n_steps + protocol.feature_epochs * last_steps * arm.last_layer, unit="steps")
    network = build_classifier(
        protocol,
        n_channels=real.pixels.shape[1],
        n_classes=len(material.classes),
        seed=draw_seed(Purpose.WEIGHTS, seed=protocol.seed, repeat=repeat),
        settings=material.settings,
    )
    first_head = {name: value.clone() for name, value in network.head.state_dict().items()}
    curve: tuple[CurvePoint, ...] = ()
    best_epoch = 0
    if arm.trained:
        options = _options(protocol, epochs=protocol.epochs, steps=per_epoch, rate=protocol.learning_rate)
        if arm.traditional:
            changes = Augmentation(protocol.flip, protocol.rotation_degrees, protocol.contrast)
            options = replace(options, augmentation=changes)
        trained = train_network(
            network,
            pool=Pool.from_images(*parts),
            validation=validation,
            n_classes=len(material.classes),
            options=options,
            phase="network",
            order=make_rng(Purpose.ORDER, seed=protocol.seed, repeat=repeat),
            changes=make_rng(Purpose.AUGMENTATION, seed=protocol.seed, repeat=repeat),
            device=material.device,
            progress=progress,
        )
        curve, best_epoch = trained.curve, trained.best_epoch
    test = Pool.from_images((material.test, np.arange(len(material.test), dtype=np.int64)))
    if arm.last_layer:
        network.head.load_state_dict(first_head)
        more, best_epoch = _train_last_layer(
            network, material, labelled, validation, last_steps, repeat, progress
        )
        curve += more
    return ArmOutcome(
        probabilities=predict(network, test, device=material.device),
        curve=curve,
        best_epoch=best_epoch,
        n_real=len(np.union1d(train, labelled)),
        n_synthetic=len(synthetic),
        notes=tuple(notes),
        seconds=time.monotonic() - began,
        network=network,
    )


def _choose_images(
    arm: Arm, material: Material, split: Split, repeat: int, notes: list[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of the real and of the synthetic images that the network is trained on."""
    protocol, real = material.protocol, material.real
    none = np.empty(0, dtype=np.int64)
    train = none
    if arm.real > 0 and arm.trained:
        train = draw_fraction(real.items, split.train, fraction=arm.real, seed=protocol.seed, repeat=repeat)
    if arm.synthetic is None:
        return train, none
    images = material.synthetic[arm.synthetic]
    held = {real.items[place].pixel_digest for place in split.validation}
    allowed = np.array([item.pixel_digest not in held for item in images.items])
    if not allowed.all():
        notes.append(
            f"Images of {arm.synthetic!r} with the very pixels of a repeat's validation images are left out "
            "of that repeat."
        )
    n_classes = len(material.classes)
    there = count_labels(images.labels[allowed], n_classes)
    counts = count_labels(real.labels[split.train], n_classes)
    wanted = there if arm.ratio is None else np.rint(arm.ratio * counts).astype(np.int64)
    # The same sentence in every repeat, however its split fell, so that it is told once.
    notes += [
        f"{arm.synthetic!r} has {int((images.labels == label).sum())} images of the class "
        f"{material.classes[label]!r}, fewer than the ratio {arm.ratio:g} asks for; all of them are used."
        for label in np.flatnonzero(there < wanted)
    ]
    drawn = draw_synthetic(
        images.labels,
        allowed=allowed,
        wanted=wanted,
        name=arm.synthetic,
        seed=protocol.seed,
        repeat=repeat,
    )
    if not len(drawn):
        raise TooFewImagesError(
            f"No image of {arm.synthetic!r} is left to train on in repeat {repeat}: the ratio is too small, "
            "or all of them have the pixels of validation images."
        )
    return train, drawn


def _train_last_layer(
    network: Classifier,
    material: Material,
    labelled: NDArray[np.int64],
    validation: Pool,
    steps: int,
    repeat: int,
    progress: Progress,
) -> tuple[tuple[CurvePoint, ...], int]:
    """Train the head on features that are computed once: nothing below it changes, nor do the images."""
    protocol, device = material.protocol, material.device
    pool = Pool.from_images((material.real, labelled))
    trained = train_network(
        network.head,
        pool=Pool.from_features(extract_pooled(network, pool, device=device), pool.labels),
        validation=Pool.from_features(extract_pooled(network, validation, device=device), validation.labels),
        n_classes=len(material.classes),
        options=_options(
            protocol, epochs=protocol.feature_epochs, steps=steps, rate=protocol.feature_learning_rate
        ),
        phase="last layer",
        order=make_rng(Purpose.ORDER, seed=protocol.seed, repeat=repeat, name="last layer"),
        changes=make_rng(Purpose.AUGMENTATION, seed=protocol.seed, repeat=repeat, name="last layer"),
        device=device,
        progress=progress,
    )
    return trained.curve, trained.best_epoch


def _options(protocol: UtilityProtocol, *, epochs: int, steps: int, rate: float) -> TrainingOptions:
    return TrainingOptions(
        epochs=epochs,
        steps=steps,
        batch_size=protocol.batch_size,
        optimiser=protocol.optimiser,
        learning_rate=rate,
        weight_decay=protocol.weight_decay,
        schedule=protocol.schedule,
        class_weights=protocol.class_weights,
    )


def _count_steps(places: NDArray[np.int64], protocol: UtilityProtocol) -> int:
    return -(-len(places) // protocol.batch_size)


def _join(parts: list[tuple[Images, NDArray[np.int64]]]) -> NDArray[np.int64]:
    return np.concatenate([places for _, places in parts]) if parts else np.empty(0, dtype=np.int64)
