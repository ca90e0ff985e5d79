"""A job that writes a report of a finished audit, as HTML or PDF."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from core.config import Settings
from core.datasets.study_folders import confine_to_roots
from core.db.audits import load_audit
from core.db.database import Database
from core.db.job_record import JobRecord
from core.db.reviews import list_reviews
from core.errors import StoreError
from core.jobs._payload import parse_payload
from core.jobs.job_folder import audit_folder, export_folder
from core.output_folder import replace_text
from core.progress import Progress
from core.report.content import ReportContent

__all__ = ["ReportFormat", "ReportJob", "ReportPayload", "find_report"]

ReportFormat = Literal["html", "pdf"]


class ReportPayload(BaseModel):
    """What is to be written.

    Attributes:
        audit_id: the audit.
        content: whether images and names stand in it.
        format: one page for browsers, or a print of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    audit_id: str
    content: ReportContent = ReportContent.IMAGES
    format: ReportFormat = "html"


class ReportJob:
    """Writes the report into the job's own folder of exports, with what locked reviews and ratings found."""

    def check(self, payload: Mapping[str, Any]) -> None:
        """Refuse a payload that names no audit."""
        parse_payload(ReportPayload, payload)

    def run(
        self, job: JobRecord, *, database: Database, settings: Settings, progress: Progress
    ) -> dict[str, Any]:
        """Write the report; the outcome holds the name of its `file`."""
        from core.audit.reopen import reopen_audit
        from core.rating.set_rates import load_set_rates
        from core.report.document import render_report
        from core.report.pdf import find_browser, print_pdf
        from core.report.pictures import picture_pairs
        from core.report.rated_summary import add_rates
        from core.review.loaded import load_whole_review
        from core.review.report_summary import summarise_review

        asked = parse_payload(ReportPayload, job.payload)
        if asked.format == "pdf":
            find_browser(settings)
        audit = load_audit(database, asked.audit_id).record
        files = audit_folder(settings, audit.id)
        progress.start("Reading the audit", 1, unit="audits")
        result = reopen_audit(files)
        rates = load_set_rates(database, audit.study_id)
        named = asked.content.shows_names
        result = replace(result, summary=add_rates(result.summary, rates, files, with_names=named))
        # What others said must not reach somebody who still reads.
        reviews = [
            summarise_review(load_whole_review(database, one.id, files))
            for one in list_reviews(database, audit.id)
            if one.is_locked
        ]
        progress.advance()
        pictures = None
        if asked.content.shows_images:
            pictures = picture_pairs(result, settings=confine_to_roots(settings), progress=progress)
        progress.start("Writing the report", 1, unit="documents")
        html = render_report(
            result, content=asked.content, pictures=pictures, reviews=reviews, study=audit.study_name
        )
        progress.advance()
        path = export_folder(settings, job.id) / f"report-{asked.content}.{asked.format}"
        _make_folder(path.parent)
        if asked.format == "pdf":
            print_pdf(html, path, settings=settings, progress=progress)
        else:
            _write(path, html)
        return {"audit_id": audit.id, "study_id": audit.study_id, "file": path.name}


def find_report(settings: Settings, job: JobRecord) -> Path | None:
    """The file that a job wrote; None while there is none, or when it is gone."""
    if job.kind != "report" or job.outcome is None:
        return None
    asked = parse_payload(ReportPayload, job.payload)
    path = export_folder(settings, job.id) / f"report-{asked.content}.{asked.format}"
    return path if path.is_file() else None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The workspace folder {folder} cannot be made ({error.strerror or type(error).__name__})."
        ) from error


def _write(path: Path, html: str) -> None:
    try:
        replace_text(path, html)
    except OSError as error:
        raise StoreError(
            f"The report {path} cannot be written ({error.strerror or type(error).__name__})."
        ) from error
