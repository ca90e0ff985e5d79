"""Puts a generated folder in place in one step, so that nobody ever finds half of it."""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from core.errors import InputError

__all__ = ["is_in_place", "place_folder"]

_STAMP = "demo.json"
_STALE_S = 3600.0


def is_in_place(folder: Path, stamp: Mapping[str, int]) -> bool:
    """Whether the folder was completed with that stamp."""
    try:
        return bool(json.loads((folder / _STAMP).read_text(encoding="utf-8")) == dict(stamp))
    except (OSError, ValueError):
        return False


def place_folder(
    folder: Path, *, stamp: Mapping[str, int], entries: Collection[str], build: Callable[[Path], None]
) -> None:
    """Build a folder beside its place and rename it when it is complete, unless it is there with that stamp.

    Args:
        folder: the place: missing, empty, or a folder that this function filled earlier and may replace.
        stamp: everything that decides the content; stored with it.
        entries: names that `build` creates; a folder that holds others is not replaced.
        build: fills the empty folder that it is given. When it raises, `folder` stays as it was.

    Raises:
        InputError: if the place holds something else.
        OSError: if it cannot be written.
    """
    if is_in_place(folder, stamp):
        return
    _refuse_strangers(folder, {*entries, _STAMP})
    folder.parent.mkdir(parents=True, exist_ok=True)
    _remove_stale_builds(folder)
    partial = _name_sibling(folder)
    partial.mkdir()
    try:
        build(partial)
        (partial / _STAMP).write_text(json.dumps(dict(stamp), indent=2) + "\n", encoding="utf-8")
        # Another process may have finished the same in the meantime: then theirs stays.
        if not is_in_place(folder, stamp):
            _swap(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _refuse_strangers(folder: Path, known: Collection[str]) -> None:
    """Replacing deletes the folder: never do that to files that were not written here."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InputError(f"{folder} is a file; choose a folder for the demo.")
    held = {entry.name for entry in folder.iterdir()}
    if held and (_STAMP not in held or held - set(known)):
        raise InputError(
            f"{folder} holds files that are not the demo's; choose an empty folder for the demo."
        )


def _remove_stale_builds(folder: Path) -> None:
    """Delete what killed runs left beside the folder; younger builds may still be running."""
    for partial in folder.parent.glob(f".{folder.name}.*.partial"):
        if time.time() - partial.stat().st_mtime > _STALE_S:
            shutil.rmtree(partial, ignore_errors=True)


def _swap(partial: Path, folder: Path) -> None:
    """Rename the finished build; an older folder steps aside first and is deleted last."""
    if not folder.exists():
        partial.rename(folder)
        return
    aside = _name_sibling(folder)
    folder.rename(aside)
    partial.rename(folder)
    shutil.rmtree(aside, ignore_errors=True)


def _name_sibling(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.partial")
