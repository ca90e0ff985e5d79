"""Finds the files of an image set: in a fixed order, through links, never round in circles."""

from __future__ import annotations

import os
from pathlib import Path

from core.datasets.image_set import UnreadableFile

__all__ = ["list_files"]

# What systems leave in folders of their own accord; not worth a warning.
_SYSTEM_FILES = (".DS_Store", "._", ".thumbnails")


def list_files(folder: Path) -> tuple[list[tuple[str, Path]], list[UnreadableFile], int]:
    """List every file below a folder that is not hidden; links to files and folders are followed.

    Args:
        folder: where to look.

    Returns:
        (id, path) of each file, ordered by id whatever order the disk gives; what could not be opened;
        and how many hidden files and folders were passed over.
    """
    found: list[tuple[str, Path]] = []
    closed: list[UnreadableFile] = []
    n_hidden = 0

    def refuse(error: OSError) -> None:
        path = Path(os.fsdecode(error.filename))
        closed.append(
            UnreadableFile(_item_id(path, folder), f"the folder cannot be opened ({error.strerror})")
        )

    # Real paths of each folder and all above it: a link back to one of them would go round for ever.
    above: dict[str, frozenset[str]] = {}
    for base, folders, files in os.walk(folder, followlinks=True, onerror=refuse):
        real = os.path.realpath(base)
        above[base] = above.get(os.path.dirname(base), frozenset()) | {real}  # noqa: PTH120  bytes for bytes
        hidden = [name for name in (*folders, *files) if name.startswith(".")]
        n_hidden += sum(not name.startswith(_SYSTEM_FILES) for name in hidden)
        kept = []
        for name in folders:
            path = Path(base, name)
            if name.startswith("."):
                continue
            if path.is_symlink() and os.path.realpath(path) in above[base]:
                reason = "it is a link to a folder that it lies in"
                closed.append(UnreadableFile(_item_id(path, folder), reason))
                continue
            kept.append(name)
        folders[:] = kept
        paths = (Path(base, name) for name in files if not name.startswith("."))
        found += [(_item_id(path, folder), path) for path in paths]
    return sorted(found), closed, n_hidden


def _item_id(path: Path, folder: Path) -> str:
    """Path below the set's folder; names that are not UTF-8 must still fit into JSON and CSV."""
    return os.fsencode(path.relative_to(folder).as_posix()).decode("utf-8", "backslashreplace")
