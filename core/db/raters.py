"""Raters in the database: invited, begun with consent, revoked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db._rater_rows import check_rater_name, insert_rater, read_rater, require_free_name
from core.db.database import Database
from core.db.rating_record import Background, RaterRecord, Trial
from core.db.rating_sessions import get_rating_session
from core.db.rating_tables import RaterTable, RatingStimulusTable
from core.errors import InputError, UnknownNameError

__all__ = [
    "add_rater",
    "begin_rating",
    "get_rater",
    "list_raters",
    "load_rater",
    "rename_rater",
    "require_open_to",
    "revoke_rater",
]

_LONGEST_ROLE = 80
_MOST_EXPERTS = 12
_SCREEN_FIELDS = frozenset({"width", "height", "pixel_ratio", "refresh_hz"})


def add_rater(
    database: Database, session_id: str, *, name: str, make_trials: Callable[[int], Sequence[Trial]]
) -> RaterRecord:
    """Add a rater behind the last one.

    Args:
        database: where.
        session_id: the session.
        name: unique in the session; empty for "Rater 4" and so on.
        make_trials: makes the trials from the rater's number, which is given here.

    Raises:
        InputError: if the name does not fit or is taken, or the session is closed.
        UnknownNameError: if there is no session of that id.
        DatabaseError: if the database does not answer.
    """
    n_raters = select(func.count()).where(RaterTable.session_id == session_id)
    n_stimuli = select(func.count()).where(RatingStimulusTable.session_id == session_id)
    with database.write() as session:
        found = get_rating_session(session, session_id)
        if found.closed_at is not None:
            raise InputError(f"The rating session {found.name!r} is closed; open it again to add raters.")
        # Raters are never deleted, so that their count is the next number.
        number = session.execute(n_raters).scalar_one()
        row = insert_rater(
            session,
            session_id,
            number,
            name,
            make_trials(number),
            n_stimuli=session.execute(n_stimuli).scalar_one(),
        )
        return read_rater(row)


def list_raters(database: Database, session_id: str) -> tuple[RaterRecord, ...]:
    """List a session's raters in the order of their numbers.

    Raises:
        UnknownNameError: if there is no session of that id.
        DatabaseError: if the database does not answer.
    """
    query = select(RaterTable).where(RaterTable.session_id == session_id).order_by(RaterTable.number)
    with database.read() as session:
        get_rating_session(session, session_id)
        return tuple(read_rater(row) for row in session.scalars(query))


def load_rater(database: Database, rater_id: str) -> RaterRecord:
    """Load one rater.

    Raises:
        UnknownNameError: if there is none of that id.
        DatabaseError: if the database does not answer.
    """
    with database.read() as session:
        return read_rater(get_rater(session, rater_id))


def rename_rater(database: Database, rater_id: str, name: str) -> RaterRecord:
    """Call a rater's link something else; an empty name gives the first one back.

    Raises:
        InputError: if the name does not fit or is taken.
        UnknownNameError: if there is no rater of that id.
        DatabaseError: if the database does not answer.
    """
    with database.write() as session:
        row = get_rater(session, rater_id)
        name = check_rater_name(name, row.number)
        require_free_name(session, row.session_id, name, besides=row.id)
        row.name = name
        return read_rater(row)


def begin_rating(
    database: Database, rater_id: str, *, background: Sequence[Background], screen: Mapping[str, float]
) -> RaterRecord:
    """Note that a rater agreed to take part, with what they said of themselves; only the first call counts.

    Args:
        database: where.
        rater_id: the rater.
        background: role and years of experience, an entry an expert (several in a joint session).
        screen: what the browser measured, of `width`, `height`, `pixel_ratio` and `refresh_hz`.

    Raises:
        InputError: if a field does not fit, the images are not prepared yet, the session is closed or the
            rater's link was taken back.
        UnknownNameError: if there is no rater of that id.
        DatabaseError: if the database does not answer.
    """
    entries = [_check_background(one) for one in background]
    if not 1 <= len(entries) <= _MOST_EXPERTS:
        raise InputError(
            f"A rater's background has 1 to {_MOST_EXPERTS} experts; give role and years of each."
        )
    for field, value in screen.items():
        if field not in _SCREEN_FIELDS or not 0 < value < 100_000:
            raise InputError("What the browser measured of its screen does not fit; reload the page.")
    with database.write() as session:
        row = get_rater(session, rater_id)
        if row.consented_at is None:
            require_open_to(session, row)
            if get_rating_session(session, row.session_id).prepared_at is None:
                raise InputError("The images of this session are not prepared yet; try again in a while.")
            row.consented_at = datetime.now(UTC)
            row.background, row.screen = entries, {key: float(value) for key, value in screen.items()}
        return read_rater(row)


def revoke_rater(database: Database, rater_id: str) -> RaterRecord:
    """Take a rater's link back; answers given stay. A second call changes nothing.

    Raises:
        UnknownNameError: if there is no rater of that id.
        DatabaseError: if the database does not answer.
    """
    with database.write() as session:
        row = get_rater(session, rater_id)
        row.revoked_at = row.revoked_at or datetime.now(UTC)
        return read_rater(row)


def require_open_to(session: Session, rater: RaterTable) -> None:
    """Refuse what a rater hands in after the session was closed or the link was taken back.

    Raises:
        InputError: if so.
    """
    if rater.revoked_at is not None:
        raise InputError("This link was taken back; ask whoever sent it for another one.")
    if get_rating_session(session, rater.session_id).closed_at is not None:
        raise InputError("This session is closed and takes no more answers; thank you for your time.")


def get_rater(session: Session, rater_id: str) -> RaterTable:
    """Find a rater's row.

    Raises:
        UnknownNameError: if there is none of that id.
    """
    row = session.get(RaterTable, rater_id)
    if row is None:
        raise UnknownNameError(f"There is no rater {rater_id[:40]!r}; choose one of the session's raters.")
    return row


def _check_background(one: Background) -> dict[str, str | float]:
    """Browsers hand these in: look at them before the database does."""
    role = " ".join(one.role.split())
    if not role or len(role) > _LONGEST_ROLE or not role.isprintable():
        raise InputError(f"A rater's role is 1 to {_LONGEST_ROLE} printable characters, such as radiologist.")
    if not (math.isfinite(one.years) and 0 <= one.years <= 80):
        raise InputError("Years of experience are a number from 0 to 80.")
    return {"role": role, "years": float(one.years)}
