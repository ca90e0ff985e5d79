"""What users ask for, put into the queue: one function a kind of job, for pages and the command line."""

from __future__ import annotations

from core.audit.protocol import Protocol
from core.config import Settings
from core.datasets.study_folders import StudyFolders
from core.db.database import Database
from core.db.job_record import JobRecord
from core.db.studies import StudyRecord
from core.jobs.audit_job import AuditPayload
from core.jobs.check_job import CheckPayload
from core.jobs.demo_job import DEMO_NAME
from core.jobs.queue import submit_job

__all__ = ["submit_audit", "submit_check", "submit_demo"]


def submit_audit(database: Database, settings: Settings, study: StudyRecord, protocol: Protocol) -> JobRecord:
    """Ask for an audit of a study's folders as they are now.

    Raises:
        UnknownNameError: if the protocol names an extractor that is not there.
        DatabaseError: if the database does not answer.
    """
    payload = AuditPayload(folders=study.folders, protocol=protocol)
    return submit_job(
        database,
        settings,
        kind="audit",
        payload=payload.model_dump(mode="json"),
        title=f"Audit of {study.name}",
        study_id=study.id,
    )


def submit_check(database: Database, settings: Settings, folders: StudyFolders) -> JobRecord:
    """Ask for every file of a study's sets to be read.

    Raises:
        DatabaseError: if the database does not answer.
    """
    payload = CheckPayload(folders=folders).model_dump(mode="json")
    return submit_job(database, settings, kind="check", payload=payload, title="Check of every file")


def submit_demo(database: Database, settings: Settings) -> JobRecord:
    """Ask for the demo.

    Raises:
        DatabaseError: if the database does not answer.
    """
    return submit_job(database, settings, kind="demo", payload={}, title=DEMO_NAME)
