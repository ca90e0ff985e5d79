"""Jobs in the database: the queue, and what each job says of itself."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.db.database import Database
from core.db.job_record import ACTIVE, Beat, JobRecord, JobState
from core.db.tables import JobTable
from core.errors import UnknownNameError

__all__ = [
    "add_job",
    "beat_job",
    "begin_job",
    "claim_next_job",
    "end_job",
    "list_jobs",
    "load_job",
    "record_process",
    "request_cancel",
]


def add_job(
    database: Database,
    *,
    kind: str,
    title: str,
    payload: Mapping[str, Any],
    study_id: str | None = None,
    rerun_of: str | None = None,
) -> JobRecord:
    """Put a job at the end of the queue.

    Raises:
        DatabaseError: if the database does not answer.
    """
    with database.write() as session:
        row = JobTable(
            id=secrets.token_hex(8),
            kind=kind,
            title=title,
            study_id=study_id,
            payload=dict(payload),
            state=JobState.QUEUED,
            rerun_of=rerun_of,
            created_at=datetime.now(UTC),
        )
        session.add(row)
        session.flush()
        return _record(row)


def load_job(database: Database, job_id: str) -> JobRecord:
    """Load one job.

    Raises:
        UnknownNameError: if there is none of that id.
        DatabaseError: if the database does not answer.
    """
    with database.read() as session:
        return _record(_get(session, job_id))


def list_jobs(
    database: Database,
    *,
    active: bool = False,
    study_id: str | None = None,
    kind: str | None = None,
    limit: int = 200,
) -> tuple[JobRecord, ...]:
    """List jobs, newest first.

    Args:
        database: where.
        active: only those that are waiting or running.
        study_id: only this study's.
        kind: only these.
        limit: how many at most.

    Raises:
        DatabaseError: if the database does not answer.
    """
    query = select(JobTable).order_by(JobTable.created_at.desc(), JobTable.id).limit(limit)
    if active:
        query = query.where(JobTable.state.in_([JobState.QUEUED, *ACTIVE]))
    if study_id is not None:
        query = query.where(JobTable.study_id == study_id)
    if kind is not None:
        query = query.where(JobTable.kind == kind)
    with database.read() as session:
        return tuple(_record(row) for row in session.scalars(query))


def claim_next_job(database: Database, *, host: str, max_jobs: int) -> JobRecord | None:
    """Take the oldest waiting job for this machine, if it has a place free.

    Args:
        database: where.
        host: this machine.
        max_jobs: places it has.

    Returns:
        The job, now `starting`; None when nothing waits or no place is free.

    Raises:
        DatabaseError: if the database does not answer.
    """
    waits = JobTable.state == JobState.QUEUED
    with database.read() as session:
        if session.scalar(select(JobTable.id).where(waits).limit(1)) is None:
            return None
    with database.write() as session:
        taken = session.scalar(select(func.count()).where(JobTable.host == host, JobTable.state.in_(ACTIVE)))
        if (taken or 0) >= max_jobs:
            return None
        row = session.scalar(
            select(JobTable).where(waits).order_by(JobTable.created_at, JobTable.id).limit(1)
        )
        if row is None:
            return None
        row.state, row.host, row.heartbeat_at = JobState.STARTING, host, datetime.now(UTC)
        session.flush()
        return _record(row)


def record_process(database: Database, job_id: str, *, pid: int, pid_started: float) -> None:
    """Note the process that was started for a job, unless the job has noted its own already.

    Raises:
        DatabaseError: if the database does not answer.
    """
    with database.write() as session:
        session.execute(
            update(JobTable)
            .where(JobTable.id == job_id, JobTable.state == JobState.STARTING, JobTable.pid.is_(None))
            .values(pid=pid, pid_started=pid_started)
        )


def begin_job(
    database: Database, job_id: str, *, host: str, pid: int, pid_started: float
) -> JobRecord | None:
    """A process takes a job that waits or was claimed for it.

    Returns:
        The job, now `running`; None when it is not to be run (it ended, or another process has it).

    Raises:
        UnknownNameError: if there is none of that id.
        DatabaseError: if the database does not answer.
    """
    now = datetime.now(UTC)
    with database.write() as session:
        row = _get(session, job_id)
        mine = row.state == JobState.STARTING and row.host == host and row.pid in (None, pid)
        if not mine and row.state != JobState.QUEUED:
            return None
        row.state, row.host, row.pid, row.pid_started = JobState.RUNNING, host, pid, pid_started
        row.started_at = row.heartbeat_at = now
        session.flush()
        return _record(row)


def beat_job(database: Database, job_id: str, beat: Beat) -> bool:
    """Write down where a running job stands.

    Returns:
        Whether it should stop: a user asked for it, or it is not counted as running any more.

    Raises:
        DatabaseError: if the database does not answer.
    """
    with database.write() as session:
        row = _get(session, job_id)
        if row.state != JobState.RUNNING:
            return True
        row.heartbeat_at = datetime.now(UTC)
        row.stage, row.unit = beat.stage, beat.unit
        row.steps_done, row.steps_total = beat.steps_done, beat.steps_total
        row.stage_started_at, row.notices = beat.stage_started_at, list(beat.notices)
        return row.cancel_requested_at is not None


def request_cancel(database: Database, job_id: str) -> JobRecord:
    """Ask a job to stop; one that only waits is cancelled at once, one that ended stays as it is.

    Raises:
        UnknownNameError: if there is none of that id.
        DatabaseError: if the database does not answer.
    """
    now = datetime.now(UTC)
    with database.write() as session:
        row = _get(session, job_id)
        if row.state == JobState.QUEUED:
            row.state, row.ended_at, row.cancel_requested_at = JobState.CANCELLED, now, now
            row.exit_reason = "Cancelled before it began."
        elif row.state in ACTIVE and row.cancel_requested_at is None:
            row.cancel_requested_at = now
        session.flush()
        return _record(row)


def end_job(
    database: Database,
    job_id: str,
    *,
    state: JobState,
    exit_reason: str = "",
    outcome: Mapping[str, Any] | None = None,
) -> bool:
    """Mark an active job as ended.

    Returns:
        Whether it was active; a job that ended before keeps its end.

    Raises:
        DatabaseError: if the database does not answer.
    """
    with database.write() as session:
        changed = session.execute(
            update(JobTable)
            .where(JobTable.id == job_id, JobTable.state.in_(ACTIVE))
            .values(
                state=state,
                exit_reason=exit_reason,
                outcome=None if outcome is None else dict(outcome),
                ended_at=datetime.now(UTC),
            )
            .returning(JobTable.id)
        )
        return changed.first() is not None


def _get(session: Session, job_id: str) -> JobTable:
    row = session.get(JobTable, job_id)
    if row is None:
        raise UnknownNameError(f"There is no job {job_id!r}; the Jobs page lists those there are.")
    return row


def _record(row: JobTable) -> JobRecord:
    values = {name: getattr(row, name) for name in JobRecord.__dataclass_fields__}
    return JobRecord(**values | {"state": JobState(row.state), "notices": tuple(row.notices)})
