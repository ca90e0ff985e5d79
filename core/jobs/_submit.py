"""Puts a typed payload into the queue."""

from __future__ import annotations

from pydantic import BaseModel

from core.config import Settings
from core.db.database import Database
from core.db.job_record import JobRecord
from core.jobs.queue import submit_job

__all__ = ["submit_payload"]


def submit_payload(
    database: Database,
    settings: Settings,
    kind: str,
    payload: BaseModel,
    *,
    title: str,
    study_id: str | None = None,
) -> JobRecord:
    """Ask for a job of a kind; see `core.jobs.queue.submit_job`."""
    return submit_job(
        database,
        settings,
        kind=kind,
        payload=payload.model_dump(mode="json"),
        title=title,
        study_id=study_id,
    )
