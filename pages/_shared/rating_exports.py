"""A rating session's answers as files, for others and for programs."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.db.database import Database
from core.db.rating_record import RatingSessionRecord
from core.rating.loaded_session import load_whole_session

__all__ = ["show_answer_files"]

_TRUTH = "These files hold the truth of every image: keep them from raters who have not finished."


def show_answer_files(database: Database, session: RatingSessionRecord) -> None:
    """Offer the answers as CSV, and with all numbers as JSON; each is made only when it is asked for.

    Args:
        database: where the session is kept.
        session: the session.
    """
    files = (
        (
            "answers.csv",
            _render_csv,
            "csv",
            "text/csv",
            "One row a trial: rater, image, truth, answer, times.",
        ),
        (
            "session.json",
            _render_json,
            "json",
            "application/json",
            "Design, raters, every answer, and every number with its interval, n and method.",
        ),
    )
    if session.closed_at is None and not session.is_simulated:
        st.caption(_TRUTH)
    with st.container(horizontal=True):
        for label, render, ending, mime, sentence in files:
            st.download_button(
                label,
                partial(render, database, session.id),
                file_name=f"rating-{session.id}.{ending}",
                mime=mime,
                help=sentence,
                icon=":material/download:",
                on_click="ignore",
            )


def _render_csv(database: Database, session_id: str) -> str:
    from core.rating.answer_csv import render_answers

    return render_answers(load_whole_session(database, session_id).tabulate())


def _render_json(database: Database, session_id: str) -> str:
    from core.rating.session_document import render_session_json

    return render_session_json(load_whole_session(database, session_id))
