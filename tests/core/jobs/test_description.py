"""A job in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.db.job_record import JobRecord, JobState
from core.jobs.description import describe_job, format_duration

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def job(state: JobState, **other: object) -> JobRecord:
    values: dict[str, object] = dict.fromkeys(JobRecord.__dataclass_fields__)
    values |= {
        "id": "a", "kind": "audit", "title": "t", "payload": {}, "state": state, "created_at": NOW, "stage": "",
        "unit": "", "steps_done": 0, "steps_total": 0, "notices": (), "exit_reason": "",
    }  # fmt: skip
    return JobRecord(**values | other)  # type: ignore[arg-type]


def running(done: int, total: int, seconds: float) -> JobRecord:
    return job(
        JobState.RUNNING,
        stage="Reading real",
        unit="images",
        steps_done=done,
        steps_total=total,
        stage_started_at=NOW - timedelta(seconds=seconds),
    )


def test_speed_and_time_left() -> None:
    about = describe_job(running(100, 400, 10), NOW)
    assert about.word == "Running"
    assert about.share == 0.25
    assert about.sentence == "Reading real: 100 of 400 images, 10.0 images/s, 30 s left in this stage"


def test_no_speed_before_there_is_one() -> None:
    assert describe_job(running(0, 400, 10), NOW).sentence == "Reading real: 0 of 400 images"
    assert describe_job(running(5, 400, 1), NOW).sentence == "Reading real: 5 of 400 images"


def test_more_steps_than_announced_stay_within_the_bar() -> None:
    assert describe_job(running(500, 400, 10), NOW).share == 1.0
    assert describe_job(running(0, 0, 10), NOW).share == 0.0


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (JobState.QUEUED, "Waiting"),
        (JobState.STARTING, "Starting"),
        (JobState.DONE, "Done"),
        (JobState.FAILED, "Failed"),
        (JobState.CANCELLED, "Cancelled"),
        (JobState.LOST, "Lost"),
    ],
)
def test_words(state: JobState, word: str) -> None:
    assert describe_job(job(state), NOW).word == word


def test_a_job_that_was_asked_to_stop_is_stopping() -> None:
    asked = job(JobState.RUNNING, cancel_requested_at=NOW)
    assert describe_job(asked, NOW).word == "Stopping"


def test_an_end_has_its_reason_and_duration() -> None:
    ended = job(
        JobState.FAILED,
        exit_reason="The folder is gone.",
        started_at=NOW - timedelta(seconds=75),
        ended_at=NOW,
    )
    assert describe_job(ended, NOW).sentence == "The folder is gone. It took 1 min 15 s."


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (-5, "0 s"),
        (59.6, "1 min 0 s"),
        (61, "1 min 1 s"),
        (3599, "59 min 59 s"),
        (7800, "2 h 10 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == text


def test_a_stage_without_steps_is_only_named() -> None:
    about = describe_job(job(JobState.RUNNING, stage="UMAP in 2 dimensions", stage_started_at=NOW), NOW)
    assert (about.sentence, about.share) == ("UMAP in 2 dimensions", 0.0)
