"""Reports of an audit on demand: with images, without, or de-identified, as HTML or PDF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core.db.audits import AuditRecord
from core.db.job_record import JobRecord, JobState
from core.db.jobs import list_jobs
from core.jobs.report_job import ReportFormat, find_report
from core.jobs.submission import submit_report
from core.report.content import ReportContent
from pages._shared.names import escape_markdown
from pages._shared.times import format_instant
from pages._shared.workspace import open_workspace

__all__ = ["show_reports"]

_SENTENCES = {
    ReportContent.IMAGES: "Mean images and the strongest pairs, files by name.",
    ReportContent.NO_IMAGES: "No image at all, files by name.",
    ReportContent.DEIDENTIFIED: "No image, and no name of a file, folder or reader: images are called by "
    "their SHA-256. Sets and classes keep their names: see that these name no patient.",
}
_FORMATS: dict[ReportFormat, str] = {"html": "HTML", "pdf": "PDF"}
_MIMES = {"html": "text/html", "pdf": "application/pdf"}


@st.fragment
def show_reports(audit: AuditRecord) -> None:
    """Offer reports of an audit, name those that are being made, and offer those that are there.

    The page shows the study's running jobs, and runs again when a report is done.
    """
    settings, database = open_workspace()
    with st.container(border=True):
        st.markdown("**Report**")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            content: ReportContent = st.segmented_control(
                "What it shows",
                list(ReportContent),
                default=ReportContent.IMAGES,
                required=True,
                format_func=_name,
                key="report_content",
            )
            format: ReportFormat = st.segmented_control(
                "Format",
                list(_FORMATS),
                default="html",
                required=True,
                format_func=_FORMATS.__getitem__,
                key="report_format",
                help="Chromium or Chrome prints the PDF: it has to be installed where the dashboard runs.",
            )
            asked = st.button("Make report", icon=":material/description:", key="make_report")
        if asked:
            submit_report(database, settings, audit, content=content, format=format)
            # Its progress stands with that of the study's other jobs, above.
            st.rerun()
        st.caption(
            f"{_SENTENCES[content]} One file that needs no network, with the outcome of locked reviews."
        )
        jobs = [
            job
            for job in list_jobs(database, study_id=audit.study_id, kind="report")
            if job.payload.get("audit_id") == audit.id
        ]
        if working := [_title(job) for job in jobs if not job.state.has_ended]:
            st.caption(f"Being made: {'; '.join(working)}.")
        _show_finished(audit.id, [job for job in jobs if job.state.has_ended])


def _show_finished(audit_id: str, jobs: Sequence[JobRecord]) -> None:
    """Offer the newest report of each kind; say why the newest attempt at one failed."""
    settings, _ = open_workspace()
    newest: dict[str, JobRecord] = {}
    failed: dict[str, JobRecord] = {}
    for job in jobs:  # newest first
        title = _title(job)
        if job.state is JobState.DONE and find_report(settings, job):
            newest.setdefault(title, job)
        elif job.state in (JobState.FAILED, JobState.LOST) and title not in newest:
            failed.setdefault(title, job)
    for title, job in failed.items():
        st.error(f"{title}: {escape_markdown(job.exit_reason)}")
    with st.container(horizontal=True):
        for title, job in newest.items():
            path = find_report(settings, job)
            if path is None or job.ended_at is None:
                continue
            st.download_button(
                title,
                _Reader(path),
                file_name=f"{path.stem}-{audit_id}{path.suffix}",
                mime=_MIMES[path.suffix[1:]],
                help=f"Made {format_instant(job.ended_at)}.",
                icon=":material/download:",
                on_click="ignore",
                key=f"report_{job.id}",
            )


class _Reader:
    """Reads a file when it is asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> bytes:
        return self._path.read_bytes()


def _name(content: ReportContent) -> str:
    return content.words.capitalize()


def _title(job: JobRecord) -> str:
    content = ReportContent(job.payload.get("content", ReportContent.IMAGES))
    return f"{_name(content)}, {str(job.payload.get('format', 'html')).upper()}"
