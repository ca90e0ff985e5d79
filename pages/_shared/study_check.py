"""The check of every file of a study that is being set up: start, progress, findings."""

from __future__ import annotations

import streamlit as st

from core.config import Settings
from core.datasets.study_folders import StudyFolders
from core.db.database import Database
from core.db.job_record import JobRecord
from core.db.jobs import list_jobs
from core.jobs.check_job import CheckPayload, StudyCheck
from core.jobs.submission import submit_check
from pages._shared.image_sets import show_image_sets
from pages._shared.job_progress import show_active_jobs
from pages._shared.names import escape_markdown
from pages._shared.set_preview import describe_series

__all__ = ["show_study_check"]


def show_study_check(database: Database, settings: Settings, folders: StudyFolders) -> None:
    """Offer to read every file, and show what that found."""
    payload = CheckPayload(folders=folders).model_dump(mode="json")
    jobs = [job for job in list_jobs(database, kind="check") if job.payload == payload]
    latest = jobs[0] if jobs else None
    show_active_jobs(kind="check")
    if latest is None or latest.state.has_ended:
        st.button(
            "Check every file" if latest is None else "Check again",
            icon=":material/fact_check:",
            help="Reads every file as an audit would, and lists what cannot be read, and repeated and shared "
            "images. What was read is kept for the audit.",
            on_click=_start,
            args=(database, settings, folders),
        )
    if latest is not None and latest.state.has_ended:
        _show_end(latest)


def _start(database: Database, settings: Settings, folders: StudyFolders) -> None:
    submit_check(database, settings, folders)


def _show_end(job: JobRecord) -> None:
    if job.outcome is None:
        st.error(escape_markdown(job.exit_reason))
        return
    found = StudyCheck.model_validate(job.outcome)
    for warning in found.warnings:
        st.warning(escape_markdown(warning))
    for name, series in found.series.items():
        st.info(escape_markdown(f"{name}: {describe_series(series, series.n_read)}"))
    show_image_sets(found.sets, key="checked", caption="Every file was read.")
