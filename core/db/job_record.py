"""What is kept of one background run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

__all__ = ["ACTIVE", "Beat", "JobRecord", "JobState"]


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen."""
        return self not in {JobState.QUEUED, *ACTIVE}


ACTIVE = (JobState.STARTING, JobState.RUNNING)
"""States of jobs that hold a place on a machine."""


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One background run.

    Attributes:
        id: never changes; names the job's folder in the workspace, and what it makes.
        kind: what it does, a key of `core.jobs.kinds.JOB_KINDS`.
        title: one line for lists.
        study_id: the study that it works on, or None.
        payload: what it was asked, as its kind understands it.
        state: where it stands.
        rerun_of: the job that it repeats, or None.
        created_at: when it was asked for.
        started_at: when its process began to work.
        heartbeat_at: when its process last spoke.
        ended_at: when it ended, or was found to have ended.
        cancel_requested_at: when a user asked it to stop.
        stage: what it does right now.
        unit: what its steps are.
        steps_done: steps of the stage that are done.
        steps_total: steps of the stage.
        stage_started_at: when the stage began.
        notices: sentences that its user should read.
        outcome: what it found, as its kind writes it; None until it is done.
        exit_reason: why it ended, when not well.
        host: the machine that runs it.
        pid: its process there.
        pid_started: when that process started, in seconds since 1970, so that a reused pid is told apart.
    """

    id: str
    kind: str
    title: str
    study_id: str | None
    payload: dict[str, Any]
    state: JobState
    rerun_of: str | None
    created_at: datetime
    started_at: datetime | None
    heartbeat_at: datetime | None
    ended_at: datetime | None
    cancel_requested_at: datetime | None
    stage: str
    unit: str
    steps_done: int
    steps_total: int
    stage_started_at: datetime | None
    notices: tuple[str, ...]
    outcome: dict[str, Any] | None
    exit_reason: str
    host: str | None
    pid: int | None
    pid_started: float | None


@dataclass(frozen=True, slots=True)
class Beat:
    """What a running job says each time it speaks."""

    stage: str
    unit: str
    steps_done: int
    steps_total: int
    stage_started_at: datetime | None
    notices: tuple[str, ...]
