"""Jobs: what runs, what waits, how each ended, and its log."""

from datetime import UTC, datetime
from functools import partial

import streamlit as st

from core.db.jobs import list_jobs, load_job
from core.jobs.description import describe_job, format_duration
from core.jobs.job_folder import read_log_tail
from core.jobs.queue import rerun_job
from pages._shared.job_progress import show_job
from pages._shared.links import OVERVIEW
from pages._shared.names import escape_markdown
from pages._shared.results_links import find_results
from pages._shared.table import Cell, Column, Table, show_table
from pages._shared.times import format_instant
from pages._shared.workspace import open_workspace

COLUMNS = (
    Column("title", "Job"),
    Column("state", "State"),
    Column("asked", "Asked for", kind="time"),
    Column("took", "Took", kind="number"),
    Column("about", ""),
    Column("open", "", kind="action"),
)


@st.fragment(run_every=1.0)
def show_jobs() -> None:
    """Show the list, kept up to date."""
    settings, database = open_workspace()
    jobs, now = list_jobs(database), datetime.now(UTC)
    working = sum(not job.state.has_ended for job in jobs)
    waiting = sum(job.state.value == "queued" for job in jobs)
    st.markdown(f"**{working - waiting} running, {waiting} waiting.**")
    st.caption(f"This machine runs {settings.max_jobs} at once (MEDSYN_MAX_JOBS).")
    rows = []
    for job in jobs:
        about = describe_job(job, now)
        took = (job.ended_at or now) - job.started_at if job.started_at else None
        cells = {
            "title": Cell(job.title),
            "state": Cell(about.word, strong=not job.state.has_ended),
            "asked": Cell("", job.created_at.isoformat()),
            "about": Cell("" if job.state.value == "done" else about.sentence),
            "open": Cell("Details", action=job.id),
        }
        if took is not None:
            cells["took"] = Cell(format_duration(took), took.total_seconds())
        rows.append((job.id, cells))
    clicked = show_table(Table(COLUMNS, tuple(rows)), key="jobs", file_name="jobs.csv")
    if clicked:
        st.query_params["job"] = clicked
        st.rerun()


@st.fragment(run_every=2.0)
def wait_for_first() -> None:
    """Run the page again once there is a job, whoever asked for it."""
    _, database = open_workspace()
    if list_jobs(database, limit=1):
        st.rerun()


def show_details(job_id: str, works: bool) -> None:
    """Show one job; the page runs again when it ends."""
    settings, database = open_workspace()
    job = load_job(database, job_id)
    if works and job.state.has_ended:
        st.rerun()
    show_job(job, link=False)
    for notice in job.notices:
        st.info(escape_markdown(notice))
    log = read_log_tail(settings, job_id)
    with st.expander("Log", expanded=job.state.value in {"failed", "lost", "running"}):
        st.code(log or "Nothing yet.", language=None, height=320, wrap_lines=True)
        st.download_button(
            "Download log",
            partial(read_log_tail, settings, job_id),  # read when asked for: a running job's log grows
            file_name=f"{job_id}.log",
            on_click="ignore",
            disabled=not log,
        )
    if job.state.has_ended:
        with st.container(horizontal=True, vertical_alignment="center"):
            if results := find_results(job):
                # A link is one step of the browser's history; switching pages with parameters would be two.
                with st.container(key="primary_link", width="content"):
                    st.page_link(
                        results.page,
                        label="Open results",
                        icon=":material/analytics:",
                        query_params=results.query,
                    )
            if st.button("Run again", icon=":material/replay:", key=f"rerun_{job_id}"):
                st.query_params["job"] = rerun_job(database, settings, job_id).id
                st.rerun()
    st.caption(
        f"Job {job.id}, asked for {format_instant(job.created_at)}"
        + (f" as a repetition of {job.rerun_of}" if job.rerun_of else "")
        + (f"; process {job.pid} on {job.host}" if job.pid else "")
        + "."
    )


st.title("Jobs")
settings, database = open_workspace()
if not list_jobs(database, limit=1):
    st.info(
        "No job yet. Audits and other long work appear here while they run, and stay when they have ended."
    )
    st.page_link(OVERVIEW, label="To the overview", icon=":material/overview:")
    wait_for_first()
    st.stop()
chosen = st.query_params.get("job")
if chosen:
    works = not load_job(database, chosen).state.has_ended
    st.fragment(show_details, run_every=1.0 if works else None)(chosen, works)
    st.subheader("All jobs")
show_jobs()
