"""Reads finished crop experiments back; nothing here loads torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.crop_experiment.experiment_names import CROP_FILE
from core.crop_experiment.result import CropSummary
from core.db.database import Database
from core.db.experiments import ExperimentRecord, add_experiment, load_experiment
from core.errors import InputError, UnknownNameError

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
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); run the experiment again.") from error
    except ValueError:
        raise InputError(f"{path} is damaged; run the experiment again.") from None
    return _validate(document, str(path))


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
    return found.record, _validate(found.summary, f"The experiment {experiment_id}")


def _validate(document: Any, what: str) -> CropSummary:
    try:
        return CropSummary.model_validate(document)
    except ValidationError as error:
        raise InputError(
            f"{what} is not a crop experiment that this version reads ({error.error_count()} fields differ); "
            "run it again."
        ) from error
