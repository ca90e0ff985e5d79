"""A rating session with all that belongs to it, read in one go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.db.database import Database
from core.db.raters import list_raters
from core.db.rating_answers import list_answers
from core.db.rating_record import AnswerRecord, RaterRecord, RatingSessionRecord, StimulusRecord
from core.db.rating_sessions import load_rating_session, load_stimuli

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LoadedSession", "load_whole_session"]


@dataclass(frozen=True, slots=True)
class LoadedSession:
    """A session, its images, its raters with their trials, and every row of their answers.

    Attributes:
        record: what lists show of it.
        stimuli: images by number.
        raters: by number.
        answers: in the order in which they were stored, withdrawals among them.
    """

    record: RatingSessionRecord
    stimuli: tuple[StimulusRecord, ...]
    raters: tuple[RaterRecord, ...]
    answers: tuple[AnswerRecord, ...]

    def tabulate(self) -> pd.DataFrame:
        """List the standing answers; see `core.rating.session_table`."""
        from core.rating.session_table import tabulate_session

        return tabulate_session(self.stimuli, self.raters, self.answers)


def load_whole_session(database: Database, session_id: str) -> LoadedSession:
    """Load a session with its images, raters and answers.

    Raises:
        UnknownNameError: if there is no session of that id.
        DatabaseError: if the database does not answer.
    """
    # Answers before raters: none is without its rater, also while one is added.
    answers = list_answers(database, session_id=session_id)
    return LoadedSession(
        record=load_rating_session(database, session_id),
        stimuli=load_stimuli(database, session_id),
        raters=list_raters(database, session_id),
        answers=answers,
    )
