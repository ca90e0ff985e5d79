"""A job that takes over a generator that was trained elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from core.config import Settings
from core.datasets.folder_roots import FolderRef, resolve_folder
from core.datasets.study_folders import confine_to_roots
from core.db.database import Database
from core.db.generator_runs import claim_generator_name, create_generator_run, list_generator_runs
from core.db.job_record import JobRecord
from core.jobs._payload import parse_payload
from core.jobs.job_folder import generator_folder
from core.progress import Progress

__all__ = ["AdoptJob", "AdoptPayload"]


class AdoptPayload(BaseModel):
    """What is to be taken over.

    Attributes:
        run_id: the id that it gets.
        study_id: the study that it joins.
        name: what users call it there.
        folder: where it lies.
        real: the study's real images.
        labels: CSV of their classes, or None.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    study_id: str
    name: Annotated[str, Field(min_length=1, max_length=60)]
    folder: FolderRef
    real: FolderRef
    labels: FolderRef | None = None


class AdoptJob:
    """Copies a run from below the folder roots into the workspace, and keeps it among the generators."""

    def check(self, payload: Mapping[str, Any]) -> None:
        """Refuse a payload that names no run."""
        parse_payload(AdoptPayload, payload)

    def run(
        self, job: JobRecord, *, database: Database, settings: Settings, progress: Progress
    ) -> dict[str, Any]:
        """Take the run over; the outcome holds `run_id`."""
        from core.generators.adoption import adopt_run
        from core.generators.run_folder import RunFolder

        asked = parse_payload(AdoptPayload, job.payload)
        known = [*list_generator_runs(database), *list_generator_runs(database, removed=True)]
        if asked.run_id in {one.id for one in known}:
            # The process was killed after its last step.
            return {"run_id": asked.run_id}
        claim_generator_name(database, asked.study_id, asked.name)
        found = adopt_run(
            resolve_folder(asked.folder, settings),
            RunFolder(generator_folder(settings, asked.run_id)),
            settings=confine_to_roots(settings),
            progress=progress,
        )
        create_generator_run(
            database,
            study_id=asked.study_id,
            name=asked.name,
            family=found.record.family,
            preset="",
            options=found.options.model_dump(mode="json"),
            real=asked.real,
            labels=asked.labels,
            run_id=asked.run_id,
        )
        return {"run_id": asked.run_id}
