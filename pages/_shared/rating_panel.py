"""One rating session: what it shows, how far its raters are, their links, and what ends it."""

from __future__ import annotations

import streamlit as st

from core.config import Settings
from core.db.database import Database
from core.db.job_record import JobState
from core.db.jobs import list_jobs
from core.db.raters import list_raters
from core.db.rating_record import RatingSessionRecord
from core.db.rating_sessions import close_rating_session, reopen_rating_session
from core.images.display import DEFAULT_INTENSITY
from core.jobs.submission import submit_rating
from core.rating.design import RealSource, SessionDesign, Task, Timing
from core.rating.stimuli import load_giveaways
from pages._shared.intensity_choice import title_policy
from pages._shared.links import RATING_RESULTS
from pages._shared.names import escape_markdown
from pages._shared.rating_exports import show_answer_files
from pages._shared.rating_raters import show_links
from pages._shared.rating_standing import count_raters, show_standings
from pages._shared.times import format_instant

__all__ = ["describe_design", "describe_standing", "mark_simulated", "show_session"]

_OPEN_AGAIN = "Raters who have not finished can go on, and more can be added."


def show_session(database: Database, settings: Settings, session: RatingSessionRecord, *, path: str) -> None:
    """Show a session and everything that can be done with it.

    Args:
        database: where it is kept.
        settings: the workspace.
        session: the session.
        path: the page's own path in the address.
    """
    mark_simulated(session)
    design = SessionDesign.model_validate(session.design)
    with st.container(border=True):
        st.markdown(f"**{escape_markdown(describe_standing(database, session))}**")
        st.text(describe_design(design))
        with st.container(horizontal=True, vertical_alignment="center"):
            query = {"study": session.study_id, "session": session.id}
            st.page_link(RATING_RESULTS, label="Results", icon=":material/query_stats:", query_params=query)
            if not session.is_simulated:
                _show_end(database, session)
    if session.prepared_at is None and session.closed_at is None:
        _show_preparation(database, settings, session)
    if found := load_giveaways(settings, session.id):
        st.warning("\n\n".join(map(escape_markdown, found)))
    st.subheader("Raters")
    show_standings(session)
    show_links(database, settings, session, path=path)
    st.subheader("Answers")
    show_answer_files(database, session)


def mark_simulated(session: RatingSessionRecord) -> None:
    """Say of an example that nobody rated it."""
    if session.is_simulated:
        st.warning(
            "**Simulated raters.** A program made these answers as an example; nobody looked at the images, "
            "and no number here says anything about people."
        )


def describe_standing(database: Database, session: RatingSessionRecord) -> str:
    """Say whether raters can answer, and how many have finished."""
    n_finished, n_raters = count_raters(list_raters(database, session.id))
    finished = f"{n_finished:,} of {n_raters:,} {'rater has' if n_raters == 1 else 'raters have'} finished"
    if session.closed_at is not None:
        return f"Closed on {format_instant(session.closed_at)}; {finished}."
    if session.prepared_at is None:
        return "Raters can begin once the images are prepared."
    return f"Open: {finished}."


def describe_design(design: SessionDesign) -> str:
    """Say in two sentences what raters are shown, and how."""
    real = "held-out" if design.real_source is RealSource.HELDOUT else "real (train)"
    sets: dict[str, int] = {}
    for one in design.counts:
        if one.synthetic is not None:
            sets[one.synthetic] = sets.get(one.synthetic, 0) + one.n
    synthetic = ", ".join(f"{n:,} of {name}" for name, n in sets.items())
    match design.timing:
        case Timing.UNTIMED:
            shown = "until the answer"
        case Timing.FIXED:
            frames = design.exposure_frames
            shown = f"for {frames} {'frame' if frames == 1 else 'frames'}, then a mask"
        case _:
            shown = "for a time that adapts to the answers (HYPE staircase), then a mask"
    task = "Pairs of one real and one synthetic image" if design.task is Task.PAIR else "One image at a time"
    extras = [
        f"{n:,} {what if n == 1 else f'{what}s'}"
        for n, what in (
            (design.n_training, "training trial"),
            (design.n_repeats, "repeat"),
            (design.n_checks, "attention check"),
        )
        if n
    ]
    if design.with_confidence:
        extras.append("confidence")
    beside = f", with {', '.join(extras)}" if extras else ""
    agreed = " Several experts agree on each answer." if design.is_joint else ""
    is_usual = design.intensity == DEFAULT_INTENSITY
    policy = "" if is_usual else f" Intensity: {title_policy(design.intensity)}."
    return (
        f"{design.n_real + design.n_synthetic:,} images: {design.n_real:,} {real} and {synthetic}. {task}, "
        f"shown {shown}, {design.side_px:,} pixels{beside}; seed {design.seed}.{agreed}{policy}"
    )


def _show_preparation(database: Database, settings: Settings, session: RatingSessionRecord) -> None:
    """Say that the images are being written, or offer to write them where a job was cancelled or failed."""
    jobs = [
        job
        for job in list_jobs(database, study_id=session.study_id, kind="rating")
        if job.payload.get("session_id") == session.id
    ]
    if any(not job.state.has_ended for job in jobs):
        return
    if jobs and jobs[0].state is JobState.FAILED:
        st.error(escape_markdown(jobs[0].exit_reason))
    st.info("The images of this session are not prepared, so that no rater can begin.")
    if st.button("Prepare the images", type="primary", icon=":material/imagesmode:"):
        submit_rating(database, settings, session)
        st.rerun()


def _show_end(database: Database, session: RatingSessionRecord) -> None:
    if session.closed_at is not None:
        if any(one.rated_elsewhere for one in list_raters(database, session.id)):
            # Nobody can go on with an imported one.
            return
        if st.button("Open again", icon=":material/lock_open:", help=_OPEN_AGAIN):
            reopen_rating_session(database, session.id)
            st.rerun()
        return
    with st.popover("Close the session", icon=":material/lock:"):
        st.text("No answer is taken from then on, and the results are no longer preliminary.")
        if st.button("Close it", type="primary"):
            close_rating_session(database, session.id)
            st.rerun()
