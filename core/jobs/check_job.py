"""A job that reads every file of a study's sets, before or after the study is saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from core.audit.result import Duplicates, SetSummary
from core.config import Settings
from core.datasets.dicom_series import DicomSeries, count_series
from core.datasets.folder_roots import resolve_file, resolve_folder
from core.datasets.study_folders import StudyFolders, confine_to_roots
from core.db.database import Database
from core.db.job_record import JobRecord
from core.jobs._payload import parse_payload
from core.progress import Progress

if TYPE_CHECKING:
    from core.datasets.image_set import ImageSet

__all__ = ["CheckJob", "CheckPayload", "StudyCheck"]


class CheckPayload(BaseModel):
    """What is to be checked.

    Attributes:
        folders: the sets.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folders: StudyFolders


class StudyCheck(BaseModel):
    """What reading every file found; the outcome of the job.

    Attributes:
        sets: the image sets, real first, with unreadable files and duplicates.
        shared: pictures that occur in more than one set.
        warnings: about the study as a whole.
        series: set to the DICOM series that its images are slices of, where there are any.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sets: tuple[SetSummary, ...]
    shared: tuple[Duplicates, ...]
    warnings: tuple[str, ...]
    series: dict[str, DicomSeries] = {}


class CheckJob:
    """Reads and decodes every file; what an audit would read is kept for it."""

    def check(self, payload: Mapping[str, Any]) -> None:
        """Refuse a payload that names no sets."""
        parse_payload(CheckPayload, payload)

    def run(
        self, job: JobRecord, *, database: Database, settings: Settings, progress: Progress
    ) -> dict[str, Any]:
        """Read all files and say what an audit would say of them."""
        from core.audit.checks import check_study, find_shared, summarise_set
        from core.datasets.study_scan import scan_real_sets, scan_study

        folders = parse_payload(CheckPayload, job.payload).folders
        confined = confine_to_roots(settings)

        def scan(*, join_slices: bool) -> list[ImageSet]:
            if folders.synthetic:
                return scan_study(
                    folders.resolve(settings), join_slices=join_slices, settings=confined, progress=progress
                )
            return scan_real_sets(
                real=resolve_folder(folders.real, settings),
                heldout=None if folders.heldout is None else resolve_folder(folders.heldout, settings),
                labels=None if folders.labels is None else resolve_file(folders.labels, settings),
                join_slices=join_slices,
                settings=confined,
                progress=progress,
            )

        sets = scan(join_slices=False)
        series = _find_series(sets, confined, progress)
        if series and any(one.has_volumes for one in sets):
            # Slices beside volumes can only be meant as volumes.
            sets = scan(join_slices=True)
        shared = find_shared(sets)
        found = StudyCheck(
            sets=tuple(summarise_set(one) for one in sets),
            shared=shared,
            warnings=tuple(check_study(sets, shared)),
            series=series,
        )
        return found.model_dump(mode="json")


def _find_series(sets: Sequence[ImageSet], settings: Settings, progress: Progress) -> dict[str, DicomSeries]:
    found = {}
    for one in sets:
        files = [(item.id, item.path) for item in one.items if item.facts.format == "DICOM"]
        if files and not one.has_volumes:
            found[one.name] = count_series(files, settings=settings, progress=progress)
    return {name: series for name, series in found.items() if series is not None}
