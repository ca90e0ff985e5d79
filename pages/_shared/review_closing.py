"""What ends a review: exports, and a lock that is for good."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.db.database import Database
from core.db.reviews import lock_review
from core.review.export import render_calls_csv, render_review_json, render_verdicts_csv
from core.review.findings import ReviewFindings
from core.review.loaded import LoadedReview
from pages._shared.names import escape_markdown
from pages._shared.times import format_instant

__all__ = ["show_exports", "show_lock"]


def show_exports(review: LoadedReview) -> None:
    """Offer the review as files; each is made only when it is asked for."""
    record = review.record
    files = (
        (
            "Verdicts, CSV",
            render_verdicts_csv,
            "verdicts",
            "csv",
            "One row a verdict, corrections among them.",
        ),
        ("Calls, CSV", render_calls_csv, "calls", "csv", "One row a pair with the call on it."),
        ("Review, JSON", render_review_json, "review", "json", "All of it, for programs."),
    )
    with st.container(horizontal=True):
        for label, render, stem, ending, sentence in files:
            st.download_button(
                label,
                partial(render, review),
                file_name=f"{stem}-{record.id}.{ending}",
                mime="text/csv" if ending == "csv" else "application/json",
                help=sentence,
                icon=":material/download:",
                on_click="ignore",
            )


def show_lock(database: Database, review: LoadedReview, found: ReviewFindings, *, reader: str | None) -> None:
    """Offer to close the review, saying what is left open; or say who closed it."""
    record = review.record
    if record.locked_at is not None:
        st.text(f"Locked by {record.locked_by} on {format_instant(record.locked_at)}.")
        return
    if reader is None:
        return
    if st.button("Lock the review", icon=":material/lock:"):
        _ask_for_lock(database, review, found, reader)


# In the middle of the window: the button stands at the end of a long page, below which nothing has room.
@st.dialog("Lock the review?")
def _ask_for_lock(database: Database, review: LoadedReview, found: ReviewFindings, reader: str) -> None:
    left = [f"{one.n_left:,} pairs not read by {one.reviewer}" for one in found.standings if one.n_left]
    if found.open:
        left.append(f"{len(found.open):,} disagreements not settled")
    st.markdown(
        "A locked review takes no verdict and no pair any more; it cannot be unlocked."
        + (f" Left open: {escape_markdown(', '.join(left))}." if left else "")
    )
    if st.button("Lock for good", type="primary", key=f"lock_{review.record.id}"):
        lock_review(database, review.record.id, reader)
        st.rerun()
