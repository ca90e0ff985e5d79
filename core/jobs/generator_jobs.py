"""The jobs of one generator, and the sets of images that were drawn from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.datasets.folder_roots import FolderRef
from core.db.database import Database
from core.db.generator_runs import GeneratorRun
from core.db.job_record import JobRecord
from core.db.jobs import list_jobs
from core.generators.sampling_settings import SamplingSettings
from core.jobs.generate_job import GeneratePayload

__all__ = ["DrawnSet", "list_drawn_sets", "list_generator_jobs"]

# A study's jobs of one kind that are looked through; far more than anybody starts.
_MOST_JOBS: Final = 2_000


@dataclass(frozen=True, slots=True)
class DrawnSet:
    """Images that a job drew.

    Attributes:
        job_id: the job.
        name: what users call the set.
        folder: where it lies.
        n_images: images of each class; the class is empty without classes.
        settings: how they were drawn.
        drawn_at: when they were.
    """

    job_id: str
    name: str
    folder: FolderRef
    n_images: Mapping[str, int]
    settings: SamplingSettings
    drawn_at: datetime

    @property
    def total(self) -> int:
        """Images of all classes together."""
        return sum(self.n_images.values())


def list_generator_jobs(
    database: Database, run: GeneratorRun, *, kind: str, active: bool = False
) -> tuple[JobRecord, ...]:
    """List the jobs of a generator, newest first.

    Args:
        database: where jobs are kept.
        run: the generator.
        kind: `train` or `generate`.
        active: only those that wait or run.

    Raises:
        DatabaseError: if the database does not answer.
    """
    jobs = list_jobs(database, active=active, study_id=run.study_id, kind=kind, limit=_MOST_JOBS)
    return tuple(job for job in jobs if job.payload.get("run_id") == run.id)


def list_drawn_sets(database: Database, run: GeneratorRun) -> tuple[DrawnSet, ...]:
    """List the sets that were drawn to their end, newest first; what was run again is there once.

    Raises:
        DatabaseError: if the database does not answer.
    """
    sets: dict[FolderRef, DrawnSet] = {}
    for job in list_generator_jobs(database, run, kind="generate"):
        if job.outcome is None:
            continue
        asked = GeneratePayload.model_validate(job.payload)
        drawn = DrawnSet(
            job_id=job.id,
            name=asked.name,
            folder=asked.place,
            n_images=dict(job.outcome["n_images"]),
            settings=asked.settings,
            drawn_at=job.ended_at or job.created_at,
        )
        sets.setdefault(drawn.folder, drawn)
    return tuple(sets.values())
