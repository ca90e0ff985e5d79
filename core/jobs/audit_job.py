"""A job that audits a study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.audit.archive import save_audit_summary
from core.audit.plan import AUTO, WEIGHT_FREE
from core.audit.protocol import Execution, Protocol
from core.config import Settings
from core.datasets.study_folders import StudyFolders, confine_to_roots, require_synthetic
from core.db.audits import has_audit
from core.db.database import Database
from core.db.job_record import JobRecord
from core.errors import InputError
from core.features.registry import EXTRACTORS
from core.jobs._payload import parse_payload
from core.jobs.job_folder import audit_folder
from core.progress import Progress

__all__ = ["AuditJob", "AuditPayload"]


class AuditPayload(BaseModel):
    """What an audit was asked.

    Attributes:
        folders: the study's sets when it was asked.
        protocol: what decides the numbers.
        execution: how it runs on the machine.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folders: StudyFolders
    protocol: Protocol = Protocol()
    execution: Execution = Execution()


class AuditJob:
    """Audits a study's folders, confined to the folder roots, and keeps the result."""

    def check(self, payload: Mapping[str, Any]) -> None:
        """Refuse what is no audit, compares no synthetic set, or names an extractor that is not there."""
        asked = parse_payload(AuditPayload, payload)
        require_synthetic(asked.folders)
        for name in asked.protocol.extractors:
            if name not in (AUTO, WEIGHT_FREE):
                EXTRACTORS[name.split(":", 1)[0]]

    def run(
        self, job: JobRecord, *, database: Database, settings: Settings, progress: Progress
    ) -> dict[str, Any]:
        """Audit; the same numbers as `python -m core audit` with the same folders and protocol."""
        from core.audit.run import run_audit
        from core.output_folder import check_output_folder
        from core.report.writer import write_audit

        if job.study_id is None:
            raise InputError("An audit job needs its study.")
        asked = parse_payload(AuditPayload, job.payload)
        folder, confined = audit_folder(settings, job.id), confine_to_roots(settings)
        check_output_folder(folder)
        result = run_audit(
            asked.folders.resolve(settings),
            asked.protocol,
            execution=asked.execution,
            settings=confined,
            progress=progress,
        )
        # Files first: an audit that the database lists has its files.
        write_audit(result, folder, settings=confined)
        if not has_audit(database, job.id):
            save_audit_summary(database, result.summary, audit_id=job.id, study_id=job.study_id)
        return {"audit_id": job.id}
