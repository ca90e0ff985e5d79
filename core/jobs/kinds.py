"""What jobs can do, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from core.config import Settings
from core.db.database import Database
from core.db.job_record import JobRecord
from core.jobs.adopt_job import AdoptJob
from core.jobs.audit_job import AuditJob
from core.jobs.bias_job import BiasJob
from core.jobs.check_job import CheckJob
from core.jobs.cleaned_job import CleanedJob
from core.jobs.crop_job import CropJob
from core.jobs.demo_job import DemoJob
from core.jobs.generate_job import GenerateJob
from core.jobs.map_job import MapJob
from core.jobs.measure_job import MeasureJob
from core.jobs.rating_job import RatingJob
from core.jobs.report_job import ReportJob
from core.jobs.train_job import TrainJob
from core.jobs.utility_job import UtilityJob
from core.progress import Progress
from core.registry import Registry

__all__ = ["JOB_KINDS", "JobKind"]


class JobKind(Protocol):
    """One thing that jobs can do. Importing it must be cheap: pages do; `run` imports what is heavy."""

    def check(self, payload: Mapping[str, Any]) -> None:
        """Refuse a payload that `run` would not understand.

        Raises:
            InputError: with what is wrong.
        """

    def run(
        self, job: JobRecord, *, database: Database, settings: Settings, progress: Progress
    ) -> dict[str, Any]:
        """Do the work in the job's own process.

        Running a job again after its process was killed must be safe: what is finished is kept, what is not
        leaves nothing half-written.

        Returns:
            The outcome, as JSON.

        Raises:
            MedSynError: whose message becomes the job's exit reason.
        """


JOB_KINDS: Registry[JobKind] = Registry("kind of job")
JOB_KINDS.register("adopt", AdoptJob())
JOB_KINDS.register("audit", AuditJob())
JOB_KINDS.register("bias", BiasJob())
JOB_KINDS.register("check", CheckJob())
JOB_KINDS.register("cleaned", CleanedJob())
JOB_KINDS.register("crop", CropJob())
JOB_KINDS.register("demo", DemoJob())
JOB_KINDS.register("generate", GenerateJob())
JOB_KINDS.register("map", MapJob())
JOB_KINDS.register("measure", MeasureJob())
JOB_KINDS.register("rating", RatingJob())
JOB_KINDS.register("report", ReportJob())
JOB_KINDS.register("train", TrainJob())
JOB_KINDS.register("utility", UtilityJob())
