"""Folders that the dashboard may open: a root's name and a path below it, never a free path."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, field_validator

from core.config import DataRoot, Settings
from core.confinement import resolve_below
from core.errors import InputError, UnknownNameError

__all__ = [
    "FolderRef",
    "describe_folder",
    "find_root",
    "is_storable",
    "resolve_file",
    "resolve_folder",
]


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
        if "\0" in path or not is_storable(path):
            raise ValueError(f"{path!r} holds characters that cannot be stored; rename the folder.")
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise ValueError(f"{path!r} holds '..'; name it by a path that only leads downwards.")
        return "/".join(parts)

    def __str__(self) -> str:
        return repr(f"{self.root}/{self.path}" if self.path else self.root)

    def child(self, name: str) -> FolderRef:
        """Name what lies directly inside."""
        return FolderRef(root=self.root, path=f"{self.path}/{name}" if self.path else name)

    @property
    def parent(self) -> FolderRef:
        """The folder that it lies in; a root's is itself."""
        return FolderRef(root=self.root, path=self.path.rpartition("/")[0])


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
        raise InputError(f"{ref} is not a folder; choose the folder that holds the images.")
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
        raise InputError(f"{ref} is not a regular file; choose a CSV.")
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
    if not is_storable(relative):
        raise InputError(f"{str(path)!r} cannot be stored, since its name is not UTF-8; rename it.")
    return FolderRef(root=name, path=relative)


def find_root(ref: FolderRef, settings: Settings) -> Path:
    """Find the real path of a folder's root, whether it is there or not.

    Raises:
        UnknownNameError: if the settings know no such root.
    """
    return Path(os.path.realpath(_find_root(ref, settings).path))


def is_storable(name: str) -> bool:
    """Tell whether a name is UTF-8; databases and addresses hold no other."""
    return name.isascii() or not re.search("[\ud800-\udfff]", name)


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
