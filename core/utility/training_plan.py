"""Everything of an experiment that is decided before its first training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import core.torch_setup  # noqa: F401  # before anything else of torch

# isort: split
import torch

from core.features.base import Device
from core.features.device import resolve_device
from core.utility.arms import Arm, ExperimentKind, plan_arms
from core.utility.classifiers import hash_weights
from core.utility.data import choose_channels
from core.utility.presets import UtilityProtocol
from core.utility.run_store import compute_run_key, digest_set
from core.utility.sets import UtilitySets
from core.utility.splits import Split, split_patients

__all__ = ["RunPlace", "TrainingPlan", "plan_trainings"]

RunPlace = tuple[str, int]
"""An arm's id and a repeat."""


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """Everything that is decided before the first training.

    Attributes:
        protocol: the user's choices.
        arms: by id, in the order of tables.
        splits: repeat to who is trained on and who validates.
        keys: what each run is kept by, repeat by repeat.
        digests: of each set by its name; `=real` and `=test` are the real sets.
        channels: of the images that classifiers look at.
        weights: what decides the initial weights besides their seed.
        device: where networks run.
    """

    protocol: UtilityProtocol
    arms: Mapping[str, Arm]
    splits: Mapping[int, Split]
    keys: Mapping[RunPlace, str]
    digests: Mapping[str, str]
    channels: int
    weights: str
    device: torch.device


def plan_trainings(
    kind: ExperimentKind, sets: UtilitySets, protocol: UtilityProtocol, *, device: Device
) -> TrainingPlan:
    """Decide on arms, splits, and what each run is kept by.

    Args:
        kind: `augmentation` or `feature-extraction`.
        sets: checked by `prepare_sets`.
        protocol: the user's choices.
        device: where networks run.

    Raises:
        TooFewImagesError: if patients do not suffice for training and validation.
        WeightsError: if a file of initial weights cannot be read.
        InputError: if this machine lacks the device.
        ValueError: if the sets were scanned with another intensity policy than the protocol's.
    """
    if any(one.items[0].intensity != protocol.intensity for one in (sets.real, sets.test, *sets.synthetic)):
        raise ValueError("the images were scanned with another intensity policy than the protocol's")
    where = resolve_device(device)
    channels, weights = choose_channels(sets.real, protocol.channels), hash_weights(protocol)
    arms = {arm.id: arm for arm in plan_arms(kind, protocol, [one.name for one in sets.synthetic])}
    repeats = range(1, protocol.repeats + 1)
    real, test = digest_set(sets.real), digest_set(sets.test)
    synthetic = {one.name: digest_set(one) for one in sets.synthetic}
    return TrainingPlan(
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
