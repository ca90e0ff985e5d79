"""A job in words: where it stands, how fast it is, how long it will take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.db.job_record import JobRecord, JobState

__all__ = ["JobDescription", "describe_job", "format_duration"]

_WORDS = {
    JobState.QUEUED: "Waiting",
    JobState.STARTING: "Starting",
    JobState.RUNNING: "Running",
    JobState.DONE: "Done",
    JobState.FAILED: "Failed",
    JobState.CANCELLED: "Cancelled",
    JobState.LOST: "Lost",
}


@dataclass(frozen=True, slots=True)
class JobDescription:
    """What lists and progress bars show of a job.

    Attributes:
        word: its state in one word.
        share: share of the current stage that is done, 0 to 1.
        sentence: what it does now with speed and time left, or why it ended.
    """

    word: str
    share: float
    sentence: str


def describe_job(job: JobRecord, now: datetime) -> JobDescription:
    """Describe a job.

    Args:
        job: the job.
        now: an aware instant.
    """
    if job.state.has_ended:
        took = ""
        if job.started_at is not None and job.ended_at is not None:
            took = f"It took {format_duration(job.ended_at - job.started_at)}."
        return JobDescription(
            _WORDS[job.state],
            float(job.state is JobState.DONE),
            " ".join(filter(None, (job.exit_reason, took))),
        )
    if job.cancel_requested_at is not None:
        return JobDescription("Stopping", _share(job), "It stops at its next step; what is finished is kept.")
    if job.state is JobState.QUEUED:
        return JobDescription(_WORDS[job.state], 0.0, "It starts when a job before it ends.")
    if job.state is JobState.STARTING or job.stage_started_at is None:
        return JobDescription(_WORDS[job.state], 0.0, "Loading the libraries it needs.")
    return JobDescription(_WORDS[job.state], _share(job), _describe_stage(job, now))


def format_duration(duration: timedelta) -> str:
    """Write a duration with the two units that matter: `42 s`, `3 min 5 s`, `2 h 10 min`."""
    seconds = max(0, round(duration.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def _share(job: JobRecord) -> float:
    return min(1.0, job.steps_done / job.steps_total) if job.steps_total else 0.0


def _describe_stage(job: JobRecord, now: datetime) -> str:
    if not job.steps_total:
        # Such a stage does not tell where it stands.
        return job.stage
    text = f"{job.stage}: {job.steps_done:,} of {job.steps_total:,} {job.unit}".strip()
    if job.stage_started_at is None:
        return text
    spent = (now - job.stage_started_at).total_seconds()
    if spent < 2 or not job.steps_done:
        return text
    speed = job.steps_done / spent
    left = timedelta(seconds=max(0, job.steps_total - job.steps_done) / speed)
    return f"{text}, {speed:,.1f} {job.unit}/s, {format_duration(left)} left in this stage"
