"""What users ask of generators, put into the queue: one function a kind of job."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from core.config import Settings
from core.datasets.folder_roots import FolderRef
from core.db.database import Database
from core.db.generator_runs import GeneratorRun, claim_generator_name
from core.db.job_record import JobRecord
from core.db.jobs import list_jobs
from core.db.studies import StudyRecord
from core.errors import InputError
from core.generators.sampling_settings import SamplingSettings
from core.jobs._submit import submit_payload
from core.jobs.adopt_job import AdoptPayload
from core.jobs.generate_job import place_images
from core.jobs.measure_job import MeasurePayload
from core.jobs.queue import submit_job
from core.jobs.train_job import TrainPayload

__all__ = [
    "submit_adopt",
    "submit_generate",
    "submit_measure",
    "submit_train",
]


def submit_adopt(
    database: Database, settings: Settings, study: StudyRecord, *, folder: FolderRef, name: str
) -> JobRecord:
    """Ask for a generator that was trained elsewhere to be taken over into a study.

    Raises:
        InputError: if the name is none or taken.
        DatabaseError: if the database does not answer.
    """
    name = claim_generator_name(database, study.id, name)
    payload = AdoptPayload(
        run_id=secrets.token_hex(8),
        study_id=study.id,
        name=name,
        folder=folder,
        real=study.folders.real,
        labels=study.folders.labels,
    )
    return submit_payload(
        database, settings, "adopt", payload, title=f"Bringing in {name}", study_id=study.id
    )


def submit_generate(
    database: Database,
    settings: Settings,
    run: GeneratorRun,
    *,
    name: str,
    count: int,
    classes: Sequence[str] = (),
    sampling: SamplingSettings,
) -> JobRecord:
    """Ask for images of a generator, as a folder below the root of generated images.

    Raises:
        InputError: if the name does not fit, or the number of images is not possible.
        DatabaseError: if the database does not answer.
    """
    name = " ".join(name.split())
    payload = {
        "run_id": run.id,
        "name": name,
        "place": place_images(run, name).model_dump(mode="json"),
        "count": count,
        "classes": list(classes),
        "settings": sampling.model_dump(mode="json"),
    }
    return submit_job(
        database,
        settings,
        kind="generate",
        payload=payload,
        title=f"{count:,} images of {run.name}",
        study_id=run.study_id,
    )


def submit_measure(database: Database, settings: Settings, run: GeneratorRun) -> JobRecord:
    """Ask for what drawing from a generator costs to be measured on this machine.

    Raises:
        InputError: if it is being trained, which measures it at its end.
        DatabaseError: if the database does not answer.
    """
    for job in list_jobs(database, active=True, study_id=run.study_id, kind="train"):
        if job.payload.get("run_id") == run.id:
            raise InputError(f"{run.name} is being trained, and is measured when that ends.")
    payload = MeasurePayload(run_id=run.id)
    return submit_payload(
        database, settings, "measure", payload, title=f"Cost of {run.name}", study_id=run.study_id
    )


def submit_train(
    database: Database, settings: Settings, run: GeneratorRun, *, tensorboard: bool = False
) -> JobRecord:
    """Ask for a generator to be trained, or for its training to go on.

    Raises:
        InputError: if it is being trained already.
        DatabaseError: if the database does not answer.
    """
    for job in list_jobs(database, active=True, study_id=run.study_id, kind="train"):
        if job.payload.get("run_id") == run.id:
            raise InputError(f"{run.name} is being trained already; cancel that job first.")
    payload = TrainPayload(run_id=run.id, tensorboard=tensorboard)
    return submit_payload(
        database, settings, "train", payload, title=f"Training of {run.name}", study_id=run.study_id
    )
