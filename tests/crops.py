"""A finished crop experiment in a workspace of its own, run once by its job for all tests that look at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.config import get_settings
from core.datasets.study_folders import StudyFolders
from core.db.database import open_database
from core.db.job_record import JobState
from core.db.jobs import add_job, load_job
from core.db.studies import save_study
from core.jobs.crop_job import CropPayload
from core.jobs.runner import run_job
from tests.core.crop_experiment.films import REQUEST, write_study

__all__ = ["keep_crop"]

_KEPT: list[tuple[Path, str]] = []


def keep_crop(factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Run the experiment, or find it; returns the workspace and the experiment's id. To be looked at only."""
    if _KEPT:
        return _KEPT[0]
    home = factory.mktemp("crop") / "workspace"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSYN_HOME", str(home))
        patch.setenv("MEDSYN_OFFLINE", "1")
        patch.delenv("MEDSYN_DATABASE_URL", raising=False)
        get_settings.cache_clear()
        settings = get_settings()
        study = write_study(home / "data")
        database = open_database(settings)
        kept = save_study(database, name="Films", folders=StudyFolders.describe(study, settings))
        payload = CropPayload(folders=kept.folders, request=REQUEST).model_dump(mode="json")
        job = add_job(database, kind="crop", title="Crop", payload=payload, study_id=kept.id)
        state = run_job(database, settings, job.id)
        assert state is JobState.DONE, load_job(database, job.id).exit_reason
        database.close()
    get_settings.cache_clear()
    _KEPT.append((home, job.id))
    return _KEPT[0]
