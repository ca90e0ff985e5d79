"""Reads a folder into an image set: every file is hashed and decoded once, and what fails is listed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import PIL

from core.config import Settings, get_settings
from core.confinement import is_confined
from core.datasets.image_set import ImageSet, Item, Role, UnreadableFile
from core.datasets.labels import LabelTable
from core.datasets.listing import list_files
from core.errors import ImageReadError, ImageSetError, StoreError
from core.images.decoded import ImageFacts
from core.images.display import DEFAULT_INTENSITY
from core.images.intensity import Intensity
from core.images.reading import (
    DECODING_VERSION,
    compute_digest,
    compute_pixel_digest,
    decode_image,
    read_bytes,
)
from core.progress import Progress, SilentProgress
from core.shards import ShardFolder
from core.workspace_key import load_workspace_key

__all__ = ["scan_image_set"]

_FACT_COLUMNS = {
    "format": "U16",
    "mode": "U16",
    "width": "i8",
    "height": "i8",
    "channels": "i8",
    "bit_depth": "i8",
    "note": "U120",
    "patient": "U32",
}
_CHUNK = 1024


def scan_image_set(
    folder: Path,
    *,
    role: Role,
    name: str,
    labels: LabelTable | None = None,
    class_names: Sequence[str] = (),
    intensity: Intensity = DEFAULT_INTENSITY,
    workers: int = 2,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> ImageSet:
    """Read a folder and everything below it into an image set.

    Hidden files and folders are passed over with a warning; links are followed. A file's content decides its
    format, not its name. What was decoded before, by any study, is not decoded again: facts are cached by
    byte digest in the workspace.

    Args:
        folder: the set's folder.
        role: what the set is in its study.
        name: the set's name in results and messages.
        labels: labels CSV; without one, the first sub-folder of an image is its class.
        class_names: keep only these classes; empty keeps all.
        intensity: which values are black and white wherever the images' pixels become numbers.
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
    progress.start(f"Reading {name}", len(files))
    packages = f"pillow{PIL.__version__}-numpy{np.__version__}-pydicom{version('pydicom')}"
    limits = f"v{DECODING_VERSION}-{packages}-{settings.max_pixels}"
    cache = ShardFolder(settings.home / "scans" / limits, (*_FACT_COLUMNS, "pixel_digest"))
    items: list[Item] = []
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        stream = iter(files)
        while chunk := list(islice(stream, _CHUNK)):
            for item_id, path, outcome in _read_chunk(chunk, folder, cache, settings, pool, progress):
                if isinstance(outcome, str):
                    unreadable.append(UnreadableFile(item_id, outcome))
                else:
                    digest, pixel_digest, facts = outcome
                    label, patient = _label(folder, item_id, labels)
                    patient = patient or facts.patient or None
                    items.append(Item(item_id, path, digest, pixel_digest, label, patient, facts, intensity))
    warnings = _set_warnings(items, labels)
    if n_hidden:
        names = "1 hidden file or folder was" if n_hidden == 1 else f"{n_hidden} hidden files or folders were"
        warnings.append(f"{names} passed over (names that begin with a dot).")
    if class_names:
        items = _keep_classes(items, class_names, folder, role, name)
    if len(items) < 2:
        raise ImageSetError(_too_few(folder, role, name, len(items), unreadable))
    unreadable.sort(key=lambda bad: bad.id)
    return ImageSet(role, name, folder, tuple(items), tuple(unreadable), tuple(warnings))


def _title(role: Role, name: str) -> str:
    return f"synthetic set {name!r}" if role is Role.SYNTHETIC else f"{role.value} set"


_Outcome = tuple[str, str, ImageFacts] | str


def _read_chunk(
    chunk: list[tuple[str, Path]],
    folder: Path,
    cache: ShardFolder,
    settings: Settings,
    pool: ThreadPoolExecutor,
    progress: Progress,
) -> Iterator[tuple[str, Path, _Outcome]]:
    """Hash a chunk of files, look their facts up, and decode what is new."""
    key = load_workspace_key(settings.home)

    def read(path: Path) -> bytes:
        return read_bytes(path, max_file_bytes=settings.max_file_bytes, confined_to=settings.confined_to)

    def digest_of(path: Path) -> tuple[str | None, str]:
        try:
            return compute_digest(read(path)), ""
        except ImageReadError as error:
            return None, str(error)

    def decode(path: Path, digest: str) -> tuple[str, ImageFacts] | str:
        try:
            data = read(path)
            if compute_digest(data) != digest:
                return "it changed while it was read"
            image = decode_image(data, max_pixels=settings.max_pixels, key=key)
            return compute_pixel_digest(image), image.facts
        except ImageReadError as error:
            return str(error)

    hashed = list(pool.map(digest_of, [path for _, path in chunk]))
    digests = [digest for digest, _ in hashed if digest is not None]
    known: dict[str, tuple[str, ImageFacts]] = {}
    rows = cache.read(digests)
    for row, position in enumerate(rows.positions):
        known[digests[position]] = _facts_from_row(rows.columns, row)
    first_path = {digest: path for (_, path), (digest, _) in zip(chunk, hashed, strict=True) if digest}
    new = [digest for digest in first_path if digest not in known]
    progress.advance(len(chunk) - len(new))
    failed: dict[str, str] = {}
    fresh: dict[str, tuple[str, ImageFacts]] = {}
    for new_digest, outcome in zip(new, pool.map(decode, [first_path[d] for d in new], new), strict=True):
        progress.advance()
        if isinstance(outcome, str):
            failed[new_digest] = outcome
        else:
            fresh[new_digest] = outcome
    _store_facts(cache, fresh)
    known |= fresh
    for (item_id, path), (digest, reason) in zip(chunk, hashed, strict=True):
        if digest is None:
            yield item_id, path, reason
        elif digest in failed:
            yield item_id, path, failed[digest]
        else:
            yield item_id, path, (digest, *known[digest])


def _store_facts(cache: ShardFolder, fresh: dict[str, tuple[str, ImageFacts]]) -> None:
    columns: dict[str, Any] = {
        column: np.array([asdict(facts)[column] for _, facts in fresh.values()], dtype=dtype)
        for column, dtype in _FACT_COLUMNS.items()
    }
    columns["pixel_digest"] = np.array([digest for digest, _ in fresh.values()], dtype="U64")
    # Without a cache the next scan decodes again; that is no reason to end this one.
    with suppress(StoreError):
        cache.write(list(fresh), columns)


def _facts_from_row(columns: Any, row: int) -> tuple[str, ImageFacts]:
    values = {column: columns[column][row].item() for column in _FACT_COLUMNS}
    return columns["pixel_digest"][row].item(), ImageFacts(**values)


def _label(folder: Path, item_id: str, labels: LabelTable | None) -> tuple[str | None, str | None]:
    parts = item_id.split("/")
    from_folder = parts[0] if len(parts) > 1 else None
    if labels is None:
        return from_folder, None
    row = labels.find(folder, item_id)
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
