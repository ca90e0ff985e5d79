"""A folder that results are written into: whether that can be done, and each file in one step."""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import InputError

__all__ = ["cannot_write", "check_output_folder", "replace_text"]


def check_output_folder(folder: Path) -> None:
    """Make sure before hours of work that results can be written; a folder that is not there is not left.

    Raises:
        InputError: if the folder cannot be made or written.
    """
    try:
        is_new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".write-test-{os.getpid()}"
        probe.touch()
        probe.unlink()
        if is_new:
            folder.rmdir()
    except OSError as error:
        raise cannot_write(folder, error) from error


def cannot_write(folder: Path, error: OSError) -> InputError:
    """What a user is told where an output folder cannot be written."""
    reason = error.strerror or type(error).__name__
    return InputError(f"The output folder {folder} cannot be written ({reason}); choose another --output.")


def replace_text(path: Path, text: str) -> None:
    """Write a text file in one step: whoever looks sees the earlier file or the whole new one.

    Characters that UTF-8 cannot hold, which names of files may have, are written as escapes.

    Raises:
        OSError: if it cannot be written.
    """
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    draft.replace(path)
