"""Generators of a workspace: tiny ones, trained in the test's own process."""

from __future__ import annotations

from typing import Any

from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import StudyFolders
from core.db.database import open_database
from core.db.generator_runs import GeneratorRun, create_generator_run
from core.db.job_record import JobRecord
from core.db.jobs import add_job, load_job
from core.db.studies import StudyRecord, save_study
from core.generators.dcgan_options import DcganOptions
from core.generators.run_folder import RunFolder
from core.jobs.generate_job import place_images
from core.jobs.job_folder import generator_folder
from core.jobs.runner import run_job
from tests.images import write_images

__all__ = [
    "OPTIONS",
    "ask_images",
    "ask_training",
    "find_folder",
    "finish",
    "keep_generator",
    "keep_real_study",
]

OPTIONS = DcganOptions(
    size_px=32, latent=8, width=8, batch_size=8, n_images=48, is_conditional=True, snapshot_images=16
)


def keep_real_study(name: str = "Films") -> StudyRecord:
    """Save a study of 16 real images in two classes and nothing else."""
    settings = get_settings()
    write_images(settings.home / "data" / "real", 16, seed=1, classes=("a", "b"))
    folders = StudyFolders(real=FolderRef(root="data", path="real"), synthetic=())
    return save_study(open_database(settings), name=name, folders=folders)


def keep_generator(study: StudyRecord, name: str = "Small GAN", **options: Any) -> GeneratorRun:
    """Keep a DCGAN that was not trained yet."""
    chosen = OPTIONS.model_copy(update=options)
    return create_generator_run(
        open_database(get_settings()),
        study_id=study.id,
        name=name,
        family="dcgan",
        preset="smoke",
        options=chosen.model_dump(mode="json"),
        real=study.folders.real,
        labels=study.folders.labels,
    )


def find_folder(run: GeneratorRun) -> RunFolder:
    """Where a generator's files lie."""
    return RunFolder(generator_folder(get_settings(), run.id))


def ask_training(run: GeneratorRun) -> JobRecord:
    """Put a training into the queue without starting its process."""
    return add_job(
        open_database(get_settings()),
        kind="train",
        title=f"Training of {run.name}",
        payload={"run_id": run.id, "tensorboard": False},
        study_id=run.study_id,
    )


def ask_images(run: GeneratorRun, name: str = "drawn", *, count: int = 6, **asked: Any) -> JobRecord:
    """Put the drawing of images into the queue without starting its process."""
    payload = {
        "run_id": run.id,
        "name": name,
        "place": place_images(run, name).model_dump(mode="json"),
        "count": count,
    }
    return add_job(
        open_database(get_settings()),
        kind="generate",
        title=f"{count} images of {run.name}",
        payload=payload | asked,
        study_id=run.study_id,
    )


def finish(job: JobRecord) -> JobRecord:
    """Run a job to its end in this process."""
    database = open_database(get_settings())
    run_job(database, get_settings(), job.id)
    return load_job(database, job.id)
