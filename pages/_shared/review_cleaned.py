"""A synthetic set without its confirmed copies: lists of files, and a folder written by a job."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.config import Settings
from core.db.database import Database
from core.db.jobs import list_jobs
from core.errors import MedSynError
from core.jobs.submission import submit_cleaned
from core.review.cleaned import clean_set, render_checksums, render_dropped_csv, render_kept_csv
from core.review.findings import ReviewFindings
from core.review.loaded import LoadedReview
from pages._shared.job_progress import show_active_jobs
from pages._shared.names import escape_markdown

__all__ = ["show_cleaned"]


def show_cleaned(database: Database, settings: Settings, review: LoadedReview, found: ReviewFindings) -> None:
    """Offer a set without the copies that the review confirmed."""
    st.markdown("**A synthetic set without confirmed copies**")
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    names = [one.name for one in found.outcomes]
    set_name = left.selectbox("Synthetic set", names, key=f"cleaned_set_{review.record.id}")
    keeps_near = right.checkbox("Keep near copies", key=f"cleaned_near_{review.record.id}")
    try:
        cleaned = clean_set(review.items, found.calls, set_name or "", only_copies=keeps_near)
    except MedSynError as error:
        st.caption(escape_markdown(str(error)))
        return
    unsettled = []
    if cleaned.n_open:
        unsettled.append(f"{cleaned.n_open:,} of them are not settled yet")
    if cleaned.n_unread:
        unsettled.append(f"{cleaned.n_unread:,} are under review and not read yet")
    st.text(
        f"{len(cleaned.kept):,} images stay and {len(cleaned.dropped):,} go"
        + (f"; of those that stay, {' and '.join(unsettled)}." if unsettled else ".")
    )
    stem = f"{review.record.id}-{names.index(cleaned.name) + 1}"
    files = (
        ("Kept, as checksums", partial(render_checksums, cleaned), f"kept-{stem}.sha256", "text/plain"),
        ("Kept, as CSV", partial(render_kept_csv, cleaned), f"kept-{stem}.csv", "text/csv"),
        ("Dropped, as CSV", partial(render_dropped_csv, cleaned), f"dropped-{stem}.csv", "text/csv"),
    )
    with st.container(horizontal=True):
        for label, render, name, mime in files:
            st.download_button(
                label, render, file_name=name, mime=mime, icon=":material/download:", on_click="ignore"
            )
        if st.button(
            "Write as folder",
            icon=":material/folder_copy:",
            help="Copies what stays, byte by byte, into a new folder of the workspace; nothing is removed.",
        ):
            submit_cleaned(database, settings, review.record, set_name=cleaned.name, only_copies=keeps_near)
    _show_written(database, review)


def _show_written(database: Database, review: LoadedReview) -> None:
    """Folders that were written for this review, and those being written."""
    show_active_jobs(kind="cleaned")
    for job in list_jobs(database, kind="cleaned", limit=50):
        about = job.outcome or {}
        if about.get("review_id") == review.record.id:
            st.text(
                f"{about['set']}: {about['n_kept']:,} images in {about['folder']}, "
                f"{about['n_dropped']:,} left out."
            )
