"""Names of rating sessions: what fits, and whether it is free."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.database import Database
from core.db.rating_tables import RatingSessionTable
from core.errors import InputError

__all__ = ["check_session_name", "require_session_name"]

_LONGEST_NAME = 80


def check_session_name(database: Database, study_id: str, name: str) -> str:
    """Refuse a name before work begins; the session's making asks once more.

    Args:
        database: where.
        study_id: the study that the session is to belong to.
        name: what it is to be called.

    Returns:
        The name as it is kept, with single spaces.

    Raises:
        InputError: if it is no name, or one of the study's sessions has it, whatever its case.
        DatabaseError: if the database does not answer.
    """
    with database.read() as session:
        return require_session_name(session, study_id, name)


def require_session_name(session: Session, study_id: str, name: str) -> str:
    """Check a name within a transaction; see `check_session_name`.

    Raises:
        InputError: if it is no name, or one of the study's sessions has it, whatever its case.
    """
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InputError(f"A rating session needs a name of 1 to {_LONGEST_NAME} printable characters.")
    taken = select(RatingSessionTable.name).where(RatingSessionTable.study_id == study_id)
    for other in session.scalars(taken):
        if other.casefold() == name.casefold():
            raise InputError(f"There is a rating session called {other!r} already; choose another name.")
    return name
