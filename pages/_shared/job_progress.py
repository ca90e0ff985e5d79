"""Running jobs on any page: progress, cancel, and a rerun of the page when one ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from core.db.job_record import JobRecord, JobState
from core.db.jobs import list_jobs
from core.jobs.description import describe_job
from core.jobs.queue import cancel_job
from pages._shared.links import JOBS
from pages._shared.names import escape_markdown
from pages._shared.workspace import open_workspace

__all__ = ["show_active_jobs", "show_job", "show_last_job"]

_WHILE_WORKING_S, _WHILE_IDLE_S = 1.0, 5.0


def show_active_jobs(*, study_id: str | None = None, kind: str | None = None) -> None:
    """Show every job that waits or runs, kept up to date; the page runs again when one begins or ends.

    Args:
        study_id: only this study's.
        kind: only jobs of this kind.
    """
    _, database = open_workspace()
    known = [job.id for job in list_jobs(database, active=True, study_id=study_id, kind=kind)]
    every = _WHILE_WORKING_S if known else _WHILE_IDLE_S
    st.fragment(_show_active, run_every=every)(study_id, kind, known)


def _show_active(study_id: str | None, kind: str | None, known: Sequence[str]) -> None:
    _, database = open_workspace()
    jobs = list_jobs(database, active=True, study_id=study_id, kind=kind)
    if [job.id for job in jobs] != list(known):
        st.rerun()
    for job in jobs:
        show_job(job)


def show_job(job: JobRecord, *, link: bool = True) -> None:
    """Show one job's progress, with cancel while it waits or runs.

    Args:
        job: the job.
        link: whether its page is linked.
    """
    about = describe_job(job, datetime.now(UTC))
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.progress(
            about.share,
            text=f"**{escape_markdown(job.title)}** · {about.word}. {escape_markdown(about.sentence)}",
        )
        if not job.state.has_ended:
            asked = job.cancel_requested_at is not None
            st.button(
                "Stopping" if asked else "Cancel",
                key=f"cancel_{job.id}",
                icon=":material/stop_circle:",
                disabled=asked,
                on_click=_cancel,
                args=(job.id,),
            )
        if link:
            st.page_link(JOBS, label="Details", query_params={"job": job.id})


def show_last_job(jobs: Sequence[JobRecord], noun: str, *, kept: str = "") -> None:
    """Say how the newest of some jobs ended where it made nothing; say nothing while it runs, or if it did.

    Args:
        jobs: newest first.
        noun: what they make.
        kept: one sentence on what a cancelled one leaves, or empty.
    """
    if not jobs:
        return
    last = jobs[0]
    if last.state is JobState.CANCELLED:
        st.caption(f"The last {noun} was cancelled. {kept}".rstrip())
    elif last.state.has_ended and last.outcome is None:
        st.error(escape_markdown(f"The last {noun} was not made. {last.exit_reason}"))
        st.page_link(JOBS, label="Details", query_params={"job": last.id})


def _cancel(job_id: str) -> None:
    settings, database = open_workspace()
    cancel_job(database, settings, job_id)
