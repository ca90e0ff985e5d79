"""A job that writes a synthetic set without the copies that a review confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.config import Settings
from core.datasets.study_folders import confine_to_roots
from core.db.database import Database
from core.db.job_record import JobRecord
from core.db.reviews import load_review
from core.jobs._payload import parse_payload
from core.jobs.job_folder import audit_folder, export_folder
from core.progress import Progress

__all__ = ["CleanedJob", "CleanedPayload"]


class CleanedPayload(BaseModel):
    """What is to be written.

    Attributes:
        review_id: the review that says what goes; its verdicts at the time the job runs.
        set_name: the synthetic set.
        only_copies: keep near copies.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    review_id: str
    set_name: str
    only_copies: bool = False


class CleanedJob:
    """Copies what stays into the job's own folder of exports."""

    def check(self, payload: Mapping[str, Any]) -> None:
        """Refuse a payload that names no review and set."""
        parse_payload(CleanedPayload, payload)

    def run(
        self, job: JobRecord, *, database: Database, settings: Settings, progress: Progress
    ) -> dict[str, Any]:
        """Write the set; the outcome holds `folder`, `n_kept`, `n_dropped`, `n_open` and `n_unread`."""
        from core.review.cleaned import clean_set
        from core.review.cleaned_folder import write_cleaned_folder
        from core.review.loaded import load_whole_review
        from core.review.outcome import compute_calls

        asked = parse_payload(CleanedPayload, job.payload)
        record = load_review(database, asked.review_id)
        review = load_whole_review(database, record.id, audit_folder(settings, record.audit_id))
        calls = compute_calls(review.pairs, review.verdicts)
        cleaned = clean_set(review.items, calls, asked.set_name, only_copies=asked.only_copies)
        folder = export_folder(settings, job.id) / cleaned.name
        write_cleaned_folder(cleaned, folder, settings=confine_to_roots(settings), progress=progress)
        return {
            "review_id": record.id,
            "set": cleaned.name,
            "folder": str(folder),
            "n_kept": len(cleaned.kept),
            "n_dropped": len(cleaned.dropped),
            "n_open": cleaned.n_open,
            "n_unread": cleaned.n_unread,
        }
