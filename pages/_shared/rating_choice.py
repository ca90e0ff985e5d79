"""The study and rating session that a page shows, chosen at its top and kept in the address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from core.db.database import Database
from core.db.rating_record import RatingSessionRecord
from core.db.rating_sessions import list_rating_sessions
from core.db.studies import StudyRecord
from pages._shared.selection import choose
from pages._shared.study_choice import choose_study

__all__ = ["NEW", "SessionChoice", "choose_session", "name_session"]

NEW: Final = "new"
"""Stands in the address for the form of a new session."""


@dataclass(frozen=True, slots=True)
class SessionChoice:
    """What the page shows.

    Attributes:
        study: the study.
        session: the session, or None where a new one is to be designed or there is none.
        sessions: all of the study's, newest first.
    """

    study: StudyRecord
    session: RatingSessionRecord | None
    sessions: Sequence[RatingSessionRecord]


def choose_session(database: Database, *, offers_new: bool) -> SessionChoice:
    """Ask for study and session; without a study, link to where to set one up, and end the page.

    Args:
        database: where sessions are kept.
        offers_new: whether a new session can be chosen, too.
    """
    owners = {one.id: one.study_id for one in list_rating_sessions(database)}
    study_column, session_column = st.columns([2, 3])
    study = choose_study(database, study_column, owners=owners, param="session")
    if owners.get(st.query_params.get("session", ""), study.id) != study.id:
        # Another study was chosen since.
        del st.query_params["session"]
    sessions = {one.id: one for one in list_rating_sessions(database, study_id=study.id)}
    named = {key: name_session(one) for key, one in sessions.items()}
    options = named | {NEW: "New session"} if offers_new else named
    if not options:
        return SessionChoice(study, None, ())
    with session_column:
        chosen = choose(
            "Session", options, param="session", help="A session's design and answers never change."
        )
    return SessionChoice(study, sessions.get(chosen), tuple(sessions.values()))


def name_session(session: RatingSessionRecord) -> str:
    """What lists call a session: its name, which also says where nobody rated it."""
    is_told = "simulated" in session.name.casefold()
    return f"{session.name} (simulated)" if session.is_simulated and not is_told else session.name
