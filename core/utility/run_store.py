"""Finished runs on disk: one JSON and one array of probabilities each, by a hash of all that decides them."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from core.datasets.image_set import ImageSet
from core.errors import InputError
from core.images.display import DEFAULT_INTENSITY, describe_intensity
from core.utility.arms import Arm
from core.utility.presets import UtilityProtocol
from core.utility.run_record import RunRecord

__all__ = ["compute_run_key", "digest_set", "read_run", "write_run"]

# Raised whenever the same choices on the same images would train to other answers.
_VERSION = 1
# What decides which arms there are, and not what one of them finds; weights are told by their hash.
# What the images are, their digests say, and the policy is told only where it is not the default, so that
# runs from before there was a choice are found.
_NOT_DECIDING = {
    "ratios",
    "repeats",
    "label_fractions",
    "train_on_synthetic",
    "weights_file",
    "group_by",
    "intensity",
    "join_slices",
}


def digest_set(image_set: ImageSet) -> str:
    """SHA-256 of a set's items, labels and patients, wherever its folder lies."""
    digest = hashlib.sha256(image_set.digest.encode())
    for item in image_set.items:
        digest.update(f"{item.patient or ''}\n".encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def compute_run_key(
    arm: Arm,
    *,
    repeat: int,
    protocol: UtilityProtocol,
    real: str,
    test: str,
    synthetic: str | None,
    weights: str,
    channels: int,
    device: str,
) -> str:
    """Hash everything that decides an arm's answers in one repeat.

    Args:
        arm: its names and baselines do not count.
        repeat: its number.
        protocol: the user's choices.
        real: digest of the real set.
        test: of the test set.
        synthetic: of the arm's synthetic set, where it has one.
        weights: what decides the initial weights besides their seed.
        channels: of the images.
        device: kind of device; others round differently.
    """
    content: dict[str, Any] = {
        "version": _VERSION,
        "arm": [arm.real, arm.ratio, arm.traditional, arm.last_layer, arm.trained],
        "repeat": repeat,
        "protocol": protocol.model_dump(mode="json", exclude=_NOT_DECIDING),
        # The draw goes by the set's name.
        "sets": [real, test, arm.synthetic, synthetic],
        "weights": weights,
        "channels": channels,
        "device": device,
    }
    if protocol.intensity != DEFAULT_INTENSITY:
        content["intensity"] = describe_intensity(protocol.intensity)
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


def read_run(
    folder: Path, key: str, *, shape: tuple[int, int]
) -> tuple[RunRecord, NDArray[np.float32]] | None:
    """Read a finished run; None where there is none, or it is damaged and has to be trained again."""
    try:
        record = RunRecord.model_validate_json((folder / f"{key}.json").read_bytes())
        with np.load(folder / f"{key}.npz", allow_pickle=False) as content:
            probabilities: NDArray[np.float32] = content["probabilities"]
    except (OSError, ValidationError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    whole = probabilities.shape == shape and probabilities.dtype == np.float32 and record.key == key
    return (record, probabilities) if whole and np.isfinite(probabilities).all() else None


def write_run(folder: Path, record: RunRecord, probabilities: NDArray[np.float32]) -> None:
    """Keep a finished run; its JSON appears last, so that a run with one is whole.

    Raises:
        InputError: if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{record.key}.{os.getpid()}.draft"
        with draft.open("wb") as file:
            np.savez(file, probabilities=probabilities)
        draft.replace(folder / f"{record.key}.npz")
        draft.write_text(
            record.model_dump_json(exclude={"scores", "group_scores"}, indent=1) + "\n", encoding="utf-8"
        )
        draft.replace(folder / f"{record.key}.json")
    except OSError as error:
        raise InputError(
            f"The output folder {folder} cannot be written ({error.strerror or type(error).__name__}); "
            "choose another --output."
        ) from error
