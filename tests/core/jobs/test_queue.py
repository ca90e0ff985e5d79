"""The queue with a backend that a test plays: rounds, presses, ends and restarts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import update

from core.config import Settings, get_settings
from core.db.database import Database
from core.db.job_record import JobRecord, JobState
from core.db.jobs import begin_job, load_job
from core.db.tables import JobTable
from core.errors import InputError, StoreError, UnknownNameError
from core.jobs.queue import KILL_AFTER, TERMINATE_AFTER, cancel_job, rerun_job, submit_job, tend_jobs


@dataclass
class PlayedBackend:
    """Starts nothing; a test says which processes are gone."""

    host: str = "here"
    started: list[str] = field(default_factory=list)
    ended: dict[str, str] = field(default_factory=dict)
    signals: list[tuple[str, bool]] = field(default_factory=list)
    fails: bool = False

    def start(self, job: JobRecord) -> tuple[int, float]:
        if self.fails:
            raise StoreError("The job's process cannot be started (no room).")
        self.started.append(job.id)
        return 100 + len(self.started), 1.0

    def find_end(self, job: JobRecord) -> str | None:
        return self.ended.get(job.id)

    def interrupt(self, job: JobRecord, *, force: bool) -> None:
        self.signals.append((job.id, force))


@pytest.fixture
def settings(database: Database) -> Settings:
    return get_settings()


@pytest.fixture
def backend() -> PlayedBackend:
    return PlayedBackend()


def submit(database: Database, settings: Settings, backend: PlayedBackend) -> JobRecord:
    return submit_job(database, settings, kind="demo", payload={"seed": 3}, title="Demo", backend=backend)


def shift(database: Database, job: JobRecord, column: str, by: timedelta) -> None:
    """Move an instant of a job into the past, instead of waiting."""
    then = getattr(load_job(database, job.id), column) - by
    with database.write() as session:
        session.execute(update(JobTable).where(JobTable.id == job.id).values({column: then}))


def test_one_at_a_time_and_the_next_when_it_ends(
    database: Database, settings: Settings, backend: PlayedBackend
) -> None:
    first, second = submit(database, settings, backend), submit(database, settings, backend)
    assert (first.state, first.pid, second.state) == (JobState.STARTING, 101, JobState.QUEUED)
    backend.ended[first.id] = "its process is gone"
    tend_jobs(database, settings, backend=backend)
    lost = load_job(database, first.id)
    assert lost.state is JobState.LOST
    assert (
        lost.exit_reason
        == "It did not finish: its process is gone. Run it again; what it had finished is kept."
    )
    assert backend.started == [first.id, second.id]


def test_a_process_that_cannot_be_started_is_said(
    database: Database, settings: Settings, backend: PlayedBackend
) -> None:
    backend.fails = True
    job = submit(database, settings, backend)
    assert (job.state, job.exit_reason) == (JobState.FAILED, "The job's process cannot be started (no room).")


def test_asking_is_checked(database: Database, settings: Settings, backend: PlayedBackend) -> None:
    known = (
        "known are: adopt, audit, bias, check, cleaned, crop, demo, generate, map, measure, rating, report, "
        "train, utility"
    )
    with pytest.raises(UnknownNameError, match=known):
        submit_job(database, settings, kind="bake", payload={}, title="t", backend=backend)
    with pytest.raises(InputError, match="seed"):
        submit_job(database, settings, kind="demo", payload={"seed": "x"}, title="t", backend=backend)
    with pytest.raises(InputError, match="folders"):
        submit_job(database, settings, kind="audit", payload={}, title="t", backend=backend)
    assert backend.started == []


def test_a_cancel_presses_harder_with_time(
    database: Database, settings: Settings, backend: PlayedBackend
) -> None:
    job = submit(database, settings, backend)
    begin_job(database, job.id, host="here", pid=101, pid_started=1.0)
    cancel_job(database, settings, job.id, backend=backend)
    assert backend.signals == []
    shift(database, job, "cancel_requested_at", TERMINATE_AFTER)
    tend_jobs(database, settings, backend=backend)
    assert backend.signals == [(job.id, False)]
    shift(database, job, "cancel_requested_at", KILL_AFTER - TERMINATE_AFTER)
    tend_jobs(database, settings, backend=backend)
    assert backend.signals[-1] == (job.id, True)
    backend.ended[job.id] = "its process was ended by the signal SIGKILL"
    tend_jobs(database, settings, backend=backend)
    ended = load_job(database, job.id)
    assert ended.state is JobState.CANCELLED
    assert ended.exit_reason == "Cancelled; its process was ended by the signal SIGKILL."


def test_a_job_whose_starter_died_is_found(
    database: Database, settings: Settings, backend: PlayedBackend
) -> None:
    job = submit(database, settings, backend)
    with database.write() as session:
        session.execute(update(JobTable).where(JobTable.id == job.id).values(pid=None))
    backend.ended[job.id] = "its process never began"
    tend_jobs(database, settings, backend=backend)
    assert load_job(database, job.id).state is JobState.STARTING
    shift(database, job, "heartbeat_at", timedelta(seconds=61))
    tend_jobs(database, settings, backend=backend)
    assert load_job(database, job.id).state is JobState.LOST


def test_another_machines_jobs_are_left_alone_until_they_fall_silent(
    database: Database, settings: Settings, backend: PlayedBackend
) -> None:
    job = submit(database, settings, backend)
    elsewhere = PlayedBackend(host="elsewhere", ended={job.id: "gone"})
    tend_jobs(database, settings, backend=elsewhere)
    assert load_job(database, job.id).state is JobState.STARTING
    cancel_job(database, settings, job.id, backend=elsewhere)
    shift(database, job, "cancel_requested_at", KILL_AFTER)
    tend_jobs(database, settings, backend=elsewhere)
    assert elsewhere.signals == []
    shift(database, job, "heartbeat_at", timedelta(minutes=6))
    tend_jobs(database, settings, backend=elsewhere)
    assert "here fell silent" in load_job(database, job.id).exit_reason


def test_only_ended_jobs_are_run_again(
    database: Database, settings: Settings, backend: PlayedBackend
) -> None:
    job = submit(database, settings, backend)
    with pytest.raises(InputError, match="cancel it before"):
        rerun_job(database, settings, job.id, backend=backend)
    backend.ended[job.id] = "gone"
    tend_jobs(database, settings, backend=backend)
    again = rerun_job(database, settings, job.id, backend=backend)
    assert (again.rerun_of, again.payload, again.state) == (job.id, {"seed": 3}, JobState.STARTING)


def test_a_cancelled_queue_starts_nothing(
    database: Database, settings: Settings, backend: PlayedBackend
) -> None:
    first, second = submit(database, settings, backend), submit(database, settings, backend)
    assert cancel_job(database, settings, second.id, backend=backend).state is JobState.CANCELLED
    backend.ended[first.id] = "gone"
    tend_jobs(database, settings, backend=backend)
    assert backend.started == [first.id]
