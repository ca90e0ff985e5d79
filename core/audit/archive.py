"""Reads finished audits back."""

from __future__ import annotations

import json
from pathlib import Path

from core.audit.result import AuditSummary
from core.db.audits import AuditDocument, add_audit, load_audit
from core.db.database import Database
from core.validation import explain_unreadable

__all__ = ["load_audit_summary", "load_summary", "save_audit_summary"]


def load_summary(folder: Path) -> AuditSummary:
    """Read the `audit.json` of a finished audit.

    Args:
        folder: what `--output` named.

    Raises:
        InputError: if there is none, or it is damaged or of another version.
    """
    path = folder / "audit.json"
    with explain_unreadable(path, noun="an audit", work="audit"):
        return AuditSummary.model_validate_json(path.read_bytes())


def save_audit_summary(database: Database, summary: AuditSummary, *, audit_id: str, study_id: str) -> None:
    """Keep a finished audit in the database, all of it or nothing.

    Args:
        database: where.
        summary: what it found.
        audit_id: the id of the job that computed it.
        study_id: its study.

    Raises:
        InputError: if an audit of that id is kept already.
        DatabaseError: if the database does not answer.
    """
    document = json.loads(summary.model_dump_json(by_alias=False))
    results = document.pop("results")
    add_audit(database, audit_id=audit_id, study_id=study_id, summary=document, results=results)


def load_audit_summary(database: Database, audit_id: str) -> tuple[AuditDocument, AuditSummary]:
    """Read an audit back from the database, with what lists show of it.

    Raises:
        UnknownNameError: if there is none of that id.
        InputError: if it is of another version.
        DatabaseError: if the database does not answer.
    """
    document = load_audit(database, audit_id)
    with explain_unreadable(f"The audit {audit_id}", noun="one", work="audit"):
        summary = AuditSummary.model_validate(document.summary | {"results": document.results})
    return document, summary
