"""Finished audits in the database; never changed after they are added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import func, select

from core.db._result_rows import ResultRows
from core.db._storable import make_storable
from core.db.database import Database
from core.db.tables import AuditTable, ResultTable, StudyTable
from core.errors import InputError, UnknownNameError

__all__ = ["AuditDocument", "AuditRecord", "add_audit", "has_audit", "list_audits", "load_audit"]

_RESULTS: Final = ResultRows(ResultTable, "audit_id")


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """What a list of audits shows.

    Attributes:
        id: the job's id that computed it; also its folder's name in the workspace.
        study_id: its study.
        study_name: the study's name today.
        finished_at: when it ended.
        n_results: how many numbers it holds.
    """

    id: str
    study_id: str
    study_name: str
    finished_at: datetime
    n_results: int


@dataclass(frozen=True, slots=True)
class AuditDocument:
    """An audit as documents, for `core.audit.archive` to read.

    Attributes:
        record: what lists show.
        summary: `audit.json` without its results.
        results: its rows in their order, by column name of the `results` table.
    """

    record: AuditRecord
    summary: dict[str, Any]
    results: tuple[dict[str, Any], ...]


def add_audit(
    database: Database,
    *,
    audit_id: str,
    study_id: str,
    summary: Mapping[str, Any],
    results: Sequence[Mapping[str, Any]],
) -> None:
    """Add an audit with all its results, or nothing.

    Args:
        database: where.
        audit_id: the id of the job that computed it.
        study_id: its study.
        summary: `audit.json` without its results.
        results: one mapping a number, by column name of the `results` table.

    Raises:
        InputError: if there is an audit of that id already.
        DatabaseError: if the database does not answer.
    """
    with database.write() as session:
        if session.get(AuditTable, audit_id) is not None:
            raise InputError(f"The audit {audit_id} is kept already, and audits never change.")
        session.add(
            AuditTable(
                id=audit_id, study_id=study_id, summary=make_storable(summary), finished_at=datetime.now(UTC)
            )
        )
        session.flush()
        _RESULTS.insert(session, audit_id, results)


def has_audit(database: Database, audit_id: str) -> bool:
    """Whether an audit of that id is kept.

    Raises:
        DatabaseError: if the database does not answer.
    """
    with database.read() as session:
        return session.get(AuditTable, audit_id) is not None


def list_audits(
    database: Database, *, study_id: str | None = None, limit: int = 200
) -> tuple[AuditRecord, ...]:
    """List audits, newest first.

    Args:
        database: where.
        study_id: only this study's; None lists those of all studies that are not removed.
        limit: how many at most.

    Raises:
        DatabaseError: if the database does not answer.
    """
    counted = select(ResultTable.audit_id, func.count().label("n")).group_by(ResultTable.audit_id).subquery()
    query = (
        select(AuditTable.id, AuditTable.study_id, StudyTable.name, AuditTable.finished_at, counted.c.n)
        .join(StudyTable, StudyTable.id == AuditTable.study_id)
        .outerjoin(counted, counted.c.audit_id == AuditTable.id)
        .order_by(AuditTable.finished_at.desc(), AuditTable.id)
        .limit(limit)
    )
    chosen = StudyTable.removed_at.is_(None) if study_id is None else AuditTable.study_id == study_id
    with database.read() as session:
        return tuple(
            AuditRecord(audit_id, study, name, finished_at, n or 0)
            for audit_id, study, name, finished_at, n in session.execute(query.where(chosen))
        )


def load_audit(database: Database, audit_id: str) -> AuditDocument:
    """Load one audit with all its results.

    Raises:
        UnknownNameError: if there is none of that id.
        DatabaseError: if the database does not answer.
    """
    with database.read() as session:
        found = session.execute(
            select(AuditTable, StudyTable.name)
            .join(StudyTable, StudyTable.id == AuditTable.study_id)
            .where(AuditTable.id == audit_id)
        ).first()
        if found is None:
            raise UnknownNameError(f"There is no audit {audit_id!r}; open one from the overview.")
        audit, name = found
        results = _RESULTS.load(session, audit_id)
    record = AuditRecord(audit.id, audit.study_id, name, audit.finished_at, len(results))
    return AuditDocument(record, audit.summary, results)
