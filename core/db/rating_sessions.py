"""Rating sessions in the database: made whole with their images and raters, then prepared, then closed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.db._rater_rows import insert_rater
from core.db._storable import make_storable
from core.db.database import Database
from core.db.rating_names import require_session_name
from core.db.rating_record import RatingSessionRecord, StimulusRecord, Trial, TrialKind
from core.db.rating_tables import RaterTable, RatingSessionTable, RatingStimulusTable
from core.db.tables import StudyTable
from core.errors import InputError, UnknownNameError

__all__ = [
    "close_rating_session",
    "create_rating_session",
    "find_rating_session",
    "get_rating_session",
    "insert_rating_session",
    "list_rating_sessions",
    "load_rating_session",
    "load_stimuli",
    "mark_prepared",
    "read_rating_session",
    "reopen_rating_session",
]


def create_rating_session(
    database: Database,
    *,
    study_id: str,
    name: str,
    design: Mapping[str, Any],
    folders: Mapping[str, Any],
    stimuli: Sequence[StimulusRecord],
    raters: Sequence[tuple[str, Sequence[Trial]]],
    is_simulated: bool = False,
    session_id: str | None = None,
) -> RatingSessionRecord:
    """Keep a new session with all its images and raters, or nothing.

    Args:
        database: where.
        study_id: the study whose images are shown.
        name: unique among the study's sessions, 80 characters at most; raters never see it.
        design: `SessionDesign.model_dump(mode="json")`.
        folders: `StudyFolders.model_dump(mode="json")` of the study now.
        stimuli: the images, numbered from 0 in this order.
        raters: name and trials of each, in order; a name may be empty ("Rater 1" then).
        is_simulated: whether simulated raters will answer.
        session_id: its id; a session that has it already is returned as it is, so that work which was cut
            short can be done again. A new id by default.

    Raises:
        InputError: if the name is taken or no name, there is no image, or the numbers do not fit.
        UnknownNameError: if there is no such study.
        DatabaseError: if the database does not answer.
    """
    with database.write() as session:
        row = None if session_id is None else session.get(RatingSessionTable, session_id)
        if row is None:
            row = insert_rating_session(
                session,
                study_id=study_id,
                name=name,
                design=design,
                folders=folders,
                stimuli=stimuli,
                raters=raters,
                is_simulated=is_simulated,
                session_id=session_id,
            )
        return read_rating_session(row)


def insert_rating_session(
    session: Session,
    *,
    study_id: str,
    name: str,
    design: Mapping[str, Any],
    folders: Mapping[str, Any],
    stimuli: Sequence[StimulusRecord],
    raters: Sequence[tuple[str, Sequence[Trial]]],
    is_simulated: bool = False,
    session_id: str | None = None,
) -> RatingSessionTable:
    """Add the rows of a new session within a writer's transaction; see `create_rating_session`.

    Raises:
        InputError: if the name is taken or no name, there is no image, or the numbers do not fit.
        UnknownNameError: if there is no such study.
    """
    name = require_session_name(session, study_id, name)
    if not stimuli:
        raise InputError("A rating session without an image cannot be kept; choose more images.")
    if [one.number for one in stimuli] != list(range(len(stimuli))):
        raise InputError("The images of a rating session are numbered from 0 without a gap.")
    if session.get(StudyTable, study_id) is None:
        raise UnknownNameError(f"There is no study {study_id!r}; open one from the overview.")
    row = RatingSessionTable(
        id=session_id or secrets.token_hex(8),
        study_id=study_id,
        name=name,
        created_at=datetime.now(UTC),
        design=dict(design),
        folders=dict(folders),
        is_simulated=is_simulated,
    )
    session.add(row)
    session.flush()
    session.execute(
        insert(RatingStimulusTable),
        [make_storable(asdict(one)) | {"session_id": row.id, "kind": one.kind.value} for one in stimuli],
    )
    for number, (rater_name, trials) in enumerate(raters):
        insert_rater(session, row.id, number, rater_name, trials, n_stimuli=len(stimuli))
    return row


def list_rating_sessions(database: Database, study_id: str | None = None) -> tuple[RatingSessionRecord, ...]:
    """List sessions, newest first.

    Args:
        database: where.
        study_id: only this study's.

    Raises:
        DatabaseError: if the database does not answer.
    """
    query = select(RatingSessionTable).order_by(RatingSessionTable.created_at.desc(), RatingSessionTable.id)
    if study_id is not None:
        query = query.where(RatingSessionTable.study_id == study_id)
    with database.read() as session:
        return tuple(read_rating_session(row) for row in session.scalars(query))


def load_rating_session(database: Database, session_id: str) -> RatingSessionRecord:
    """Load one session.

    Raises:
        UnknownNameError: if there is none of that id.
        DatabaseError: if the database does not answer.
    """
    with database.read() as session:
        return read_rating_session(get_rating_session(session, session_id))


def find_rating_session(database: Database, name_or_id: str) -> RatingSessionRecord:
    """Find a session by its id, or by its name where only one has it, for the command line.

    Raises:
        UnknownNameError: if there is none, or several have the name; the message lists what there is.
        DatabaseError: if the database does not answer.
    """
    sessions = list_rating_sessions(database)
    found = [one for one in sessions if one.id == name_or_id] or [
        one for one in sessions if one.name.casefold() == name_or_id.casefold()
    ]
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{one.id} {one.name!r}" for one in found or sessions) or "none yet"
    says = "Several rating sessions are called" if found else "There is no rating session"
    raise UnknownNameError(f"{says} {name_or_id!r}; there are: {known}.")


def load_stimuli(database: Database, session_id: str) -> tuple[StimulusRecord, ...]:
    """Load a session's images in the order of their numbers.

    Raises:
        UnknownNameError: if there is no session of that id.
        DatabaseError: if the database does not answer.
    """
    query = (
        select(RatingStimulusTable)
        .where(RatingStimulusTable.session_id == session_id)
        .order_by(RatingStimulusTable.number)
    )
    with database.read() as session:
        get_rating_session(session, session_id)
        return tuple(
            StimulusRecord(
                number=row.number,
                kind=TrialKind(row.kind),
                synthetic=row.synthetic,
                class_name=row.class_name,
                is_fake=row.is_fake,
                file=row.file,
                digest=row.digest,
            )
            for row in session.scalars(query)
        )


def mark_prepared(database: Database, session_id: str) -> RatingSessionRecord:
    """Note that a session's images are written, so that raters can begin; a second call changes nothing.

    Raises:
        UnknownNameError: if there is no session of that id.
        DatabaseError: if the database does not answer.
    """
    with database.write() as session:
        row = get_rating_session(session, session_id)
        row.prepared_at = row.prepared_at or datetime.now(UTC)
        return read_rating_session(row)


def close_rating_session(database: Database, session_id: str) -> RatingSessionRecord:
    """Take no more answers and no more raters; a second call changes nothing.

    Raises:
        UnknownNameError: if there is no session of that id.
        DatabaseError: if the database does not answer.
    """
    with database.write() as session:
        row = get_rating_session(session, session_id)
        row.closed_at = row.closed_at or datetime.now(UTC)
        return read_rating_session(row)


def reopen_rating_session(database: Database, session_id: str) -> RatingSessionRecord:
    """Undo `close_rating_session`; raters who had not finished go on where they were.

    Raises:
        InputError: if it was run elsewhere and its answers are imported.
        UnknownNameError: if there is no session of that id.
        DatabaseError: if the database does not answer.
    """
    # Whoever rates here agrees to take part here.
    elsewhere = select(RaterTable.id).where(
        RaterTable.session_id == session_id,
        RaterTable.finished_at.is_not(None),
        RaterTable.consented_at.is_(None),
    )
    with database.write() as session:
        row = get_rating_session(session, session_id)
        if session.scalar(elsewhere.limit(1)) is not None:
            raise InputError(
                f"The rating session {row.name!r} was run elsewhere and its answers are imported, so that no "
                "trial of it is left to rate; make a new session."
            )
        row.closed_at = None
        return read_rating_session(row)


def get_rating_session(session: Session, session_id: str) -> RatingSessionTable:
    """Find a session's row.

    Raises:
        UnknownNameError: if there is none of that id.
    """
    row = session.get(RatingSessionTable, session_id)
    if row is None:
        raise UnknownNameError(
            f"There is no rating session {session_id[:40]!r}; choose one of the study's sessions."
        )
    return row


def read_rating_session(row: RatingSessionTable) -> RatingSessionRecord:
    """Turn a row into the record."""
    return RatingSessionRecord(
        id=row.id,
        study_id=row.study_id,
        name=row.name,
        created_at=row.created_at,
        design=row.design,
        folders=row.folders,
        is_simulated=row.is_simulated,
        prepared_at=row.prepared_at,
        closed_at=row.closed_at,
    )
