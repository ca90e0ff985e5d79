"""Cropped twins of a study's sets on disk, kept while crop and images stay the same."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from core.bias.crop import Crop
from core.bias.cropping import refuse_volumes, write_cropped_set
from core.config import Settings
from core.datasets.image_set import ImageSet, Role
from core.datasets.study import Study, SyntheticSource
from core.errors import InputError
from core.images.display import DEFAULT_INTENSITY, describe_intensity
from core.progress import Progress

__all__ = ["write_cropped_study"]

# Raised whenever the same crop of the same images would be written otherwise.
_VERSION = 1
_LABELS = "labels.csv"


def write_cropped_study(
    study: Study,
    sets: Sequence[ImageSet],
    crop: Crop,
    folder: Path,
    *,
    settings: Settings,
    progress: Progress,
) -> Study:
    """Crop every set of a study into a folder; sets that are there already, of the same images, stay.

    Args:
        study: the study.
        sets: its sets as they were read.
        crop: what is taken out.
        folder: holds one folder a set, a stamp beside each, and a labels CSV where the study has one.
        settings: limits of reading, and the folders that reading is confined to.
        progress: told of every image that is written.

    Returns:
        The study of the cropped sets.

    Raises:
        InputError: if the folder cannot be written, or holds something else.
        ImageSetError: if a set holds volumes, an image changed since it was read, or the crop leaves nothing
            of one.
        CancelledError: if progress says so; sets that were finished stay.
    """
    for image_set in sets:
        refuse_volumes(image_set)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for image_set in sets:
            _write_set(image_set, crop, folder / image_set.name, settings=settings, progress=progress)
        labels = None if study.labels is None else _write_labels(sets, folder)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"The folder {folder} cannot be written ({reason}); choose another one.") from error
    places = {image_set.name: folder / image_set.name for image_set in sets}
    heldout = next((one.name for one in sets if one.role is Role.HELDOUT), None)
    return Study(
        real=places[sets[0].name],
        heldout=None if heldout is None else places[heldout],
        labels=labels,
        synthetic=tuple(SyntheticSource(name=one.name, folder=places[one.name]) for one in study.synthetic),
    )


def _write_set(
    image_set: ImageSet, crop: Crop, folder: Path, *, settings: Settings, progress: Progress
) -> None:
    """Write a set unless it is there; its stamp goes first, and the folder then appears whole or not."""
    stamp = folder.with_name(f".{folder.name}.json")
    # Runs from before there was a choice of policy stay known.
    policy = image_set.items[0].intensity
    shown = {} if policy == DEFAULT_INTENSITY else {"intensity": describe_intensity(policy)}
    wanted = json.dumps(
        shown
        | {
            "version": _VERSION,
            "crop": asdict(crop),
            "items": hashlib.sha256(
                "\n".join(f"{item.id}\0{item.digest}" for item in image_set.items).encode(
                    "utf-8", "backslashreplace"
                )
            ).hexdigest(),
        },
        sort_keys=True,
    )
    if stamp.exists():
        if stamp.read_text(encoding="utf-8") == wanted and folder.exists():
            return
        shutil.rmtree(folder, ignore_errors=True)
    elif folder.exists():
        raise InputError(f"{folder} is there already and is not overwritten; choose another folder.")
    stamp.write_text(wanted, encoding="utf-8")
    write_cropped_set(image_set, crop, folder, settings=settings, progress=progress)


def _write_labels(sets: Sequence[ImageSet], folder: Path) -> Path:
    """Write classes and patients of all cropped images; absolute paths cannot be mistaken."""
    path = folder / _LABELS
    draft = folder / f".{_LABELS}.draft"
    groups = list(dict.fromkeys(name for one in sets for item in one.items for name, _ in item.groups))
    with draft.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "label", "patient", *groups])
        for image_set in sets:
            root = Path(os.path.normpath((folder / image_set.name).absolute()))
            for item in image_set.items:
                values = dict(item.groups)
                writer.writerow(
                    [
                        f"{root.as_posix()}/{item.id}",
                        item.label or "",
                        item.patient or "",
                        *(values.get(name, "") for name in groups),
                    ]
                )
    draft.replace(path)
    return path
