"""A job that trains a generator, or goes on with one that was stopped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.config import Settings
from core.datasets.folder_roots import resolve_file, resolve_folder
from core.datasets.study_folders import confine_to_roots
from core.db.database import Database
from core.db.generator_runs import GeneratorRun, load_generator_run
from core.db.job_record import JobRecord
from core.errors import InputError
from core.generators.families import FAMILIES
from core.generators.options import GeneratorOptions
from core.jobs._payload import parse_payload
from core.jobs.job_folder import generator_folder
from core.progress import Progress
from core.validation import explain_first

__all__ = ["TrainJob", "TrainPayload", "read_options"]


class TrainPayload(BaseModel):
    """What is to be trained.

    Attributes:
        run_id: the generator, which the database holds with all that decides its weights.
        tensorboard: whether logs for TensorBoard are written beside the losses.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    tensorboard: bool = False


class TrainJob:
    """Trains on a study's real images, confined to the folder roots, in the generator's own folder."""

    def check(self, payload: Mapping[str, Any]) -> None:
        """Refuse a payload that names no generator."""
        parse_payload(TrainPayload, payload)

    def run(
        self, job: JobRecord, *, database: Database, settings: Settings, progress: Progress
    ) -> dict[str, Any]:
        """Train until it is done; the same weights as `python -m core train` with the same images.

        A job that was stopped leaves a checkpoint, and the next one of the same generator goes on from it.
        The outcome holds `run_id`.
        """
        from core.generators.run_folder import RunFolder
        from core.generators.training_run import run_training
        from core.output_folder import check_output_folder

        asked = parse_payload(TrainPayload, job.payload)
        record = load_generator_run(database, asked.run_id)
        folder = generator_folder(settings, record.id)
        check_output_folder(folder)
        run_training(
            record.family,
            read_options(record),
            real=resolve_folder(record.real, settings),
            labels=None if record.labels is None else resolve_file(record.labels, settings),
            run=RunFolder(folder),
            tensorboard=asked.tensorboard,
            settings=confine_to_roots(settings),
            progress=progress,
        )
        return {"run_id": record.id}


def read_options(record: GeneratorRun) -> GeneratorOptions:
    """The options of a generator, as its family understands them.

    Raises:
        UnknownNameError: if there is no such family.
        InputError: if they are of another version.
    """
    try:
        return FAMILIES[record.family].options.model_validate(record.options)
    except ValidationError as error:
        raise InputError(
            f"The settings of {record.name} are of another version ({explain_first(error)}); train it anew."
        ) from error
