"""Rows of raters: their trials as JSON and back."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.rating_record import Background, RaterRecord, Trial, TrialKind
from core.db.rating_tables import RaterTable
from core.errors import InputError

__all__ = ["check_rater_name", "insert_rater", "read_rater", "require_free_name"]

_LONGEST_NAME = 80


def check_rater_name(name: str, number: int) -> str:
    """Return a rater's name with single blanks between words; an empty one becomes "Rater 1" and so on.

    Raises:
        InputError: if it is too long or holds characters that cannot be shown.
    """
    name = " ".join(name.split()) or f"Rater {number + 1}"
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise InputError(f"A rater's name holds {_LONGEST_NAME} printable characters at most.")
    return name


def insert_rater(
    session: Session, session_id: str, number: int, name: str, trials: Sequence[Trial], *, n_stimuli: int
) -> RaterTable:
    """Add a rater's row.

    Raises:
        InputError: if the name does not fit or is taken, there is no trial, or a trial shows an image that
            the session does not have.
    """
    name = check_rater_name(name, number)
    require_free_name(session, session_id, name)
    if not trials:
        raise InputError(f"{name} has no trial; choose more images.")
    for trial in trials:
        fits = len(trial.stimuli) in (1, 2) and all(0 <= one < n_stimuli for one in trial.stimuli)
        if not fits:
            raise InputError(f"A trial of {name} shows an image that the session does not have.")
    row = RaterTable(
        id=secrets.token_hex(8),
        session_id=session_id,
        number=number,
        name=name,
        trials=[{"kind": trial.kind.value, "stimuli": list(trial.stimuli)} for trial in trials],
        background=[],
        screen={},
    )
    session.add(row)
    session.flush()
    return row


def require_free_name(session: Session, session_id: str, name: str, *, besides: str = "") -> None:
    """Refuse a name that another rater of the session has, whatever the case.

    Raises:
        InputError: if it is taken.
    """
    others = select(RaterTable.id, RaterTable.name).where(RaterTable.session_id == session_id)
    for other_id, other in session.execute(others):
        if other_id != besides and other.casefold() == name.casefold():
            raise InputError(f"There is a rater called {other!r} already; choose another name.")


def read_rater(row: RaterTable) -> RaterRecord:
    """Turn a row into the record."""
    return RaterRecord(
        id=row.id,
        session_id=row.session_id,
        number=row.number,
        name=row.name,
        trials=tuple(Trial(TrialKind(one["kind"]), tuple(one["stimuli"])) for one in row.trials),
        background=tuple(Background(one["role"], float(one["years"])) for one in row.background),
        consented_at=row.consented_at,
        screen=row.screen,
        finished_at=row.finished_at,
        revoked_at=row.revoked_at,
    )
