"""CSV whose cells no spreadsheet runs as a formula, whoever wrote them."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection

import pandas as pd

__all__ = ["render_csv"]

# What a spreadsheet would run.
_FORMULA = re.compile(r"[=+\-@\t\r]")


def render_csv(table: pd.DataFrame, *, paths: Collection[str] = ()) -> str:
    """Write a table as CSV with quoted text.

    Args:
        table: what to write.
        paths: columns of files; `./=x.png` is the same file as `=x.png`, whereas other text that begins as a
            formula does gets an apostrophe in front, as spreadsheets themselves write it.
    """
    guarded = table.copy()
    for column in table.columns:
        mark = "./" if column in paths else "'"
        if not pd.api.types.is_numeric_dtype(table[column]):
            guarded[column] = [
                f"{mark}{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell
                for cell in table[column]
            ]
    return guarded.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
