"""Folders that the dashboard may open: a root's name and a path below it, never a free path."""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, field_validator

from core.config import DEMO_ROOT, DataRoot, Settings
from core.confinement import is_confined, resolve_below
from core.errors import InputError, UnknownNameError

__all__ = [
    "FolderListing",
    "FolderRef",
    "Subfolder",
    "describe_folder",
    "find_empty_roots",
    "list_label_files",
    "list_subfolders",
    "resolve_file",
    "resolve_folder",
]

_MOST_LABEL_FILES = 50


class FolderRef(BaseModel):
    """A folder, or a labels file, by the root that it lies below.

    Attributes:
        root: name of a folder root in the settings.
        path: path below the root, with `/`; empty for the root itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    root: str
    path: str = ""

    @field_validator("path")
    @classmethod
    def _normalise(cls, path: str) -> str:
        if path.startswith("/"):
            raise ValueError(f"{path!r} is an absolute path; name it relative to its folder root.")
        if "\0" in path or not _is_utf8(path):
            raise ValueError(f"{path!r} holds characters that cannot be stored; rename the folder.")
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise ValueError(f"{path!r} holds '..'; name it by a path that only leads downwards.")
        return "/".join(parts)

    def child(self, name: str) -> FolderRef:
        """Name what lies directly inside."""
        return FolderRef(root=self.root, path=f"{self.path}/{name}" if self.path else name)

    @property
    def parent(self) -> FolderRef:
        """The folder that it lies in; a root's is itself."""
        return FolderRef(root=self.root, path=self.path.rpartition("/")[0])


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


def resolve_folder(ref: FolderRef, settings: Settings) -> Path:
    """Find a folder on this machine, checked to lie below its root.

    Returns:
        Its real path.

    Raises:
        UnknownNameError: if the settings know no such root.
        OutsideRootError: if it leads out of its root.
        InputError: if the root or the folder is not there, or is no folder.
    """
    path = _resolve(ref, settings)
    if not path.is_dir():
        raise InputError(f"{_name(ref)} is not a folder; choose the folder that holds the images.")
    return path


def resolve_file(ref: FolderRef, settings: Settings) -> Path:
    """Find a labels file on this machine, checked to lie below its root.

    Returns:
        Its real path; it is still to be opened by `core.confinement.open_confined`.

    Raises:
        UnknownNameError: if the settings know no such root.
        OutsideRootError: if it leads out of its root.
        InputError: if the root or the file is not there, or is no regular file.
    """
    path = _resolve(ref, settings)
    if not path.is_file():
        raise InputError(f"{_name(ref)} is not a regular file; choose a CSV.")
    return path


def describe_folder(path: Path, settings: Settings) -> FolderRef:
    """Describe a folder or file of the command line by the innermost root that it lies below.

    Raises:
        InputError: if it is not there, lies below none of the roots, or its name is not UTF-8.
    """
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):  # pathlib tells links in a circle by a RuntimeError
        raise InputError(f"{str(path)!r} is not there, or a link that leads nowhere.") from None
    roots = {root.name: Path(os.path.realpath(root.path)) for root in settings.data_roots}
    holding = [name for name, root in roots.items() if real.is_relative_to(root)]
    if not holding:
        raise InputError(
            f"{str(path)!r} lies below none of the folder roots ({', '.join(roots) or 'none'}); add a folder "
            "that holds it to MEDSYN_DATA_ROOTS."
        )
    name = max(holding, key=lambda name: len(roots[name].parts))
    relative = real.relative_to(roots[name]).as_posix()
    if not _is_utf8(relative):
        raise InputError(f"{str(path)!r} cannot be stored, since its name is not UTF-8; rename it.")
    return FolderRef(root=name, path=relative)


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
    root = _real_root(ref, settings)
    listed = tuple(_look_at(folder, name, root) for name in names[:limit])
    return FolderListing(ref, listed, len(names), n_files)


def find_empty_roots(settings: Settings) -> tuple[Path, ...]:
    """Find the roots, but for the demo's, that are not there, hold nothing, or may not be opened."""

    def is_empty(path: Path) -> bool:
        try:
            with os.scandir(path) as entries:
                return next(entries, None) is None
        except OSError:
            return True

    return tuple(root.path for root in settings.data_roots if root.name != DEMO_ROOT and is_empty(root.path))


def list_label_files(ref: FolderRef, settings: Settings) -> tuple[str, ...]:
    """List the CSV files directly inside a folder, at most 50, as paths below the folder's root.

    Raises:
        InputError: as for `list_subfolders`.
    """
    folder, entries = _scan(ref, settings)
    root = _real_root(ref, settings)
    names = [
        entry.name
        for entry in entries
        if entry.name.lower().endswith(".csv")
        and _is_utf8(entry.name)
        and is_confined(folder / entry.name, (root,))
        and os.path.isfile(entry.path)  # noqa: PTH113  Path.is_file raises where this answers no
    ]
    names.sort(key=_natural_order)
    return tuple(ref.child(name).path for name in names[:_MOST_LABEL_FILES])


def _find_root(ref: FolderRef, settings: Settings) -> DataRoot:
    known = {root.name: root for root in settings.data_roots}
    if ref.root not in known:
        raise UnknownNameError(
            f"There is no folder root {ref.root!r}; known are: {', '.join(known) or 'none'}. "
            "MEDSYN_DATA_ROOTS names them."
        )
    return known[ref.root]


def _resolve(ref: FolderRef, settings: Settings) -> Path:
    root = _find_root(ref, settings)
    if not os.path.isdir(root.path):  # noqa: PTH112  Path.is_dir raises where this answers no
        raise InputError(
            f"The folder root {root.name!r} is not there: {root.path}; make the folder, or name another one "
            "in MEDSYN_DATA_ROOTS."
        )
    return resolve_below(root.path, ref.path)


def _name(ref: FolderRef) -> str:
    return repr(f"{ref.root}/{ref.path}" if ref.path else ref.root)


def _real_root(ref: FolderRef, settings: Settings) -> Path:
    return Path(os.path.realpath(_find_root(ref, settings).path))


def _scan(ref: FolderRef, settings: Settings) -> tuple[Path, list[os.DirEntry[str]]]:
    """The folder, and its entries that are not hidden, as it tells them itself: no entry is looked at."""
    folder = resolve_folder(ref, settings)
    try:
        with os.scandir(folder) as entries:
            visible = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise InputError(f"The folder {_name(ref)} cannot be opened ({error.strerror}).") from None
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
    if not _is_utf8(name):
        shown = os.fsencode(name).decode("utf-8", "backslashreplace")
        return Subfolder(shown, "its name is not UTF-8, so it cannot be stored; rename it")
    if not is_confined(path, (root,)):
        return Subfolder(name, "it is a link that leads out of its folder root")
    if not os.access(path, os.R_OK | os.X_OK):
        return Subfolder(name, "its permissions do not allow opening it")
    return Subfolder(name)


def _is_utf8(name: str) -> bool:
    return name.isascii() or not re.search("[\ud800-\udfff]", name)


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _natural_order(name: str) -> tuple[list[int | str], str]:
    """Numbers in names by their value, so that 10 comes after 9; case decides last."""
    parts = re.split("([0-9]+)", _fold(name))
    return [int(part) if part.isdecimal() and part.isascii() else part for part in parts], name
