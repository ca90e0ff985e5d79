"""Puts fidelity against utility on disk as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.csv_text import render_csv
from core.fidelity_utility.association import Association
from core.fidelity_utility.tables import tabulate_associations, tabulate_points, tabulate_published
from core.output_folder import cannot_write, replace_text

__all__ = ["write_associations"]


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
            replace_text(folder / name, render_csv(table))
    except OSError as error:
        raise cannot_write(folder, error) from error
