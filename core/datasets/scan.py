"""Reads a folder into an image set: every file is hashed and decoded once, and what fails is listed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from core.config import Settings, get_settings
from core.confinement import is_confined
from core.datasets.entries import Entry, join_series, list_single
from core.datasets.entry_reading import ReadItem, read_entries
from core.datasets.image_set import ImageSet, Item, Role, UnreadableFile
from core.datasets.labels import LabelTable
from core.datasets.listing import list_files
from core.errors import ImageSetError
from core.images.display import DEFAULT_INTENSITY
from core.images.intensity import Intensity
from core.progress import Progress, SilentProgress

__all__ = ["scan_image_set"]


def scan_image_set(
    folder: Path,
    *,
    role: Role,
    name: str,
    labels: LabelTable | None = None,
    class_names: Sequence[str] = (),
    intensity: Intensity = DEFAULT_INTENSITY,
    join_slices: bool = False,
    workers: int = 2,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> ImageSet:
    """Read a folder and everything below it into an image set.

    Hidden files and folders are passed over with a warning; links are followed. A file's content decides its
    format, not its name. What was decoded before, by any study, is not decoded again: facts are cached by
    byte digest in the workspace. A set holds pictures or volumes; where a folder has both, what there are
    fewer of is left out.

    Args:
        folder: the set's folder.
        role: what the set is in its study.
        name: the set's name in results and messages.
        labels: labels CSV; without one, the first sub-folder of an image is its class.
        class_names: keep only these classes; empty keeps all.
        intensity: which values are black and white wherever the images' pixels become numbers.
        join_slices: whether the DICOM slices of one series are one volume, not a picture each.
        workers: decoding threads.
        settings: limits and workspace; the process's own by default.
        progress: told about every file.

    Returns:
        The set, ordered by item id, with unreadable files and warnings.

    Raises:
        ImageSetError: if the folder is not there or outside the folder roots, a class name is not among its
            classes, or fewer than two readable images remain.
        CancelledError: if progress says so.
    """
    settings = settings or get_settings()
    progress = progress or SilentProgress()
    if not os.path.isdir(folder):  # noqa: PTH112  Path.is_dir raises where this answers no
        raise ImageSetError(f"The folder of the {_title(role, name)} is not there: {folder}.")
    if not is_confined(folder, settings.confined_to):
        raise ImageSetError(
            f"The folder of the {_title(role, name)} lies outside the folder roots: {folder}; choose one "
            "below them, or add it to MEDSYN_DATA_ROOTS."
        )
    files, unreadable, n_hidden = list_files(folder, confined_to=settings.confined_to)
    entries, doubles = (
        join_series(files, settings=settings, progress=progress) if join_slices else (list_single(files), [])
    )
    unreadable += [UnreadableFile(item_id, reason) for item_id, reason in doubles]
    progress.start(f"Reading {name}", len(entries))
    items: list[Item] = []
    values: dict[str, tuple[float, float]] = {}
    for entry, outcome in read_entries(entries, workers=workers, settings=settings, progress=progress):
        if isinstance(outcome, str):
            unreadable.append(UnreadableFile(entry.id, outcome))
        else:
            items.append(_make_item(entry, outcome, folder, labels, intensity))
            if outcome.values is not None:
                values[entry.id] = outcome.values
    items, others = _keep_kind(items)
    unreadable += others
    warnings = _set_warnings(items, labels)
    if n_hidden:
        names = "1 hidden file or folder was" if n_hidden == 1 else f"{n_hidden} hidden files or folders were"
        warnings.append(f"{names} passed over (names that begin with a dot).")
    if class_names:
        items = _keep_classes(items, class_names, folder, role, name)
    if len(items) < 2:
        raise ImageSetError(_too_few(folder, role, name, len(items), unreadable))
    unreadable.sort(key=lambda bad: bad.id)
    found = [values[item.id] for item in items if item.id in values]
    typical = (median(low for low, _ in found), median(high for _, high in found)) if found else None
    return ImageSet(role, name, folder, tuple(items), tuple(unreadable), tuple(warnings), typical)


def _title(role: Role, name: str) -> str:
    return f"synthetic set {name!r}" if role is Role.SYNTHETIC else f"{role.value} set"


def _make_item(
    entry: Entry,
    found: ReadItem,
    folder: Path,
    labels: LabelTable | None,
    intensity: Intensity,
) -> Item:
    parts = entry.paths if len(entry.paths) > 1 else ()
    label, patient = _label(folder, entry.id, parts, labels)
    return Item(
        entry.id,
        entry.paths[0],
        found.digest,
        found.pixel_digest,
        label,
        patient or found.facts.patient or None,
        found.facts,
        intensity,
        parts=parts,
    )


def _keep_kind(items: list[Item]) -> tuple[list[Item], list[UnreadableFile]]:
    """Keep pictures or volumes, whichever there are more of."""
    n_volumes = sum(item.facts.is_volume for item in items)
    keeps_volumes = n_volumes > len(items) - n_volumes
    reason = (
        "it is one picture in a set of volumes" if keeps_volumes else "it is a volume in a set of pictures"
    )
    kept = [item for item in items if item.facts.is_volume == keeps_volumes]
    return kept, [UnreadableFile(item.id, reason) for item in items if item.facts.is_volume != keeps_volumes]


def _label(
    folder: Path, item_id: str, parts: Sequence[Path], labels: LabelTable | None
) -> tuple[str | None, str | None]:
    first, parted, _ = item_id.partition("/")
    from_folder = first if parted else None
    if labels is None:
        return from_folder, None
    row = labels.find(folder, item_id, parts)
    if not labels.has_labels:
        return from_folder, row.patient if row else None
    return (row.label, row.patient) if row else (None, None)


def _set_warnings(items: list[Item], labels: LabelTable | None) -> list[str]:
    warnings = []
    unlabelled = sum(item.label is None for item in items)
    if 0 < unlabelled < len(items):
        source = labels.source if labels and labels.has_labels else "its sub-folders"
        warnings.append(f"{unlabelled} of {len(items)} images have no class in {source}.")
    elif unlabelled and labels and labels.has_labels:
        warnings.append(f"None of its {len(items)} images is named in {labels.source}.")
    notes = Counter(item.facts.note for item in items if item.facts.note)
    warnings += [
        f"{count} image{'' if count == 1 else 's'}: {note}." for note, count in sorted(notes.items())
    ]
    return warnings


def _keep_classes(
    items: list[Item], class_names: Sequence[str], folder: Path, role: Role, name: str
) -> list[Item]:
    there = sorted({item.label for item in items if item.label is not None})
    absent = [class_name for class_name in class_names if class_name not in there]
    if absent:
        raise ImageSetError(
            f"The {_title(role, name)} ({folder}) has no class {', '.join(map(repr, absent))}; "
            f"its classes are: {', '.join(there) or 'none'}."
        )
    return [item for item in items if item.label in class_names]


def _too_few(folder: Path, role: Role, name: str, n: int, unreadable: list[UnreadableFile]) -> str:
    message = (
        f"The {_title(role, name)} ({folder}) has {n} readable image{'' if n == 1 else 's'}; two are needed."
    )
    if unreadable:
        first = unreadable[0]
        message += f" {len(unreadable)} files were left out; the first is {first.id}: {first.reason}."
    return message
