"""Runs one job in this process: the work on the main thread, the heartbeat beside it."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

from core.config import Settings
from core.db.database import Database
from core.db.job_record import JobRecord, JobState
from core.db.jobs import begin_job, end_job
from core.errors import CancelledError, DatabaseError, InputError, MedSynError
from core.jobs.heartbeat import Heartbeat
from core.jobs.kinds import JOB_KINDS
from core.jobs.local_backend import LocalBackend, own_start_time
from core.jobs.queue import tend_jobs

__all__ = ["run_job"]

_log = logging.getLogger("medsynaudit.jobs")

# A result is hours of work: a database that restarts must not lose it.
_END_TRIES, _END_WAIT_S = 30, 10.0


def run_job(database: Database, settings: Settings, job_id: str) -> JobState:
    """Run a job that waits, or that was claimed for this process, to its end.

    Args:
        database: where jobs are kept.
        settings: the workspace.
        job_id: the job.

    Returns:
        How it ended; also in the database, unless that stays away.

    Raises:
        InputError: if the job is not to be run: it ended, or another process has it.
        UnknownNameError: if there is none of that id.
        DatabaseError: if the database does not answer at the start.
    """
    host = LocalBackend(settings).host
    job = begin_job(database, job_id, host=host, pid=os.getpid(), pid_started=own_start_time())
    if job is None:
        raise InputError(f"The job {job_id} is not waiting: it has ended, or another process runs it.")
    _log.info("%s, job %s", job.title, job.id)
    heartbeat = Heartbeat(database, job.id)
    started = time.monotonic()
    previous = signal.signal(signal.SIGTERM, _stop)
    try:
        with heartbeat:
            state, reason, outcome = _work(job, database, settings, heartbeat)
        # From here on there is nothing left to stop, only an end to write down.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _log.info("%s after %.1f s%s", state.value, time.monotonic() - started, f": {reason}" * bool(reason))
        _persist(lambda: end_job(database, job.id, state=state, exit_reason=reason, outcome=outcome))
    finally:
        signal.signal(signal.SIGTERM, previous)
    with suppress(DatabaseError):
        tend_jobs(database, settings)
    return state


def _work(
    job: JobRecord, database: Database, settings: Settings, heartbeat: Heartbeat
) -> tuple[JobState, str, dict[str, Any] | None]:
    """Do the work; every way in which it can end becomes a state and a sentence."""
    try:
        outcome = JOB_KINDS[job.kind].run(job, database=database, settings=settings, progress=heartbeat)
    except (CancelledError, KeyboardInterrupt):
        return JobState.CANCELLED, "Cancelled; what was finished is kept.", None
    except MedSynError as error:
        return JobState.FAILED, str(error), None
    except MemoryError:
        reason = "The machine has too little memory free for it; choose a smaller batch size or resolution."
        return JobState.FAILED, reason, None
    except Exception as error:
        # The one place where anything may be caught: whoever reads the job must learn that it ended.
        _log.exception("unexpected error")
        reason = f"Something unexpected went wrong ({type(error).__name__}); its log has the details."
        return JobState.FAILED, reason, None
    return JobState.DONE, "", outcome


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise CancelledError


def _persist(write: Callable[[], object]) -> None:
    for attempt in range(_END_TRIES):
        try:
            write()
            return
        except DatabaseError as error:
            _log.warning("%s", error)
            if attempt + 1 < _END_TRIES:
                time.sleep(_END_WAIT_S)
    sys.exit(1)
