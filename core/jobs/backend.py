"""What starts, watches and stops the processes of jobs."""

from __future__ import annotations

from typing import Protocol

from core.db.job_record import JobRecord

__all__ = ["JobBackend"]


class JobBackend(Protocol):
    """One way to run jobs: processes of this machine, or the jobs of a cluster's scheduler.

    A backend knows nothing of the queue's order, of retries or of what a job does; `core.jobs.queue` does.
    """

    @property
    def host(self) -> str:
        """What jobs of this backend carry as their host; others' jobs are left to others."""

    def start(self, job: JobRecord) -> tuple[int, float]:
        """Start `python -m core job run ID` for a claimed job, in a session of its own.

        Returns:
            The process's id and when it started, in seconds since 1970.

        Raises:
            StoreError: if it cannot be started.
        """

    def find_end(self, job: JobRecord) -> str | None:
        """How the job's process ended, as the middle of a sentence; None while it is there."""

    def interrupt(self, job: JobRecord, *, force: bool) -> None:
        """Signal the job's whole process group to stop, or with `force` end it; a no-op when it is gone."""
