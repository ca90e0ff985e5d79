"""A split collection on disk: a folder a part, a sub-folder a class, and one list of labels for all."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from core.csv_text import render_csv
from core.output_folder import replace_text
from core.recipes.image_names import locate
from core.recipes.placing import Placement, PlacingMode

__all__ = ["LABELS_FILE", "SplitImage", "list_placements", "write_labels"]

LABELS_FILE: Final = "labels.csv"
# What a folder's name cannot hold on one system or another.
_UNFIT: Final = re.compile(r'[\\/:*?"<>|\x00-\x1f]')


@dataclass(frozen=True, slots=True)
class SplitImage:
    """One image of a split collection.

    Attributes:
        name: its path below its class's folder, with `/`; unique in its class.
        source: absolute path of its file.
        part: the part's name.
        label: its class, or None.
        patient: its patient's id, or None.
        details: further columns of the list of labels.
    """

    name: str
    source: Path
    part: str
    label: str | None
    patient: str | None
    details: tuple[tuple[str, str], ...] = ()


def list_placements(images: Sequence[SplitImage]) -> list[Placement]:
    """Say where each image goes: `part/class/name`, or `part/name` without classes."""
    folders = _name_folders({image.label for image in images if image.label is not None})
    return [
        Placement(
            image.source,
            "/".join((image.part, *(() if image.label is None else (folders[image.label],)), image.name)),
        )
        for image in images
    ]


def write_labels(
    images: Sequence[SplitImage],
    folder: Path,
    *,
    mode: PlacingMode,
    columns: Sequence[str],
    show_patient: Callable[[str], str],
) -> None:
    """Write `labels.csv`, as `--labels` takes it: file, label, patient, the further columns, part.

    Files are named relative to the folder; those that were left where they are, too.

    Args:
        images: what was placed.
        folder: the output folder.
        mode: how.
        columns: the further columns.
        show_patient: what stands for a patient's id.

    Raises:
        OSError: if it cannot be written.
    """
    # By name, as the reader of labels goes.
    base = locate(folder)
    files = (
        [Path(os.path.relpath(image.source, base)).as_posix() for image in images]
        if mode is PlacingMode.MANIFEST
        else [one.target for one in list_placements(images)]
    )
    table: dict[str, list[str]] = {"file": files}
    if any(image.label is not None for image in images):
        table["label"] = [image.label or "" for image in images]
    if any(image.patient is not None for image in images):
        table["patient"] = ["" if image.patient is None else show_patient(image.patient) for image in images]
    details = [dict(image.details) for image in images]
    table |= {column: [cells.get(column, "") for cells in details] for column in columns}
    table["part"] = [image.part for image in images]
    replace_text(folder / LABELS_FILE, render_csv(pd.DataFrame(table, dtype=str), paths=("file",)))


def _name_folders(labels: set[str]) -> dict[str, str]:
    """A folder for each class, named as it where a folder can be."""
    names: dict[str, str] = {}
    for label in sorted(labels):
        name = _UNFIT.sub("_", label).strip(" .")[:100] or "_"
        taken = {other.casefold() for other in names.values()}
        number, unique = 2, name
        while unique.casefold() in taken:
            number, unique = number + 1, f"{name}_{number}"
        names[label] = unique
    return names
