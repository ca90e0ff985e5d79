"""Takes an output folder for one recipe, by a hidden note in it.

The same recipe goes on where it was stopped; another one, or a folder with anything else in it, is refused.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from core.errors import InputError
from core.output_folder import cannot_write, check_output_folder

__all__ = ["check_folder", "claim_folder", "refuse_nested"]

_NOTE: Final = ".recipe"


def refuse_nested(source: Path, folder: Path) -> None:
    """Make sure that neither folder lies within the other.

    Raises:
        InputError: if one does.
    """
    real_source, real_folder = Path(os.path.realpath(source)), Path(os.path.realpath(folder))
    if real_folder.is_relative_to(real_source):
        raise InputError(
            f"The output folder {folder} lies within the folder of the images, {source}; choose another "
            "--output."
        )
    if real_source.is_relative_to(real_folder):
        raise InputError(
            f"The folder of the images, {source}, lies within the output folder {folder}; choose another "
            "--output."
        )


def check_folder(source: Path, folder: Path) -> None:
    """Find out before hours of work whether a folder can be claimed.

    Args:
        source: the folder of the images; neither may lie within the other.
        folder: where files will be placed.

    Raises:
        InputError: if it cannot.
    """
    refuse_nested(source, folder)
    try:
        _read_note(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error
    check_output_folder(folder)


def claim_folder(folder: Path, recipe: str) -> None:
    """Take a folder for a recipe: a new or empty one, or one that the same recipe began.

    Args:
        folder: where files will be placed.
        recipe: digest of everything that decides what is placed where.

    Raises:
        InputError: if something else is in it, or it cannot be written.
    """
    try:
        note = _read_note(folder)
        if note is None:
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / _NOTE).open("x", encoding="utf-8") as stream:
                stream.write(f"{recipe}\n")
        elif note != recipe:
            raise InputError(
                f"{folder} holds what the command wrote from other images or with other options, and nothing "
                "is overwritten; choose another --output."
            )
    except OSError as error:
        raise cannot_write(folder, error) from error


def _read_note(folder: Path) -> str | None:
    """Which recipe a folder belongs to; None for a new or empty one."""
    note = folder / _NOTE
    if not os.path.lexists(folder):
        return None
    if not folder.is_dir():
        raise InputError(f"{folder} is a file; choose another --output.")
    if note.is_file() and not note.is_symlink():
        return note.read_text(encoding="utf-8", errors="replace").strip()
    if any(folder.iterdir()):
        raise InputError(f"{folder} is not empty, and nothing is overwritten; choose another --output.")
    return None
