"""A job that lays out an audit's feature space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.audit.archive import load_audit_summary
from core.audit.protocol import Execution
from core.config import Settings
from core.datasets.study_folders import confine_to_roots
from core.db.database import Database
from core.db.job_record import JobRecord
from core.jobs._payload import parse_payload
from core.jobs.job_folder import audit_folder
from core.maps.map_options import MapOptions
from core.progress import Progress

__all__ = ["MapJob", "MapPayload"]


class MapPayload(BaseModel):
    """What a map was asked.

    Attributes:
        audit_id: a finished audit.
        extractor: one of its extractors, by name.
        options: neighbours, least distance, seed.
        execution: how missing features are extracted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    audit_id: str
    extractor: str
    options: MapOptions = MapOptions()
    execution: Execution = Execution()


class MapJob:
    """Makes a map of an audit's feature space, confined to the folder roots."""

    def check(self, payload: Mapping[str, Any]) -> None:
        """Refuse a payload that asks for no map."""
        parse_payload(MapPayload, payload)

    def run(
        self, job: JobRecord, *, database: Database, settings: Settings, progress: Progress
    ) -> dict[str, Any]:
        """Make the map; one that is there already stays as it is."""
        from core.maps.feature_map import make_map

        asked = parse_payload(MapPayload, job.payload)
        _, summary = load_audit_summary(database, asked.audit_id)
        key = make_map(
            audit_folder(settings, asked.audit_id),
            summary,
            extractor=asked.extractor,
            options=asked.options,
            execution=asked.execution,
            settings=confine_to_roots(settings),
            progress=progress,
        )
        return {"audit_id": asked.audit_id, "map": key}
