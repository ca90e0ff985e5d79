"""Finds the files of an image set: in a fixed order, through links, never round in circles."""

from __future__ import annotations

import os
from pathlib import Path

from core.confinement import is_confined
from core.datasets.image_set import UnreadableFile

__all__ = ["list_files"]

# What systems leave in folders of their own accord; not worth a warning.
_SYSTEM_FILES = (".DS_Store", "._", ".thumbnails")
_LEADS_OUT = "it is a link that leads out of its folder root"


def list_files(
    folder: Path, *, confined_to: tuple[Path, ...] = ()
) -> tuple[list[tuple[str, Path]], list[UnreadableFile], int]:
    """List every file below a folder that is not hidden; links to files and folders are followed.

    Args:
        folder: where to look.
        confined_to: folder roots; where not empty, links that lead out of their root are not followed.

    Returns:
        (id, path) of each file, ordered by id whatever order the disk gives; what could not or may not be
        opened; and how many hidden files and folders were passed over.
    """
    found: list[tuple[str, Path]] = []
    closed: list[UnreadableFile] = []
    n_hidden = 0

    def refuse(error: OSError) -> None:
        path = Path(os.fsdecode(error.filename))
        closed.append(
            UnreadableFile(_item_id(path, folder), f"the folder cannot be opened ({error.strerror})")
        )

    def leads_out(path: str) -> bool:
        return bool(confined_to) and os.path.islink(path) and not is_confined(Path(path), confined_to)  # noqa: PTH114

    # Real paths of each folder and all above it: a link back to one of them would go round for ever.
    above: dict[str, frozenset[str]] = {}
    for base, folders, files in os.walk(folder, followlinks=True, onerror=refuse):
        base_id = _item_id(Path(base), folder)
        prefix = "" if base_id == "." else f"{base_id}/"
        # Asked of every folder after it was read, since it may have become a link meanwhile.
        if not is_confined(Path(base), confined_to):
            closed.append(UnreadableFile(base_id, _LEADS_OUT))
            folders.clear()
            continue
        real = os.path.realpath(base)
        above[base] = above.get(os.path.dirname(base), frozenset()) | {real}  # noqa: PTH120  bytes for bytes
        hidden = [name for name in (*folders, *files) if name.startswith(".")]
        n_hidden += sum(not name.startswith(_SYSTEM_FILES) for name in hidden)
        kept = []
        for name in folders:
            path = os.path.join(base, name)  # noqa: PTH118  a third of the time of a Path
            if name.startswith("."):
                continue
            if leads_out(path):
                closed.append(UnreadableFile(prefix + _printable(name), _LEADS_OUT))
            elif os.path.islink(path) and os.path.realpath(path) in above[base]:  # noqa: PTH114
                reason = "it is a link to a folder that it lies in"
                closed.append(UnreadableFile(prefix + _printable(name), reason))
            else:
                kept.append(name)
        folders[:] = kept
        for name in files:
            path = os.path.join(base, name)  # noqa: PTH118
            if name.startswith("."):
                continue
            if leads_out(path):
                closed.append(UnreadableFile(prefix + _printable(name), _LEADS_OUT))
            else:
                found.append((prefix + _printable(name), Path(path)))
    return sorted(found), closed, n_hidden


def _item_id(path: Path, folder: Path) -> str:
    return _printable(path.relative_to(folder).as_posix())


def _printable(name: str) -> str:
    """Names that are not UTF-8 must still fit into JSON and CSV."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
