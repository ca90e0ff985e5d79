"""A job that makes the demo study, has simulated raters look at it, and audits it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.config import Settings
from core.datasets.study_folders import StudyFolders
from core.db.database import Database
from core.db.job_record import JobRecord
from core.db.studies import StudyRecord, list_studies, save_study
from core.jobs._payload import parse_payload
from core.jobs.audit_job import AuditJob, AuditPayload
from core.progress import Progress

__all__ = ["DEMO_NAME", "DemoJob", "DemoPayload"]

DEMO_NAME = "Demo: phantom chest films"


class DemoPayload(BaseModel):
    """What the demo was asked.

    Attributes:
        seed: seeds its images and the audit's draws.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 0


class DemoJob:
    """Writes the demo's images, saves the study with a rating session, and audits it without weights."""

    def check(self, payload: Mapping[str, Any]) -> None:
        """Refuse a payload that is no demo."""
        parse_payload(DemoPayload, payload)

    def run(
        self, job: JobRecord, *, database: Database, settings: Settings, progress: Progress
    ) -> dict[str, Any]:
        """Make, rate and audit the demo; the audit has the same numbers as `python -m core demo`."""
        from dataclasses import replace

        from core.audit.demo import demo_protocol, describe_demo, prepare_demo
        from core.rating.demo_session import make_demo_session

        seed = parse_payload(DemoPayload, job.payload).seed
        demo = describe_demo(prepare_demo(seed=seed, settings=settings, progress=progress))
        study = _save(database, StudyFolders.describe(demo, settings))
        session = make_demo_session(database, settings, study=study, seed=seed, progress=progress)
        payload = AuditPayload(folders=study.folders, protocol=demo_protocol(seed))
        audit = replace(job, study_id=study.id, payload=payload.model_dump(mode="json"))
        outcome = AuditJob().run(audit, database=database, settings=settings, progress=progress)
        return outcome | {"study_id": study.id, "session_id": session.id}


def _save(database: Database, folders: StudyFolders) -> StudyRecord:
    for study in list_studies(database):
        if study.name == DEMO_NAME:
            return save_study(database, name=study.name, folders=folders, study_id=study.id)
    return save_study(database, name=DEMO_NAME, folders=folders)
