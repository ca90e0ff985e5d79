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
from core.jobs.rating_job import NewSession
from core.jobs.unmade_sessions import UnmadeSession, list_unmade_sessions
from pages._shared.selection import choose
from pages._shared.study_choice import choose_study

__all__ = ["LIKE", "NEW", "SessionChoice", "choose_session", "name_session"]

NEW: Final = "new"
"""Stands in the address for the form of a new session."""
LIKE: Final = "like"
"""The form's parameter for the session that could not be made and whose numbers it begins with."""


@dataclass(frozen=True, slots=True)
class SessionChoice:
    """What the page shows.

    Attributes:
        study: the study.
        session: the session, or None where a new one is to be designed or there is none.
        sessions: all of the study's, newest first.
        unmade: the session that a job is to make, where the address names one that is not there.
        n_waiting: sessions of the study that are being made.
        like: the session that could not be made and that a new one is to be like; None for none.
    """

    study: StudyRecord
    session: RatingSessionRecord | None
    sessions: Sequence[RatingSessionRecord]
    unmade: UnmadeSession | None = None
    n_waiting: int = 0
    like: NewSession | None = None


def choose_session(database: Database, *, offers_new: bool) -> SessionChoice:
    """Ask for study and session; without a study, link to where to set one up, and end the page.

    Args:
        database: where sessions are kept.
        offers_new: whether a new session can be chosen, too, and one that is being made.
    """
    # Asked before the sessions: one that is made between the two is among the sessions.
    asked = {one.id: one for one in list_unmade_sessions(database)} if offers_new else {}
    # One that came to nothing is shown where the address names it, and nowhere else.
    wanted = st.query_params.get("session", "")
    unmade = {key: one for key, one in asked.items() if not one.job.state.has_ended or key == wanted}
    owners = {key: one.job.study_id for key, one in unmade.items() if one.job.study_id is not None}
    owners |= {one.id: one.study_id for one in list_rating_sessions(database)}
    study_column, session_column = st.columns([2, 3])
    study = choose_study(database, study_column, owners=owners, param="session", needs_synthetic=True)
    if owners.get(wanted, study.id) != study.id:
        # Another study was chosen since.
        del st.query_params["session"]
    sessions = {one.id: one for one in list_rating_sessions(database, study_id=study.id)}
    named = {key: name_session(one) for key, one in sessions.items()}
    unmade = {key: one for key, one in unmade.items() if one.job.study_id == study.id and key not in named}
    waiting = [key for key, one in unmade.items() if not one.job.state.has_ended]
    options = named | {NEW: "New session"} if offers_new else named
    options |= {
        key: f"{one.asked.name} ({'being made' if key in waiting else 'not made'})"
        for key, one in unmade.items()
    }
    if not options:
        return SessionChoice(study, None, ())
    with session_column:
        chosen = choose(
            "Session", options, param="session", help="A session's design and answers never change."
        )
    like = asked.get(st.query_params.get(LIKE, ""))
    return SessionChoice(
        study,
        sessions.get(chosen),
        tuple(sessions.values()),
        unmade=unmade.get(chosen),
        n_waiting=len(waiting),
        like=like.asked if like is not None and like.job.study_id == study.id else None,
    )


def name_session(session: RatingSessionRecord) -> str:
    """What lists call a session: its name, which also says where nobody rated it."""
    is_told = "simulated" in session.name.casefold()
    return f"{session.name} (simulated)" if session.is_simulated and not is_told else session.name
