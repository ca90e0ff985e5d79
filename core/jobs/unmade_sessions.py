"""Rating sessions that were asked for and are not there yet: their jobs wait, run, or ended without one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from core.db.database import Database
from core.db.job_record import JobRecord
from core.db.jobs import list_jobs
from core.db.rating_names import check_session_name
from core.db.rating_sessions import list_rating_sessions
from core.errors import InputError
from core.jobs._payload import parse_payload
from core.jobs.rating_job import NewSession, RatingPayload

__all__ = ["UnmadeSession", "claim_session_name", "list_unmade_sessions"]


@dataclass(frozen=True, slots=True)
class UnmadeSession:
    """A session that a job is to make.

    Attributes:
        id: the session's, once it is there.
        asked: what it is to be.
        job: the newest job that was to make it.
    """

    id: str
    asked: NewSession
    job: JobRecord


def list_unmade_sessions(database: Database) -> tuple[UnmadeSession, ...]:
    """List what was asked for and is not there, newest first.

    Raises:
        DatabaseError: if the database does not answer.
    """
    jobs = list_jobs(database, kind="rating")
    # Asked after the jobs: a session that was made meanwhile is not counted as missing.
    made = {one.id for one in list_rating_sessions(database)}
    newest: dict[str, UnmadeSession] = {}
    for job in jobs:
        session_id = str(job.payload.get("session_id"))
        if session_id in made or session_id in newest or job.payload.get("new") is None:
            continue
        # What another version was asked, and this one does not understand, is left to the list of jobs.
        with suppress(InputError):
            asked = parse_payload(RatingPayload, job.payload).new
            if asked is not None:
                newest[session_id] = UnmadeSession(session_id, asked, job)
    return tuple(newest.values())


def claim_session_name(database: Database, study_id: str, name: str) -> str:
    """Refuse a name that a session of the study has, or one that is being made; making it asks once more.

    Returns:
        The name as it is kept, with single spaces.

    Raises:
        InputError: if it is no name, or is taken, whatever its case.
        DatabaseError: if the database does not answer.
    """
    name = check_session_name(database, study_id, name)
    for one in list_unmade_sessions(database):
        is_near = one.job.study_id == study_id and not one.job.state.has_ended
        if is_near and one.asked.name.casefold() == name.casefold():
            raise InputError(
                f"A rating session called {one.asked.name!r} is being made; choose another name."
            )
    return name
