"""Copies what stays of a synthetic set into a new folder, bytes for bytes, all of it or nothing."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path, PurePath

from core.audit.items import AuditItem
from core.config import Settings
from core.datasets.item_source import compute_source_digest
from core.errors import ImageReadError, InputError
from core.images.reading import compute_digest, read_bytes
from core.progress import Progress, SilentProgress
from core.review.cleaned import CleanedSet, render_dropped_csv, render_kept_csv

__all__ = ["write_cleaned_folder"]


def write_cleaned_folder(
    cleaned: CleanedSet, folder: Path, *, settings: Settings, progress: Progress | None = None
) -> None:
    """Write the images that stay into a new folder, sub-folders as they were, and two lists beside it.

    Of a volume that is a DICOM series, all files are copied.

    Every file is checked to be the one that was audited. The source is only read, and nothing that is there
    is overwritten: the images appear under the folder's name once all of them are written. Beside it,
    `NAME-kept.csv` and `NAME-dropped.csv` say what stayed, and what went and why.

    Args:
        cleaned: from `core.review.cleaned.clean_set`.
        folder: the new folder; may be there if it is empty.
        settings: limits of reading, and the folders that reading is confined to.
        progress: told of each image.

    Raises:
        InputError: if something is there already, the folder lies within the set, an image is gone or has
            changed since the audit, or the folder cannot be written.
        CancelledError: if progress says so; nothing is left.
    """
    progress = progress or SilentProgress()
    folder = folder.absolute()
    if Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(cleaned.folder)):
        raise InputError(
            "A cleaned set cannot lie within the set that it is made from; choose another folder."
        )
    lists = {
        folder.with_name(f"{folder.name}-kept.csv"): render_kept_csv(cleaned),
        folder.with_name(f"{folder.name}-dropped.csv"): render_dropped_csv(cleaned),
    }
    draft = folder.with_name(f".{folder.name}.draft-{secrets.token_hex(4)}")
    written: list[Path] = []
    try:
        _require_free(folder, *lists)
        draft.mkdir(parents=True)
        try:
            progress.start("Copying images", len(cleaned.kept))
            for item in cleaned.kept:
                _copy(item, cleaned.folder, draft, settings)
                progress.advance()
            for path, text in lists.items():
                with path.open("x", encoding="utf-8", errors="backslashreplace", newline="") as stream:
                    written.append(path)
                    stream.write(text)
            # An empty folder gives way; one that was filled in the meantime refuses.
            draft.rename(folder)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            for path in written:
                path.unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"The folder {folder} cannot be written ({reason}); choose another one.") from error


def _require_free(folder: Path, *files: Path) -> None:
    taken = next((path for path in files if path.exists()), None)
    if taken is None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        taken = folder
    if taken is not None:
        raise InputError(f"{taken} is there already and is not overwritten; choose another folder.")


def _place(draft: Path, name: PurePath) -> Path:
    """Where a file of the set goes; the audit's own list must not lead out of the folder either."""
    if name.is_absolute() or ".." in name.parts:
        raise InputError("The audit's list of images names a file outside of its set; run the audit again.")
    return draft / name


def _copy(item: AuditItem, folder: Path, draft: Path, settings: Settings) -> None:
    """Copy an item's file, or the files of a series, checked together before any is written."""
    targets = {path: _place(draft, path.relative_to(folder)) for path in item.parts or (item.path,)}
    # Named by id, as addresses are: messages of jobs stand in logs, which hold no names of files.
    try:
        files = {
            path: read_bytes(path, max_file_bytes=settings.max_file_bytes, confined_to=settings.confined_to)
            for path in targets
        }
        if compute_source_digest(list(map(compute_digest, files.values()))) != item.digest:
            raise ImageReadError("it has changed since the audit")
    except ImageReadError as error:
        raise InputError(
            f"The image {item.id} cannot be copied: {error}. Nothing was written; run the audit again."
        ) from None
    for path, data in files.items():
        targets[path].parent.mkdir(parents=True, exist_ok=True)
        with targets[path].open("xb") as stream:
            stream.write(data)
