"""The queue's rows: order, places, claims and ends, whoever asks at the same time."""

from __future__ import annotations

import threading
import time

import pytest

from core.db.database import Database
from core.db.job_record import Beat, JobRecord, JobState
from core.db.jobs import (
    add_job,
    beat_job,
    begin_job,
    claim_next_job,
    end_job,
    list_jobs,
    load_job,
    record_process,
    request_cancel,
)
from core.errors import UnknownNameError

BEAT = Beat("Reading real", "images", 3, 9, None, ("Read me.",))


def add(database: Database, title: str = "t") -> JobRecord:
    return add_job(database, kind="demo", title=title, payload={"seed": 1})


def begin(database: Database, job: JobRecord) -> JobRecord | None:
    return begin_job(database, job.id, host="here", pid=7, pid_started=1.5)


def test_a_job_from_queue_to_end(database: Database) -> None:
    job = add(database)
    assert (job.state, job.payload, job.notices, job.pid) == (JobState.QUEUED, {"seed": 1}, (), None)
    claimed = claim_next_job(database, host="here", max_jobs=1)
    assert claimed is not None
    assert (claimed.id, claimed.state, claimed.host) == (job.id, JobState.STARTING, "here")
    record_process(database, job.id, pid=7, pid_started=1.5)
    running = begin(database, job)
    assert running is not None
    assert (running.state, running.pid, running.pid_started) == (JobState.RUNNING, 7, 1.5)
    assert not beat_job(database, job.id, BEAT)
    seen = load_job(database, job.id)
    assert (seen.stage, seen.steps_done, seen.steps_total, seen.notices) == (
        "Reading real",
        3,
        9,
        ("Read me.",),
    )
    assert end_job(database, job.id, state=JobState.DONE, outcome={"audit_id": job.id})
    done = load_job(database, job.id)
    assert done.state.has_ended
    assert done.outcome == {"audit_id": job.id}
    assert done.created_at <= done.started_at <= done.heartbeat_at <= done.ended_at


def test_first_come_first_served_and_places_are_limited(database: Database) -> None:
    jobs = [add(database) for _ in range(3)]
    assert [one.id for one in list_jobs(database)] == [job.id for job in reversed(jobs)]
    for job in jobs[:2]:
        claimed = claim_next_job(database, host="here", max_jobs=2)
        assert claimed is not None
        assert claimed.id == job.id
    assert claim_next_job(database, host="here", max_jobs=2) is None
    other = claim_next_job(database, host="there", max_jobs=2)
    assert other is not None
    assert other.id == jobs[2].id


def test_no_job_is_claimed_twice(database: Database) -> None:
    for _ in range(12):
        add(database)
    claimed: list[str] = []

    def claim() -> None:
        while (job := claim_next_job(database, host="here", max_jobs=8)) is not None:
            claimed.append(job.id)

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len(set(claimed)) == 8


def test_only_its_own_process_begins_a_claimed_job(database: Database) -> None:
    job = add(database)
    claim_next_job(database, host="here", max_jobs=1)
    record_process(database, job.id, pid=7, pid_started=1.5)
    assert begin_job(database, job.id, host="here", pid=8, pid_started=2.0) is None
    assert begin_job(database, job.id, host="there", pid=7, pid_started=1.5) is None
    assert begin(database, job) is not None
    assert begin(database, job) is None


def test_a_process_may_note_itself_before_its_parent_does(database: Database) -> None:
    job = add(database)
    claim_next_job(database, host="here", max_jobs=1)
    assert begin(database, job) is not None
    record_process(database, job.id, pid=99, pid_started=9.0)
    assert load_job(database, job.id).pid == 7


def test_cancelling(database: Database) -> None:
    waiting, running = add(database), add(database)
    assert request_cancel(database, waiting.id).state is JobState.CANCELLED
    begin(database, running)
    asked = request_cancel(database, running.id)
    assert asked.state is JobState.RUNNING
    assert asked.cancel_requested_at is not None
    assert beat_job(database, running.id, BEAT)
    again = request_cancel(database, running.id)
    assert again.cancel_requested_at == asked.cancel_requested_at
    end_job(database, running.id, state=JobState.CANCELLED)
    assert request_cancel(database, running.id).state is JobState.CANCELLED


def test_an_end_stays(database: Database) -> None:
    job = add(database)
    begin(database, job)
    assert end_job(database, job.id, state=JobState.LOST, exit_reason="gone")
    assert not end_job(database, job.id, state=JobState.DONE)
    assert load_job(database, job.id).state is JobState.LOST
    # The lost job's process is told to stop, should it still be there.
    assert beat_job(database, job.id, BEAT)
    assert begin(database, job) is None


def test_lists_can_be_narrowed(database: Database) -> None:
    first = add(database)
    begin(database, first)
    end_job(database, first.id, state=JobState.DONE)
    second = add(database)
    assert [one.id for one in list_jobs(database, active=True)] == [second.id]
    assert [one.id for one in list_jobs(database, kind="audit")] == []
    assert len(list_jobs(database, kind="demo", limit=1)) == 1


def test_a_job_that_is_not_there(database: Database) -> None:
    with pytest.raises(UnknownNameError, match="no job 'zz'"):
        load_job(database, "zz")
    with pytest.raises(UnknownNameError, match="no job 'zz'"):
        request_cancel(database, "zz")


@pytest.mark.alone
def test_looking_at_the_queue_is_quick_with_many_jobs(database: Database) -> None:
    for _ in range(60):
        end_job(database, add(database).id, state=JobState.DONE)
    started = time.perf_counter()
    for _ in range(20):
        claim_next_job(database, host="elsewhere", max_jobs=0)
    assert time.perf_counter() - started < 2
