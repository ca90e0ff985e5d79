"""Rating sessions that were run elsewhere, kept with their answers in one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select

from core.db.database import Database
from core.db.rating_record import NewAnswer, RatingSessionRecord, StimulusRecord, Trial
from core.db.rating_sessions import insert_rating_session, load_rating_session
from core.db.rating_tables import RaterTable, RatingAnswerTable

__all__ = ["ImportedRater", "import_rating_session"]


@dataclass(frozen=True, slots=True)
class ImportedRater:
    """One rater of a session that was run elsewhere.

    Attributes:
        name: unique in the session.
        trials: all of the rater's trials, in order.
        answers: one for each trial, in order, with when it was given; None where that is not known.
    """

    name: str
    trials: Sequence[Trial]
    answers: Sequence[tuple[NewAnswer, datetime | None]]


def import_rating_session(
    database: Database,
    *,
    study_id: str,
    name: str,
    design: Mapping[str, Any],
    folders: Mapping[str, Any],
    stimuli: Sequence[StimulusRecord],
    raters: Sequence[ImportedRater],
    is_simulated: bool = False,
) -> RatingSessionRecord:
    """Keep a closed session with all its answers, or nothing.

    Its raters have finished without a consent of their own here, since whoever ran the session asked them.

    Args:
        database: where.
        study_id: the study whose sets were shown.
        name: unique among the study's sessions.
        design: `SessionDesign.model_dump(mode="json")`, as far as the answers tell it.
        folders: `StudyFolders.model_dump(mode="json")` of the study now.
        stimuli: the images, numbered from 0 in this order.
        raters: with trials and answers.
        is_simulated: whether simulated raters answered.

    Raises:
        InputError: if a name is taken or no name, or the numbers do not fit.
        UnknownNameError: if there is no such study.
        DatabaseError: if the database does not answer.
    """
    now = datetime.now(UTC)
    with database.write() as session:
        row = insert_rating_session(
            session,
            study_id=study_id,
            name=name,
            design=design,
            folders=folders,
            stimuli=stimuli,
            raters=[(one.name, one.trials) for one in raters],
            is_simulated=is_simulated,
        )
        row.prepared_at = row.closed_at = now
        query = select(RaterTable).where(RaterTable.session_id == row.id).order_by(RaterTable.number)
        rows = []
        for rater_row, rater in zip(session.scalars(query), raters, strict=True):
            rater_row.finished_at = max((made_at or now for _, made_at in rater.answers), default=now)
            rows += [
                asdict(given) | {"rater_id": rater_row.id, "made_at": made_at or now}
                for given, made_at in rater.answers
            ]
        session.execute(insert(RatingAnswerTable), rows)
        session_id = row.id
    return load_rating_session(database, session_id)
