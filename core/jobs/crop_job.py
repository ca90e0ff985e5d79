"""A job that measures a study before and after a crop of all its sets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.audit.protocol import Execution
from core.config import Settings
from core.crop_experiment.request import CropRequest
from core.datasets.study import Study, SyntheticSource
from core.datasets.study_folders import StudyFolders, confine_to_roots, require_synthetic
from core.db.database import Database
from core.db.experiments import has_experiment
from core.db.job_record import JobRecord
from core.errors import InputError
from core.jobs._payload import parse_payload
from core.jobs.audit_job import AuditJob
from core.jobs.job_folder import experiment_folder, utility_runs_folder
from core.progress import Progress

__all__ = ["CropJob", "CropPayload"]


class CropPayload(BaseModel):
    """What a crop experiment was asked.

    Attributes:
        folders: the study's sets when it was asked; its held-out set is the test set.
        request: the crop and what is measured.
        execution: how audits run on the machine.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folders: StudyFolders
    request: CropRequest
    execution: Execution = Execution()


class CropJob:
    """Runs a crop experiment on a study's folders, confined to the folder roots, and keeps the result."""

    def check(self, payload: Mapping[str, Any]) -> None:
        """Refuse a payload that is no experiment, or asks for a set or an extractor that is not there."""
        asked = parse_payload(CropPayload, payload)
        require_synthetic(asked.folders)
        asked.request.choose_sets(_name_sets(asked.folders))
        audit = {"folders": asked.folders, "protocol": asked.request.protocol}
        AuditJob().check(audit)

    def run(
        self, job: JobRecord, *, database: Database, settings: Settings, progress: Progress
    ) -> dict[str, Any]:
        """Run it; the same numbers as `python -m core bias crop-experiment` with the same folders.

        Cropped sets, features and trainings that were finished before are kept.
        """
        from core.crop_experiment.archive import save_crop_summary
        from core.crop_experiment.experiment import run_crop_experiment
        from core.crop_experiment.writer import write_crop
        from core.output_folder import check_output_folder

        if job.study_id is None:
            raise InputError("A crop experiment needs its study.")
        asked = parse_payload(CropPayload, job.payload)
        folder = experiment_folder(settings, job.id)
        check_output_folder(folder)
        folder.mkdir(parents=True, exist_ok=True)
        confined = confine_to_roots(settings, with_experiments=True)
        result = run_crop_experiment(
            asked.folders.resolve(settings),
            asked.request,
            # Paths below resolved roots are resolved, too.
            folder=folder.resolve(),
            runs_folder=utility_runs_folder(settings),
            execution=asked.execution,
            settings=confined,
            progress=progress,
        )
        # Files first: an experiment that the database lists has its files.
        write_crop(result, folder, settings=confined)
        if not has_experiment(database, job.id):
            save_crop_summary(database, result.summary, experiment_id=job.id, study_id=job.study_id)
        return {"experiment_id": job.id}


def _name_sets(folders: StudyFolders) -> Study:
    """A study of the same names, without looking for its folders."""
    return Study(
        real=Path(folders.real.path),
        heldout=None if folders.heldout is None else Path(folders.heldout.path),
        synthetic=tuple(
            SyntheticSource(name=one.name, folder=Path(one.folder.path)) for one in folders.synthetic
        ),
    )
