"""A job that draws images from a generator of the workspace, as a folder that studies can name."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from core.config import GENERATED_ROOT, Settings
from core.datasets.folder_roots import FolderRef, find_root
from core.datasets.study import clean_name
from core.db.database import Database
from core.db.generator_runs import GeneratorRun, load_generator_run
from core.db.job_record import JobRecord
from core.errors import InputError
from core.generators.sampling_settings import SamplingSettings
from core.jobs._payload import parse_payload
from core.jobs.job_folder import generator_folder
from core.progress import Progress

__all__ = ["GenerateJob", "GeneratePayload", "place_images"]


class GeneratePayload(BaseModel):
    """What is to be drawn.

    Attributes:
        run_id: the generator.
        name: what users call the set.
        place: where images are drawn to, below the root of generated images.
        count: images in all; shared out over classes as among the training images.
        classes: draw these alone; empty draws all.
        settings: how images are drawn.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    name: Annotated[str, Field(min_length=1, max_length=80)]
    place: FolderRef
    count: Annotated[int, Field(ge=1, le=1_000_000)]
    classes: tuple[str, ...] = ()
    settings: SamplingSettings = SamplingSettings()


class GenerateJob:
    """Draws into a folder of its own below the root of generated images."""

    def check(self, payload: Mapping[str, Any]) -> None:
        """Refuse a payload that names no generator, draws nothing, or draws elsewhere."""
        place = parse_payload(GeneratePayload, payload).place
        if place.root != GENERATED_ROOT or not place.path:
            raise InputError(f"Images are drawn into a folder below {GENERATED_ROOT!r}, not into {place}.")

    def run(
        self, job: JobRecord, *, database: Database, settings: Settings, progress: Progress
    ) -> dict[str, Any]:
        """Draw; the same images as `python -m core generate` with the same weights, seed and settings.

        The outcome holds `run_id`, `name`, `folder` (a `FolderRef`) and `n_images` of each class.
        """
        from core.features.base import Device
        from core.features.device import resolve_device
        from core.generators.generation import generate_images
        from core.generators.run_folder import RunFolder

        asked = parse_payload(GeneratePayload, job.payload)
        record = load_generator_run(database, asked.run_id)
        written = generate_images(
            RunFolder(generator_folder(settings, record.id)),
            count=asked.count,
            output=find_root(asked.place, settings) / asked.place.path,
            class_names=asked.classes,
            settings=asked.settings,
            device=resolve_device(Device.AUTO),
            progress=progress,
        )
        return {
            "run_id": record.id,
            "name": asked.name,
            "folder": asked.place.model_dump(mode="json"),
            "n_images": written,
        }


def place_images(run: GeneratorRun, name: str) -> FolderRef:
    """Choose a new folder for images of a generator, called so that people recognise it."""
    parts = (f"{clean_name(run.name)} {run.id[:6]}", f"{clean_name(name)} {secrets.token_hex(3)}")
    return FolderRef(root=GENERATED_ROOT, path="/".join(parts))
