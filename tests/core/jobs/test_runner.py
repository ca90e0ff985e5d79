"""The runner: every way in which work can end becomes a state and a sentence."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from core.config import Settings, get_settings
from core.db.database import Database
from core.db.job_record import JobRecord, JobState
from core.db.jobs import add_job, end_job, load_job, request_cancel
from core.errors import CancelledError, DatabaseError, InputError, StoreError
from core.jobs import heartbeat, runner
from core.jobs.kinds import JOB_KINDS
from core.jobs.runner import run_job
from core.progress import Progress

Work = Callable[[Progress], dict[str, Any]]


class PlayedKind:
    """Does what a test says."""

    def __init__(self, work: Work) -> None:
        self.work = work

    def check(self, payload: object) -> None:
        """Accept anything."""

    def run(self, _job: JobRecord, *, progress: Progress, **_: object) -> dict[str, Any]:
        return self.work(progress)


@pytest.fixture
def play(database: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[[Work], JobRecord]:
    """Run work as a job of this process."""

    def run(work: Work) -> JobRecord:
        monkeypatch.setitem(JOB_KINDS._entries, "played", PlayedKind(work))
        monkeypatch.setattr(heartbeat, "_EVERY_S", 0.02)
        job = add_job(database, kind="played", title="Played", payload={})
        state = run_job(database, get_settings(), job.id)
        ended = load_job(database, job.id)
        assert ended.state is state
        return ended

    return run


def test_what_work_returns_is_its_outcome(play: Callable[[Work], JobRecord]) -> None:
    def work(progress: Progress) -> dict[str, Any]:
        progress.start("Counting", 3, "sheep")
        progress.advance()
        progress.advance(2)
        progress.notice("There were few.")
        progress.notice("There were few.")
        return {"sheep": 3}

    ended = play(work)
    assert (ended.state, ended.outcome, ended.exit_reason) == (JobState.DONE, {"sheep": 3}, "")
    # The last beat is made after the work, so that nothing of its progress is lost.
    assert (ended.stage, ended.steps_done, ended.steps_total, ended.unit) == ("Counting", 3, 3, "sheep")
    assert ended.notices == ("There were few.",)
    assert ended.pid == os.getpid()


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (InputError("The folder is gone."), JobState.FAILED, "The folder is gone."),
        (StoreError("The disk is full."), JobState.FAILED, "The disk is full."),
        (CancelledError(), JobState.CANCELLED, "Cancelled; what was finished is kept."),
        (KeyboardInterrupt(), JobState.CANCELLED, "Cancelled; what was finished is kept."),
        (MemoryError(), JobState.FAILED, "too little memory"),
        (KeyError("patient 17"), JobState.FAILED, "unexpected went wrong (KeyError)"),
    ],
)
def test_errors_become_sentences(
    play: Callable[[Work], JobRecord], error: BaseException, state: JobState, reason: str
) -> None:
    def work(_progress: Progress) -> dict[str, Any]:
        raise error

    ended = play(work)
    assert ended.state is state
    assert reason in ended.exit_reason
    assert "patient" not in ended.exit_reason
    assert ended.outcome is None


def test_a_cancel_reaches_the_next_step(database: Database, play: Callable[[Work], JobRecord]) -> None:
    def work(progress: Progress) -> dict[str, Any]:
        progress.start("Counting", 1000)
        request_cancel(database, running_id(database))
        for _ in range(1000):
            progress.advance()
            time.sleep(0.01)
        raise AssertionError("it went on")

    assert play(work).state is JobState.CANCELLED


def running_id(database: Database) -> str:
    from core.db.jobs import list_jobs

    return list_jobs(database, active=True)[0].id


def test_a_signal_stops_work_that_takes_no_steps(play: Callable[[Work], JobRecord]) -> None:
    def work(_progress: Progress) -> dict[str, Any]:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
        time.sleep(20)
        raise AssertionError("it went on")

    started = time.monotonic()
    assert play(work).state is JobState.CANCELLED
    assert time.monotonic() - started < 10
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_database_that_is_away_for_a_while_loses_nothing(
    database: Database, play: Callable[[Work], JobRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    away = [3, 3]
    monkeypatch.setattr(runner, "_END_WAIT_S", 0.01)

    def sometimes(real: Callable[..., Any], place: int) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            away[place] -= 1
            if away[place] >= 0:
                raise DatabaseError("The database is away.")
            return real(*arguments, **named)

        return call

    monkeypatch.setattr(heartbeat, "beat_job", sometimes(heartbeat.beat_job, 0))
    monkeypatch.setattr(runner, "end_job", sometimes(runner.end_job, 1))

    def work(progress: Progress) -> dict[str, Any]:
        progress.start("Counting", 10)
        for _ in range(10):
            progress.advance()
            time.sleep(0.02)
        return {}

    ended = play(work)
    assert (ended.state, ended.steps_done) == (JobState.DONE, 10)
    assert away[1] < 0


def test_a_job_that_was_given_up_stops(database: Database, play: Callable[[Work], JobRecord]) -> None:
    def work(progress: Progress) -> dict[str, Any]:
        progress.start("Counting", 1000)
        end_job(database, running_id(database), state=JobState.LOST, exit_reason="gone")
        for _ in range(1000):
            progress.advance()
            time.sleep(0.01)
        raise AssertionError("it went on")

    with pytest.raises(AssertionError, match="assert"):
        # It ends as cancelled in its own process; the database keeps the end that it was given.
        play(work)


def test_an_ended_job_is_not_run_again(database: Database, settings: Settings) -> None:
    job = add_job(database, kind="demo", title="Demo", payload={})
    request_cancel(database, job.id)
    with pytest.raises(InputError, match="not waiting"):
        run_job(database, settings, job.id)


@pytest.fixture
def settings(database: Database) -> Settings:
    return get_settings()
