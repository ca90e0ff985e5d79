"""A small study below a folder root, and a way to wait for a job."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.config import get_settings
from core.db.database import Database
from core.db.job_record import JobRecord
from core.db.jobs import load_job
from core.db.studies import StudyRecord, save_study
from core.jobs.queue import tend_jobs
from tests.studies import small_folders


@pytest.fixture
def study(database: Database, workspace: Path) -> StudyRecord:
    return save_study(database, name="Films", folders=small_folders(workspace / "data"))


@pytest.fixture
def wait_for(database: Database) -> Callable[..., JobRecord]:
    """Make rounds until a job is as it should be."""

    def wait(
        job_id: str, until: Callable[[JobRecord], bool] | None = None, *, timeout_s: float = 90
    ) -> JobRecord:
        end = time.monotonic() + timeout_s
        while True:
            tend_jobs(database, get_settings())
            job = load_job(database, job_id)
            if until(job) if until else job.state.has_ended:
                return job
            assert time.monotonic() < end, f"waited {timeout_s} s; the job is {job}"
            time.sleep(0.1)

    return wait
