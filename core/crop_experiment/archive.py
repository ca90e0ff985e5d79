"""Reads finished crop experiments back; nothing here loads torch."""

from __future__ import annotations

import json
from pathlib import Path

from core.crop_experiment.experiment_names import CROP_FILE
from core.crop_experiment.result import CropSummary
from core.db.database import Database
from core.db.experiments import ExperimentRecord, add_experiment, load_experiment
from core.errors import UnknownNameError
from core.validation import explain_unreadable

__all__ = ["EXPERIMENT_KIND", "load_crop", "load_crop_summary", "save_crop_summary"]

EXPERIMENT_KIND = "crop"
"""What the database calls these experiments."""


def load_crop(folder: Path) -> CropSummary:
    """Read the `crop.json` of a finished experiment.

    Args:
        folder: what `--output` named.

    Raises:
        InputError: if there is none, or it is damaged or of another version.
    """
    path = folder / CROP_FILE
    with explain_unreadable(path, noun="a crop experiment", work="experiment"):
        return CropSummary.model_validate_json(path.read_bytes())


def save_crop_summary(database: Database, summary: CropSummary, *, experiment_id: str, study_id: str) -> None:
    """Keep a finished experiment in the database.

    Raises:
        InputError: if an experiment of that id is kept already.
        DatabaseError: if the database does not answer.
    """
    document = json.loads(summary.model_dump_json())
    add_experiment(
        database,
        experiment_id=experiment_id,
        study_id=study_id,
        kind=EXPERIMENT_KIND,
        summary=document,
        results=(),
    )


def load_crop_summary(database: Database, experiment_id: str) -> tuple[ExperimentRecord, CropSummary]:
    """Read an experiment back from the database, with what lists show of it.

    Raises:
        UnknownNameError: if there is no crop experiment of that id.
        InputError: if it is of another version.
        DatabaseError: if the database does not answer.
    """
    found = load_experiment(database, experiment_id)
    if found.record.kind != EXPERIMENT_KIND:
        raise UnknownNameError(f"The experiment {experiment_id} is no crop experiment.")
    with explain_unreadable(f"The experiment {experiment_id}", noun="a crop experiment", work="experiment"):
        return found.record, CropSummary.model_validate(found.summary)
