"""A job that writes the images of a rating session, so that raters can begin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.config import Settings
from core.db.database import Database
from core.db.job_record import JobRecord
from core.jobs._payload import parse_payload
from core.progress import Progress

__all__ = ["RatingJob", "RatingPayload"]


class RatingPayload(BaseModel):
    """What is to be prepared.

    Attributes:
        session_id: the rating session.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    session_id: str


class RatingJob:
    """Writes a session's images into the workspace, all or none."""

    def check(self, payload: Mapping[str, Any]) -> None:
        """Refuse a payload that names no session."""
        parse_payload(RatingPayload, payload)

    def run(
        self, job: JobRecord, *, database: Database, settings: Settings, progress: Progress
    ) -> dict[str, Any]:
        """Write the images; the outcome holds `session_id` and the sentences of `giveaways`."""
        from core.rating.stimuli import load_giveaways, prepare_session

        asked = parse_payload(RatingPayload, job.payload)
        prepare_session(database, settings, asked.session_id, progress=progress)
        return {
            "session_id": asked.session_id,
            "giveaways": list(load_giveaways(settings, asked.session_id)),
        }
