"""Pictures that a recipe makes: written file by file into a claimed folder, with their list and a report."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from core.csv_text import render_csv
from core.errors import InputError
from core.output_folder import cannot_write, replace_text
from core.recipes.claim import claim_folder

__all__ = ["LABELS_FILE", "REPORT_FILE", "MadeImages", "size_of"]

LABELS_FILE: Final = "labels.csv"
REPORT_FILE: Final = "report.json"
_NOTES: Final = ".sources"


class MadeImages:
    """A folder that a recipe fills; the same recipe goes on where it was stopped.

    Args:
        folder: a new or empty folder, or one that the same recipe began.
        recipe: the recipe's name and version, and its options: all that decides what is made of a file.

    Raises:
        InputError: if something else is in the folder, or it cannot be written.
    """

    def __init__(self, folder: Path, recipe: Mapping[str, Any]) -> None:
        self.folder = folder
        text = json.dumps(recipe, sort_keys=True, ensure_ascii=True)
        claim_folder(folder, hashlib.sha256(text.encode()).hexdigest())

    def recall(self, name: str, *, n_bytes: int) -> dict[str, Any]:
        """What an earlier run noted of a source; empty where it noted nothing.

        Args:
            name: the source's.
            n_bytes: its size, by which a source that has changed is known.

        Raises:
            InputError: if it has changed.
        """
        try:
            note: dict[str, Any] = json.loads(self._note(name).read_text(encoding="utf-8"))
            begun_with = note["bytes"]
        # None was written, or somebody edited it.
        except (OSError, ValueError, TypeError, KeyError):
            return {}
        if begun_with != n_bytes:
            raise InputError(
                f"{name} has changed since {self.folder} was begun, and nothing is overwritten; choose "
                "another --output."
            )
        return note

    def note(self, name: str, document: Mapping[str, Any]) -> None:
        """Keep something of a source for a run that goes on from here.

        Args:
            name: the source's.
            document: JSON, with the source's size as `bytes`.

        Raises:
            InputError: if it cannot be written.
        """
        path = self._note(name)
        try:
            path.parent.mkdir(exist_ok=True)
            replace_text(path, json.dumps(document))
        except OSError as error:
            raise cannot_write(self.folder, error) from error

    def has(self, file: str) -> bool:
        """Whether an earlier run wrote that file; what is there is whole."""
        return (self.folder / file).is_file()

    def write(self, file: str, pixels: NDArray[np.uint8]) -> None:
        """Write one picture as PNG, in one step.

        Args:
            file: its path below the folder, with `/`.
            pixels: (h, w) or (h, w, 3) uint8.

        Raises:
            InputError: if it cannot be written.
        """
        target = self.folder / file
        draft = target.with_name(f".{target.name[:200]}.draft")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as stream:
                Image.fromarray(pixels).save(stream, format="PNG")
            draft.replace(target)
        except OSError as error:
            raise cannot_write(self.folder, error) from error

    def write_lists(
        self, rows: Sequence[Mapping[str, Any]], report: Mapping[str, Any], *, is_complete: bool
    ) -> None:
        """Write `labels.csv`, as `--labels` takes it, and `report.json`.

        Lists of an earlier run that came further than a stopped one are left as they are.

        Args:
            rows: one a picture, with the same keys; `file` is its path below the folder.
            report: what was done.
            is_complete: whether all was done, rather than stopped at; kept in the report.

        Raises:
            InputError: if they cannot be written.
        """
        try:
            if not is_complete and self._count_listed() > len(rows):
                return
            if rows:
                replace_text(self.folder / LABELS_FILE, render_csv(pd.DataFrame(list(rows)), paths=("file",)))
            document = {"is_complete": is_complete, **report}
            text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
            replace_text(self.folder / REPORT_FILE, text + "\n")
        except OSError as error:
            raise cannot_write(self.folder, error) from error

    def _count_listed(self) -> int:
        path = self.folder / LABELS_FILE
        if not path.is_file():
            return 0
        with path.open("rb") as stream:
            return max(0, sum(1 for _ in stream) - 1)

    def _note(self, name: str) -> Path:
        digest = hashlib.sha256(os.fsencode(name)).hexdigest()
        return self.folder / _NOTES / f"{digest[:32]}.json"


def size_of(path: Path) -> int:
    """Bytes of a file; 0 where it is gone."""
    try:
        return os.stat(path).st_size  # noqa: PTH116  Path costs more than the call
    except OSError:
        return 0
