"""The queue: submit, cancel, run again; and the rounds that keep it moving.

Nobody has to be there for it: the process that submits, every page that looks, and every job that ends makes
a round (`tend_jobs`). A round finds jobs whose process is gone, presses those that were asked to stop, and
starts what waits while the machine has a place free.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from core.config import Settings
from core.db.database import Database
from core.db.job_record import ACTIVE, JobRecord, JobState
from core.db.jobs import (
    add_job,
    claim_next_job,
    end_job,
    list_jobs,
    load_job,
    record_process,
    request_cancel,
)
from core.errors import InputError, StoreError
from core.jobs.backend import JobBackend
from core.jobs.kinds import JOB_KINDS
from core.jobs.local_backend import LocalBackend

__all__ = ["cancel_job", "rerun_job", "submit_job", "tend_jobs"]

TERMINATE_AFTER = timedelta(seconds=20)
"""A job that was asked to stop gets this long to reach its next step, then a signal that asks again."""
KILL_AFTER = timedelta(seconds=40)
"""Then one that ends its whole process group."""
_START_WITHIN = timedelta(seconds=60)
_SILENT_FOR = timedelta(minutes=5)


def submit_job(
    database: Database,
    settings: Settings,
    *,
    kind: str,
    payload: Mapping[str, Any],
    title: str,
    study_id: str | None = None,
    rerun_of: str | None = None,
    backend: JobBackend | None = None,
) -> JobRecord:
    """Check what is asked, put it in the queue, and start it if the machine has a place free.

    Args:
        database: where jobs are kept.
        settings: workspace, and how many jobs run at once.
        kind: a key of `core.jobs.kinds.JOB_KINDS`.
        payload: what is asked, as the kind understands it.
        title: one line for lists.
        study_id: the study that it works on.
        rerun_of: the job that it repeats.
        backend: where it runs; this machine when None.

    Raises:
        UnknownNameError: if there is no such kind.
        InputError: if the kind does not understand the payload.
        DatabaseError: if the database does not answer.
    """
    JOB_KINDS[kind].check(payload)
    job = add_job(database, kind=kind, title=title, payload=payload, study_id=study_id, rerun_of=rerun_of)
    tend_jobs(database, settings, backend=backend)
    return load_job(database, job.id)


def rerun_job(
    database: Database, settings: Settings, job_id: str, *, backend: JobBackend | None = None
) -> JobRecord:
    """Ask again for what an ended job was asked.

    Raises:
        InputError: if it has not ended.
        UnknownNameError: if there is none of that id.
        DatabaseError: if the database does not answer.
    """
    job = load_job(database, job_id)
    if not job.state.has_ended:
        raise InputError(f"The job {job.title!r} is {job.state.value}; cancel it before running it again.")
    return submit_job(
        database,
        settings,
        kind=job.kind,
        payload=job.payload,
        title=job.title,
        study_id=job.study_id,
        rerun_of=job.id,
        backend=backend,
    )


def cancel_job(
    database: Database, settings: Settings, job_id: str, *, backend: JobBackend | None = None
) -> JobRecord:
    """Ask a job to stop. It does so at its next step; rounds press one that does not.

    Raises:
        UnknownNameError: if there is none of that id.
        DatabaseError: if the database does not answer.
    """
    request_cancel(database, job_id)
    tend_jobs(database, settings, backend=backend)
    return load_job(database, job_id)


def tend_jobs(database: Database, settings: Settings, *, backend: JobBackend | None = None) -> None:
    """Make one round; cheap when there is nothing to do.

    Raises:
        DatabaseError: if the database does not answer.
    """
    backend = backend or LocalBackend(settings)
    now = datetime.now(UTC)
    for job in list_jobs(database, active=True):
        if job.state in ACTIVE:
            _tend_active(database, backend, job, now)
    while claimed := claim_next_job(database, host=backend.host, max_jobs=settings.max_jobs):
        try:
            pid, started = backend.start(claimed)
        except StoreError as error:
            end_job(database, claimed.id, state=JobState.FAILED, exit_reason=str(error))
            continue
        record_process(database, claimed.id, pid=pid, pid_started=started)


def _tend_active(database: Database, backend: JobBackend, job: JobRecord, now: datetime) -> None:
    end = _find_end(backend, job, now)
    if end is not None:
        if job.cancel_requested_at is not None:
            end_job(database, job.id, state=JobState.CANCELLED, exit_reason=f"Cancelled; {end}.")
        else:
            reason = f"It did not finish: {end}. Run it again; what it had finished is kept."
            end_job(database, job.id, state=JobState.LOST, exit_reason=reason)
    elif job.cancel_requested_at is not None and job.host == backend.host:
        waited = now - job.cancel_requested_at
        if waited > TERMINATE_AFTER:
            backend.interrupt(job, force=waited > KILL_AFTER)


def _find_end(backend: JobBackend, job: JobRecord, now: datetime) -> str | None:
    silent = now - (job.heartbeat_at or job.created_at)
    if job.host != backend.host:
        # Another machine's processes cannot be seen from here, only that they fell silent.
        return f"{job.host} fell silent" if silent > _SILENT_FOR else None
    if job.pid is None and silent < _START_WITHIN:
        return None
    return backend.find_end(job)
