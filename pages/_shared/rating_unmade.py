"""A rating session that is not there yet: its job is at work, or ended without one, with the way back."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.db.database import Database
from core.db.job_record import JobState
from core.db.jobs import load_job
from core.jobs.description import describe_job
from core.jobs.unmade_sessions import UnmadeSession
from pages._shared.job_progress import show_active_jobs
from pages._shared.links import JOBS
from pages._shared.names import escape_markdown, show_name
from pages._shared.rating_choice import LIKE, NEW

__all__ = ["show_unmade_session"]

_WAITS: Final = (
    "This session is being made: its sets are read, its images drawn and written as raters see them. It "
    "opens here when that is done. The page may be closed."
)


def show_unmade_session(database: Database, unmade: UnmadeSession) -> None:
    """Say that a session is being made, or why it is not, with a way back to the form.

    Args:
        database: where jobs are kept.
        unmade: the session, as it was when the page began.
    """
    if not unmade.job.state.has_ended:
        show_active_jobs(study_id=unmade.job.study_id, kind="rating")
    job = load_job(database, unmade.job.id)
    if job.state.has_ended and not unmade.job.state.has_ended:
        # It ended since the page began, and what waits for its end above may have missed that.
        st.rerun()
    if not job.state.has_ended:
        st.info(_WAITS)
        return
    # Who cancels knows; what failed is an error.
    show = st.info if job.state is JobState.CANCELLED else st.error
    show(escape_markdown(job.exit_reason or describe_job(job, job.created_at).word))
    with st.container(horizontal=True, vertical_alignment="center"):
        # A link from a page to itself would leave the address as it is.
        st.button(
            "Back to the form",
            type="primary",
            icon=":material/rule:",
            on_click=st.query_params.from_dict,
            args=(_address_form(unmade),),
        )
        st.page_link(
            JOBS, label="Log, and run again", icon=":material/work_history:", query_params={"job": job.id}
        )


def _address_form(unmade: UnmadeSession) -> dict[str, str | list[str]]:
    """The form's address as it was filled in; what it does not hold itself it takes from this session."""
    design = unmade.asked.design
    sets = dict.fromkeys(one.synthetic for one in design.counts if one.synthetic is not None)
    classes = dict.fromkeys(show_name(one.class_name) for one in design.counts if one.class_name is not None)
    address: dict[str, str | list[str]] = {
        "study": unmade.job.study_id or "",
        "session": NEW,
        LIKE: unmade.id,
        "real": design.real_source.value,
        "task": design.task.value,
        "timing": design.timing.value,
        "sets": list(sets),
    }
    return address | ({"classes": list(classes)} if classes else {})
