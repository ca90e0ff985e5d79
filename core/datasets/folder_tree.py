"""What a folder tree shows: the folders in a folder below a root, and the labels files there."""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from core.config import BUILT_IN_ROOTS, Settings
from core.confinement import is_confined
from core.datasets.folder_roots import FolderRef, find_root, is_storable, resolve_folder
from core.errors import InputError

__all__ = ["FolderListing", "Subfolder", "find_empty_roots", "list_label_files", "list_subfolders"]

_MOST_LABEL_FILES = 50


@dataclass(frozen=True, slots=True)
class Subfolder:
    """One entry of a folder tree.

    Attributes:
        name: its name; bytes that are not UTF-8 are written out as numbers.
        reason: why it cannot be picked; empty where it can.
    """

    name: str
    reason: str = ""

    @property
    def pickable(self) -> bool:
        """Whether `FolderRef.child(name)` names it and it may be opened."""
        return not self.reason


@dataclass(frozen=True, slots=True)
class FolderListing:
    """What a folder tree shows of one folder.

    Attributes:
        ref: the folder.
        subfolders: folders directly inside that were asked for, in natural order; hidden ones are left out.
        n_subfolders: how many were asked for, with those beyond the limit.
        n_files: files directly inside, hidden ones left out.
    """

    ref: FolderRef
    subfolders: tuple[Subfolder, ...]
    n_subfolders: int
    n_files: int

    @property
    def truncated(self) -> bool:
        """Whether there are more than are listed."""
        return self.n_subfolders > len(self.subfolders)


def list_subfolders(
    ref: FolderRef, settings: Settings, *, limit: int = 500, containing: str = ""
) -> FolderListing:
    """List the folders directly inside a folder, for a folder tree.

    Args:
        ref: the folder.
        settings: the roots.
        limit: folders listed at most; only these are looked at more closely than by name.
        containing: keep only names that hold this, whatever its case and however its accents are encoded.

    Raises:
        InputError: as for `resolve_folder`, or if permissions do not allow listing the folder.
    """
    folder, entries = _scan(ref, settings)
    wanted = _fold(containing)
    names: list[str] = []
    n_files = 0
    for entry in entries:
        if not _is_folder(entry):
            n_files += 1
        elif wanted in _fold(entry.name):
            names.append(entry.name)
    names.sort(key=_natural_order)
    root = find_root(ref, settings)
    listed = tuple(_look_at(folder, name, root) for name in names[:limit])
    return FolderListing(ref, listed, len(names), n_files)


def find_empty_roots(settings: Settings) -> tuple[Path, ...]:
    """Find the roots that users name and that are not there, hold nothing, or may not be opened."""

    def is_empty(path: Path) -> bool:
        try:
            with os.scandir(path) as entries:
                return next(entries, None) is None
        except OSError:
            return True

    named = [root.path for root in settings.data_roots if root.name not in BUILT_IN_ROOTS]
    return tuple(path for path in named if is_empty(path))


def list_label_files(ref: FolderRef, settings: Settings) -> tuple[str, ...]:
    """List the CSV files directly inside a folder, at most 50, as paths below the folder's root.

    Raises:
        InputError: as for `list_subfolders`.
    """
    folder, entries = _scan(ref, settings)
    root = find_root(ref, settings)
    names = [
        entry.name
        for entry in entries
        if entry.name.lower().endswith(".csv")
        and is_storable(entry.name)
        and is_confined(folder / entry.name, (root,))
        and os.path.isfile(entry.path)  # noqa: PTH113  Path.is_file raises where this answers no
    ]
    names.sort(key=_natural_order)
    return tuple(ref.child(name).path for name in names[:_MOST_LABEL_FILES])


def _scan(ref: FolderRef, settings: Settings) -> tuple[Path, list[os.DirEntry[str]]]:
    """The folder, and its entries that are not hidden, as it tells them itself: no entry is looked at."""
    folder = resolve_folder(ref, settings)
    try:
        with os.scandir(folder) as entries:
            visible = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise InputError(f"The folder {ref} cannot be opened ({error.strerror}).") from None
    # Once more, since it may have become a link out of the root before it was read.
    resolve_folder(ref, settings)
    return folder, visible


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle, or into a closed folder
        return False


def _look_at(folder: Path, name: str, root: Path) -> Subfolder:
    path = folder / name
    if not is_storable(name):
        shown = os.fsencode(name).decode("utf-8", "backslashreplace")
        return Subfolder(shown, "its name is not UTF-8, so it cannot be stored; rename it")
    if not is_confined(path, (root,)):
        return Subfolder(name, "it is a link that leads out of its folder root")
    if not os.access(path, os.R_OK | os.X_OK):
        return Subfolder(name, "its permissions do not allow opening it")
    return Subfolder(name)


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _natural_order(name: str) -> tuple[list[int | str], str]:
    """Numbers in names by their value, so that 10 comes after 9; case decides last."""
    parts = re.split("([0-9]+)", _fold(name))
    return [int(part) if part.isdecimal() and part.isascii() else part for part in parts], name
