"""Studies in the database: save, list, rename, remove and restore."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.datasets.study_folders import StudyFolders
from core.db.database import Database
from core.db.tables import StudyTable
from core.errors import InputError, UnknownNameError

__all__ = [
    "StudyRecord",
    "find_study",
    "list_studies",
    "load_study",
    "remove_study",
    "restore_study",
    "save_study",
]

_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class StudyRecord:
    """A study as it is kept.

    Attributes:
        id: never changes.
        name: what users call it; unique among studies that are not removed, whatever the case.
        folders: its sets.
        created_at: when it was first saved.
        updated_at: when its name or folders last changed.
        removed_at: when it was removed; it can be restored, and its audits and experiments stay.
    """

    id: str
    name: str
    folders: StudyFolders
    created_at: datetime
    updated_at: datetime
    removed_at: datetime | None


def save_study(
    database: Database, *, name: str, folders: StudyFolders, study_id: str | None = None
) -> StudyRecord:
    """Add a study, or change one.

    Args:
        database: where.
        name: unique, 80 characters at most.
        folders: its sets.
        study_id: the study to change; None adds one.

    Raises:
        InputError: if the name is empty, too long or taken.
        UnknownNameError: if there is no study of that id.
        DatabaseError: if the database does not answer.
    """
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InputError(f"A study needs a name of 1 to {_LONGEST_NAME} printable characters.")
    now = datetime.now(UTC)
    with database.write() as session:
        for other in session.scalars(select(StudyTable).where(StudyTable.removed_at.is_(None))):
            if other.id != study_id and other.name.casefold() == name.casefold():
                raise InputError(f"There is a study called {other.name!r} already; choose another name.")
        document = folders.model_dump(mode="json")
        if study_id is None:
            row = StudyTable(
                id=secrets.token_hex(8), name=name, folders=document, created_at=now, updated_at=now
            )
            session.add(row)
        else:
            row = _get(session, study_id)
            if (row.name, row.folders) != (name, document):
                row.name, row.folders, row.updated_at = name, document, now
        session.flush()
        return _record(row)


def list_studies(database: Database, *, removed: bool = False) -> tuple[StudyRecord, ...]:
    """List studies, newest change first.

    Args:
        database: where.
        removed: list the removed ones instead.

    Raises:
        DatabaseError: if the database does not answer.
    """
    gone = StudyTable.removed_at.is_not(None) if removed else StudyTable.removed_at.is_(None)
    with database.read() as session:
        rows = session.scalars(
            select(StudyTable).where(gone).order_by(StudyTable.updated_at.desc(), StudyTable.id)
        )
        return tuple(_record(row) for row in rows)


def load_study(database: Database, study_id: str) -> StudyRecord:
    """Load one study, also a removed one.

    Raises:
        UnknownNameError: if there is none of that id.
        DatabaseError: if the database does not answer.
    """
    with database.read() as session:
        return _record(_get(session, study_id))


def find_study(database: Database, name: str) -> StudyRecord:
    """Find a study by its name, or its id, for the command line.

    Raises:
        UnknownNameError: if there is none; the message lists the names.
        DatabaseError: if the database does not answer.
    """
    studies = list_studies(database)
    for study in studies:
        if name == study.id or name.casefold() == study.name.casefold():
            return study
    known = ", ".join(repr(study.name) for study in studies) or "none yet"
    raise UnknownNameError(f"There is no study {name!r}; there are: {known}.")


def remove_study(database: Database, study_id: str) -> None:
    """Take a study off the lists; nothing is deleted.

    Raises:
        UnknownNameError: if there is none of that id.
        DatabaseError: if the database does not answer.
    """
    with database.write() as session:
        _get(session, study_id).removed_at = datetime.now(UTC)


def restore_study(database: Database, study_id: str) -> StudyRecord:
    """Undo `remove_study`.

    Raises:
        InputError: if another study has taken the name since.
        UnknownNameError: if there is none of that id.
        DatabaseError: if the database does not answer.
    """
    with database.write() as session:
        row = _get(session, study_id)
        for other in session.scalars(select(StudyTable).where(StudyTable.removed_at.is_(None))):
            if other.id != study_id and other.name.casefold() == row.name.casefold():
                raise InputError(f"Another study is called {row.name!r} now; rename that one first.")
        row.removed_at = None
        session.flush()
        return _record(row)


def _get(session: Session, study_id: str) -> StudyTable:
    row = session.get(StudyTable, study_id)
    if row is None:
        raise UnknownNameError(f"There is no study {study_id!r}; open one from the overview.")
    return row


def _record(row: StudyTable) -> StudyRecord:
    return StudyRecord(
        row.id,
        row.name,
        StudyFolders.model_validate(row.folders),
        row.created_at,
        row.updated_at,
        row.removed_at,
    )
