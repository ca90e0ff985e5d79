"""A rater, the session and the standing answers as they were at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from core.db._rater_rows import read_rater
from core.db.database import Database
from core.db.raters import get_rater
from core.db.rating_answers import read_answer, standing_answers
from core.db.rating_record import NewAnswer, RaterRecord, RatingSessionRecord
from core.db.rating_sessions import get_rating_session, read_rating_session
from core.db.rating_tables import RatingAnswerTable

__all__ = ["RaterSeat", "load_seat"]


@dataclass(frozen=True, slots=True)
class RaterSeat:
    """What a rater's next page needs.

    Attributes:
        rater: the rater with all trials.
        session: the rater's session.
        standing: standing answers by position, which are those of the first positions.
        furthest: the furthest next position that the rater ever had, from 0; undone answers do not lower it.
    """

    rater: RaterRecord
    session: RatingSessionRecord
    standing: Mapping[int, NewAnswer]
    furthest: int


def load_seat(database: Database, rater_id: str) -> RaterSeat:
    """Load a rater's seat in one reading.

    Raises:
        UnknownNameError: if there is no rater of that id.
        DatabaseError: if the database does not answer.
    """
    query = select(RatingAnswerTable).where(RatingAnswerTable.rater_id == rater_id)
    with database.read() as session:
        rater = get_rater(session, rater_id)
        answers = [read_answer(row) for row in session.scalars(query)]
        return RaterSeat(
            rater=read_rater(rater),
            session=read_rating_session(get_rating_session(session, rater.session_id)),
            standing=standing_answers(answers),
            # An answer is taken only at the next position and leads to the one after it.
            furthest=max((one.given.position + 1 for one in answers), default=0),
        )
