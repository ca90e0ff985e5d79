"""Finds the files of a study's sets that items of a table from elsewhere name."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.config import Settings
from core.datasets.listing import list_files
from core.datasets.study_folders import StudyFolders, confine_to_roots
from core.errors import ImageReadError
from core.images.reading import compute_digest, read_bytes
from core.rating.design import RealSource

__all__ = ["ItemFile", "ItemKey", "find_item_files"]

ItemKey = tuple[bool, str, str]
"""An image of a table: whether it is fake, its synthetic set (empty without one), what the table calls it."""


@dataclass(frozen=True, slots=True)
class ItemFile:
    """A file that an item names.

    Attributes:
        item: path below its set's folder.
        digest: SHA-256 of its bytes.
    """

    item: str
    digest: str


def find_item_files(
    folders: StudyFolders, settings: Settings, items: Sequence[ItemKey]
) -> tuple[RealSource, dict[ItemKey, ItemFile]]:
    """Find the files that items name, each in its own set.

    An item names a file by its path below the set's folder, by its file name, or by either without the
    ending, where only one file of the set is called so. Digits alone name no file, since tables number their
    images.

    Args:
        folders: the study; only files below the folder roots are opened.
        settings: roots and limits.
        items: fake ones by the study's names of sets; real ones are looked for in the held-out set and in
            the train set, and taken from the one that holds more of them.

    Returns:
        Where the real images were found, and the files; items without a file are left out.

    Raises:
        InputError: if a folder cannot be opened.
    """
    study, confined = folders.resolve(settings), confine_to_roots(settings)
    files: dict[ItemKey, ItemFile] = {}
    for one in study.synthetic:
        files |= _match(one.folder, [key for key in items if key[0] and key[1] == one.name], confined)
    reals = [key for key in items if not key[0]]
    source, found = RealSource.TRAIN, _match(study.real, reals, confined)
    if study.heldout is not None:
        heldout = _match(study.heldout, reals, confined)
        if len(heldout) >= len(found):
            source, found = RealSource.HELDOUT, heldout
    return source, files | found


def _match(folder: Path, items: Sequence[ItemKey], settings: Settings) -> dict[ItemKey, ItemFile]:
    listed, _, _ = list_files(folder, confined_to=settings.confined_to)
    paths, names = dict(listed), _index_names([item for item, _ in listed])
    found = {}
    for key in items:
        item = names.get(key[2])
        if item is None:
            continue
        try:
            data = read_bytes(
                paths[item], max_file_bytes=settings.max_file_bytes, confined_to=settings.confined_to
            )
        except ImageReadError:
            continue
        found[key] = ItemFile(item, compute_digest(data))
    return found


def _index_names(items: Sequence[str]) -> dict[str, str]:
    """Items by all that names exactly one of them."""
    names: dict[str, set[str]] = {}
    for item in items:
        stem = posixpath.splitext(item)[0]
        called = {item, stem, posixpath.basename(item), posixpath.basename(stem)}
        for name in called:
            if not name.isdecimal():
                names.setdefault(name, set()).add(item)
    return {name: min(those) for name, those in names.items() if len(those) == 1}
