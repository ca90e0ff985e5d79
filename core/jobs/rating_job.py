"""A job that makes a rating session and writes its images, so that raters can begin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from core.config import Settings
from core.datasets.study_folders import StudyFolders, require_synthetic
from core.db.database import Database
from core.db.job_record import JobRecord
from core.db.studies import load_study
from core.errors import InputError
from core.jobs._payload import parse_payload
from core.progress import Progress
from core.rating.design import SessionDesign

__all__ = ["NewSession", "RatingJob", "RatingPayload"]


class NewSession(BaseModel):
    """A session that is to be made.

    Attributes:
        folders: the study's sets when it was asked for.
        name: unique among the study's sessions.
        design: what the researcher chose.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folders: StudyFolders
    name: str
    design: SessionDesign


class RatingPayload(BaseModel):
    """What is to be made and prepared.

    Attributes:
        session_id: the rating session. A new one has its id before it is there, so that a job that is run
            again finds what it made.
        new: what is to be made unless it is there; None where only the images are missing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    session_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    new: NewSession | None = None


class RatingJob:
    """Draws a session's images and keeps it, then writes the images into the workspace, all or none."""

    def check(self, payload: Mapping[str, Any]) -> None:
        """Refuse a payload that names no session, or a design that does not fit the study's sets."""
        from core.rating.sampling import check_sets

        new = parse_payload(RatingPayload, payload).new
        if new is not None:
            require_synthetic(new.folders)
            check_sets(
                new.design,
                synthetic=[one.name for one in new.folders.synthetic],
                has_heldout=new.folders.heldout is not None,
            )

    def run(
        self, job: JobRecord, *, database: Database, settings: Settings, progress: Progress
    ) -> dict[str, Any]:
        """Make what is not there yet; the outcome holds `session_id` and the sentences of `giveaways`.

        A session is kept whole before its images are written: where those fail, they can be asked for alone.
        """
        from core.rating.stimuli import load_giveaways, prepare_session

        asked = parse_payload(RatingPayload, job.payload)
        if asked.new is not None:
            _make(job, asked.session_id, asked.new, database, settings, progress)
        prepare_session(database, settings, asked.session_id, progress=progress)
        return {
            "session_id": asked.session_id,
            "giveaways": list(load_giveaways(settings, asked.session_id)),
        }


def _make(
    job: JobRecord,
    session_id: str,
    new: NewSession,
    database: Database,
    settings: Settings,
    progress: Progress,
) -> None:
    """Draw the session from the folders that were the study's when it was asked for."""
    from core.rating.session import create_session

    if job.study_id is None:
        raise InputError("A rating session needs its study; make it from the study's rating sessions.")
    create_session(
        database,
        settings,
        study=replace(load_study(database, job.study_id), folders=new.folders),
        name=new.name,
        design=new.design,
        progress=progress,
        session_id=session_id,
    )
