"""Puts fidelity against utility on disk as CSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from core.errors import InputError
from core.fidelity_utility.association import Association
from core.fidelity_utility.tables import tabulate_associations, tabulate_points, tabulate_published

__all__ = ["render_csv", "write_associations"]

# What a spreadsheet would run.
_FORMULA = re.compile(r"[=+\-@\t\r]")


def write_associations(associations: Sequence[Association], folder: Path) -> None:
    """Write `associations.csv`, `points.csv` and `published.csv`, each in one step.

    Args:
        associations: all that were computed together.
        folder: made if it is not there; earlier tables in it are replaced.

    Raises:
        InputError: if the folder cannot be written.
    """
    tables = {
        "associations.csv": tabulate_associations(associations),
        "points.csv": tabulate_points(associations),
        "published.csv": tabulate_published(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            draft = folder / f".{name}.draft"
            draft.write_text(render_csv(table), encoding="utf-8", errors="backslashreplace", newline="\n")
            draft.replace(folder / name)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"The output folder {folder} cannot be written ({reason}); choose another --output."
        ) from error


def render_csv(table: pd.DataFrame) -> str:
    """Write a table as CSV with quoted text, none of which a spreadsheet runs as a formula."""
    guarded = table.copy()
    for column in table.columns:
        if not pd.api.types.is_numeric_dtype(table[column]):
            guarded[column] = [
                f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell
                for cell in table[column]
            ]
    return guarded.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
