"""Finds images by their bare names in a folder and its sub-folders, such as NIH's images_001/images."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from core.datasets.image_set import UnreadableFile
from core.datasets.listing import list_files
from core.errors import InputError

__all__ = ["FoundImages", "find_by_name", "locate"]


@dataclass(frozen=True, slots=True)
class FoundImages:
    """Where images lie.

    Attributes:
        folder: absolute path of the folder searched.
        paths: name and path of each that was found.
        repeated: names that several files bear; the first in the order of paths counts.
        closed: folders and links that were not followed, with reasons.
    """

    folder: Path
    paths: dict[str, Path]
    repeated: tuple[str, ...]
    closed: tuple[UnreadableFile, ...]


def locate(path: Path) -> Path:
    """Return the absolute path, links left as they are, `..` taken away by name."""
    return Path(os.path.abspath(path))  # noqa: PTH100  Path.absolute keeps '..'


def find_by_name(folder: Path, names: Collection[str]) -> FoundImages:
    """Look for files by name, once through the folder; links that lead out of it are not followed.

    Args:
        folder: where to look, with everything below.
        names: bare file names.

    Raises:
        InputError: if the folder is not there.
    """
    folder = locate(folder)
    if not os.path.isdir(folder):  # noqa: PTH112  Path.is_dir raises where this answers no
        raise InputError(f"The folder of the images is not there: {folder}.")
    files, closed, _ = list_files(folder, confined_to=(folder,))
    wanted = set(names)
    paths: dict[str, Path] = {}
    repeated: set[str] = set()
    for item_id, path in files:
        name = posixpath.basename(item_id)
        if name in wanted and paths.setdefault(name, path) is not path:
            repeated.add(name)
    return FoundImages(folder, paths, tuple(sorted(repeated)), tuple(closed))
