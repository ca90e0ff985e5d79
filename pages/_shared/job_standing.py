"""Where jobs stand, as the browser shows it while they run."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from core.db.job_record import JobRecord
from core.db.jobs import list_jobs
from core.jobs.description import describe_job
from pages._shared.workspace import open_workspace

__all__ = ["encode_jobs", "list_active_jobs"]

_SERVER: Final = secrets.token_hex(8)


def list_active_jobs(*, study_id: str | None = None, kind: str | None = None) -> tuple[JobRecord, ...]:
    """List jobs that wait or run, newest first.

    Args:
        study_id: only this study's.
        kind: only jobs of this kind.
    """
    _, database = open_workspace()
    return list_jobs(database, active=True, study_id=study_id, kind=kind)


def encode_jobs(jobs: Iterable[JobRecord]) -> dict[str, Any]:
    """Lay out where jobs stand.

    Returns:
        `server`, which names this process, and `jobs`: of each id, title, word, sentence, share (0 to 1) and
        whether it is to stop.
    """
    now = datetime.now(UTC)
    found = []
    for job in jobs:
        about = describe_job(job, now)
        found.append(
            {
                "id": job.id,
                "title": job.title,
                "word": about.word,
                "sentence": about.sentence,
                "share": about.share,
                "stopping": job.cancel_requested_at is not None,
            }
        )
    return {"server": _SERVER, "jobs": found}
