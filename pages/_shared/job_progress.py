"""Running jobs on any page: progress, cancel, and a rerun of the page when one ends."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.db.job_record import JobRecord, JobState
from core.jobs.description import describe_job
from core.jobs.queue import cancel_job
from pages._shared.assets import read_assets
from pages._shared.image_addresses import address_jobs
from pages._shared.job_standing import encode_jobs, list_active_jobs
from pages._shared.links import JOBS
from pages._shared.names import escape_markdown
from pages._shared.workspace import open_workspace

__all__ = ["show_active_jobs", "show_job", "show_last_job"]

_WHILE_WORKING_MS, _WHILE_IDLE_MS = 1_000, 5_000


def show_active_jobs(
    *, study_id: str | None = None, kind: str | None = None, only: Collection[str] | None = None
) -> None:
    """Show every job that waits or runs, kept up to date; the page runs again when one begins or ends.

    The browser asks for progress by itself. A fragment on a timer would not do: two fragments that run within
    one flush of messages cost the browser changes of the first, be it the dialog that is being worked with.

    Args:
        study_id: only this study's.
        kind: only jobs of this kind.
        only: ids of those that are shown; the page runs again also when another of the kind begins or ends.
    """
    jobs = list_active_jobs(study_id=study_id, kind=kind)
    name = f"{study_id or 'every'}-{kind or 'every'}"
    data = {"address": address_jobs(study_id, kind), **encode_jobs(jobs)}
    shown = [job for job in jobs if only is None or job.id in only]
    if not shown:
        with st.container(key=f"job_watch_{name}"):
            _follow(f"jobs-{name}", data | {"shown": "", "everyMs": _WHILE_IDLE_MS})
    for job in shown:
        with _frame_job():
            _follow(f"jobs-{name}-{job.id}", data | {"shown": job.id, "everyMs": _WHILE_WORKING_MS})
            _offer_cancel(job)
            st.page_link(JOBS, label="Details", query_params={"job": job.id})


def _follow(key: str, data: dict[str, Any]) -> None:
    if _COMPONENT(key=key, data=data, on_changed_change=_ignore).get("changed") is not None:
        # The whole page: within a fragment, a click of the component would run that alone.
        st.rerun()


def show_job(job: JobRecord, *, link: bool = True) -> None:
    """Show one job's progress, with cancel while it waits or runs.

    Args:
        job: the job.
        link: whether its page is linked.
    """
    about = describe_job(job, datetime.now(UTC))
    with _frame_job():
        st.progress(
            about.share,
            text=f"**{escape_markdown(job.title)}** · {about.word}. {escape_markdown(about.sentence)}",
        )
        if not job.state.has_ended:
            _offer_cancel(job)
        if link:
            st.page_link(JOBS, label="Details", query_params={"job": job.id})


def _frame_job() -> DeltaGenerator:
    return st.container(border=True, horizontal=True, vertical_alignment="center")


def _offer_cancel(job: JobRecord) -> None:
    asked = job.cancel_requested_at is not None
    st.button(
        "Stopping" if asked else "Cancel",
        key=f"cancel_{job.id}",
        icon=":material/stop_circle:",
        disabled=asked,
        on_click=_cancel,
        args=(job.id,),
    )


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


def _ignore() -> None:
    """Stand in for the callback without which Streamlit does not report a change."""


_COMPONENT = st.components.v2.component(
    "medsynaudit_jobs",
    css=read_assets("jobs/progress.css"),
    js=read_assets("stage/make.js", "jobs/progress.js"),
)
