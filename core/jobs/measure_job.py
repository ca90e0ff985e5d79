"""A job that measures what drawing from a generator costs on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from core.config import Settings
from core.db.database import Database
from core.db.generator_runs import load_generator_run
from core.db.job_record import JobRecord
from core.generators.sampling_settings import SamplingSettings
from core.jobs._payload import parse_payload
from core.jobs.job_folder import generator_folder
from core.jobs.train_job import read_options
from core.progress import Progress

__all__ = ["MeasureJob", "MeasurePayload"]


class MeasurePayload(BaseModel):
    """What is to be measured.

    Attributes:
        run_id: the generator.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class MeasureJob:
    """Draws from a generator and keeps memory and time with it, in place of what was measured before."""

    def check(self, payload: Mapping[str, Any]) -> None:
        """Refuse a payload that names no generator."""
        parse_payload(MeasurePayload, payload)

    def run(
        self, job: JobRecord, *, database: Database, settings: Settings, progress: Progress
    ) -> dict[str, Any]:
        """Measure as training does at its end; the outcome holds `run_id`."""
        from core.features.base import Device
        from core.features.device import resolve_device
        from core.generators.efficiency import measure_efficiency
        from core.generators.run_folder import RunFolder

        record = load_generator_run(database, parse_payload(MeasurePayload, job.payload).run_id)
        measure_efficiency(
            RunFolder(generator_folder(settings, record.id)),
            device=resolve_device(Device.AUTO),
            settings=SamplingSettings(precision=read_options(record).precision),
            progress=progress,
        )
        return {"run_id": record.id}
