"""How far a rating session is: in words, and by rater, kept up to date."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.db.database import Database
from core.db.raters import list_raters
from core.db.rating_answers import group_by_rater, list_answers, standing_answers
from core.db.rating_record import Background, NewAnswer, RaterRecord, RatingSessionRecord
from pages._shared.table import Cell, Column, Table, show_table
from pages._shared.workspace import open_workspace

__all__ = ["RaterStanding", "count_raters", "describe_state", "list_standings", "show_standings"]

_EVERY_S = 5.0
_FLAGGED = "Answers given while the tab was hidden, after dropped frames, or ahead of the image."
_COLUMNS = (
    Column("rater", "Rater"),
    Column("state", "State"),
    Column("answered", "Answered", "Of the rater's trials; answers taken back do not count.", kind="number"),
    Column("flagged", "Flagged", _FLAGGED, kind="number"),
    Column("background", "Background", "Role and years of experience, as the rater gave them."),
    Column("screen", "Screen", "Width and height of the window in CSS pixels, and the refresh rate."),
    Column("began", "Began", kind="time"),
    Column("finished", "Finished", kind="time"),
)


@dataclass(frozen=True, slots=True)
class RaterStanding:
    """How far one rater is.

    Attributes:
        rater: the rater.
        n_answered: trials with a standing answer.
        n_flagged: of those, the ones that the browser flagged.
    """

    rater: RaterRecord
    n_answered: int
    n_flagged: int

    @property
    def word(self) -> str:
        """The state in a word or two."""
        if self.rater.finished_at is not None:
            return "finished"
        if self.rater.revoked_at is not None:
            return "link revoked"
        return "rating" if self.rater.consented_at is not None else "not begun"


def list_standings(database: Database, session_id: str) -> tuple[RaterStanding, ...]:
    """Look how far each rater of a session is, in the order of raters.

    Raises:
        DatabaseError: if the database does not answer.
    """
    raters = list_raters(database, session_id)
    by_rater = group_by_rater(list_answers(database, session_id=session_id))
    standings = []
    for rater in raters:
        standing = standing_answers(by_rater.get(rater.id, ()))
        n_flagged = sum(map(_is_flagged, standing.values()))
        standings.append(RaterStanding(rater, len(standing), n_flagged))
    return tuple(standings)


def count_raters(raters: tuple[RaterRecord, ...]) -> tuple[int, int]:
    """Count raters that have finished, and all but those whose link was taken back before."""
    n_finished = sum(one.finished_at is not None for one in raters)
    return n_finished, sum(one.finished_at is not None or one.revoked_at is None for one in raters)


def describe_state(session: RatingSessionRecord) -> str:
    """Say in a word or two whether raters can answer."""
    if session.closed_at is not None:
        return "closed"
    return "open" if session.prepared_at is not None else "images not ready"


def show_standings(session: RatingSessionRecord) -> None:
    """Show how far each rater is; kept up to date while the session is open."""
    is_open = session.closed_at is None and session.prepared_at is not None
    st.fragment(_show, run_every=_EVERY_S if is_open else None)(session.id)


def _show(session_id: str) -> None:
    _, database = open_workspace()
    rows = tuple((one.rater.id, _cells(one)) for one in list_standings(database, session_id))
    show_table(
        Table(_COLUMNS, rows), key="rater_standings", file_name=f"raters-{session_id}.csv", height_px=440
    )


def _cells(one: RaterStanding) -> dict[str, Cell]:
    rater, n_trials = one.rater, len(one.rater.trials)
    cells = {
        "rater": Cell(rater.name),
        "state": Cell(one.word, strong=one.word == "rating"),
        "answered": Cell(f"{one.n_answered:,} of {n_trials:,}", one.n_answered),
        "flagged": Cell(f"{one.n_flagged:,}", one.n_flagged),
        "background": Cell("; ".join(map(_describe_background, rater.background))),
        "screen": Cell(_describe_screen(rater)),
    }
    if rater.consented_at is not None:
        cells["began"] = Cell("", rater.consented_at.isoformat())
    if rater.finished_at is not None:
        cells["finished"] = Cell("", rater.finished_at.isoformat())
    return cells


def _describe_background(one: Background) -> str:
    return f"{one.role}, {one.years:g} {'year' if one.years == 1 else 'years'}"


def _describe_screen(rater: RaterRecord) -> str:
    screen = rater.screen
    parts = []
    if "width" in screen and "height" in screen:
        parts.append(f"{screen['width']:.0f} × {screen['height']:.0f}")
    if "refresh_hz" in screen:
        parts.append(f"{screen['refresh_hz']:.0f} Hz")
    return ", ".join(parts)


def _is_flagged(answer: NewAnswer) -> bool:
    return answer.was_hidden or answer.was_early or answer.dropped_frames > 0
