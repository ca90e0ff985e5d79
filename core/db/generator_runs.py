"""Generators in the database: begin, list, load, remove and restore; their weights lie in the workspace."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.datasets.folder_roots import FolderRef
from core.db.database import Database
from core.db.tables import GeneratorRunTable, StudyTable
from core.errors import InputError, UnknownNameError

__all__ = [
    "GeneratorRun",
    "claim_generator_name",
    "create_generator_run",
    "list_generator_runs",
    "load_generator_run",
    "remove_generator_run",
    "restore_generator_run",
]

_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class GeneratorRun:
    """A generator as it was asked for; how far its training came stands in its folder.

    Attributes:
        id: never changes; names the run's folder in the workspace.
        study_id: the study on whose real images it is trained.
        name: unique among the study's generators that are not removed, whatever the case.
        family: a name in `core.generators.families.FAMILIES`.
        preset: where its options began; empty for a run that was trained elsewhere.
        options: of its family, as JSON.
        real: its training images.
        labels: CSV of their classes, or None.
        created_at: when it was asked for.
        removed_at: when it was taken off the lists; its files stay, and it can be restored.
    """

    id: str
    study_id: str
    name: str
    family: str
    preset: str
    options: dict[str, Any]
    real: FolderRef
    labels: FolderRef | None
    created_at: datetime
    removed_at: datetime | None


def create_generator_run(
    database: Database,
    *,
    study_id: str,
    name: str,
    family: str,
    preset: str,
    options: Mapping[str, Any],
    real: FolderRef,
    labels: FolderRef | None = None,
    run_id: str | None = None,
) -> GeneratorRun:
    """Keep a new generator.

    Args:
        database: where.
        study_id: the study that it belongs to.
        name: unique among the study's generators, 60 characters at most.
        family: name of its family.
        preset: where its options began.
        options: `GeneratorOptions.model_dump(mode="json")`.
        real: folder of its training images.
        labels: CSV of their classes.
        run_id: its id, where its files lie under one already; None draws one.

    Raises:
        InputError: if the name is none or taken.
        UnknownNameError: if there is no such study.
        DatabaseError: if the database does not answer.
    """
    with database.write() as session:
        if session.get(StudyTable, study_id) is None:
            raise UnknownNameError(f"There is no study {study_id!r}; open one from the overview.")
        row = GeneratorRunTable(
            id=run_id or secrets.token_hex(8),
            study_id=study_id,
            name=_require_name(session, study_id, name),
            family=family,
            preset=preset,
            options=dict(options),
            real=real.model_dump(mode="json"),
            labels=None if labels is None else labels.model_dump(mode="json"),
            created_at=datetime.now(UTC),
        )
        session.add(row)
        session.flush()
        return _record(row)


def claim_generator_name(database: Database, study_id: str, name: str) -> str:
    """Check a name before work begins; returns it as it would be kept.

    Raises:
        InputError: if it is none or taken.
        DatabaseError: if the database does not answer.
    """
    with database.read() as session:
        return _require_name(session, study_id, name)


def list_generator_runs(
    database: Database, study_id: str | None = None, *, removed: bool = False
) -> tuple[GeneratorRun, ...]:
    """List generators, newest first.

    Args:
        database: where.
        study_id: only this study's.
        removed: list the removed ones instead.

    Raises:
        DatabaseError: if the database does not answer.
    """
    gone = GeneratorRunTable.removed_at
    query = select(GeneratorRunTable).where(gone.is_not(None) if removed else gone.is_(None))
    if study_id is not None:
        query = query.where(GeneratorRunTable.study_id == study_id)
    with database.read() as session:
        rows = session.scalars(query.order_by(GeneratorRunTable.created_at.desc(), GeneratorRunTable.id))
        return tuple(_record(row) for row in rows)


def load_generator_run(database: Database, run_id: str) -> GeneratorRun:
    """Load one generator, also a removed one.

    Raises:
        UnknownNameError: if there is none of that id.
        DatabaseError: if the database does not answer.
    """
    with database.read() as session:
        return _record(_get(session, run_id))


def remove_generator_run(database: Database, run_id: str) -> None:
    """Take a generator off the lists; nothing is deleted.

    Raises:
        UnknownNameError: if there is none of that id.
        DatabaseError: if the database does not answer.
    """
    with database.write() as session:
        _get(session, run_id).removed_at = datetime.now(UTC)


def restore_generator_run(database: Database, run_id: str) -> GeneratorRun:
    """Undo `remove_generator_run`.

    Raises:
        InputError: if another generator of the study has taken the name since.
        UnknownNameError: if there is none of that id.
        DatabaseError: if the database does not answer.
    """
    with database.write() as session:
        row = _get(session, run_id)
        if row.removed_at is not None:
            _require_name(session, row.study_id, row.name)
            row.removed_at = None
            session.flush()
        return _record(row)


def _require_name(session: Session, study_id: str, name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InputError(f"A generator needs a name of 1 to {_LONGEST_NAME} printable characters.")
    taken = select(GeneratorRunTable.name).where(
        GeneratorRunTable.study_id == study_id, GeneratorRunTable.removed_at.is_(None)
    )
    for other in session.scalars(taken):
        if other.casefold() == name.casefold():
            raise InputError(f"The study has a generator called {other!r} already; choose another name.")
    return name


def _get(session: Session, run_id: str) -> GeneratorRunTable:
    row = session.get(GeneratorRunTable, run_id)
    if row is None:
        raise UnknownNameError(f"There is no generator {run_id!r}; open one from the Generators page.")
    return row


def _record(row: GeneratorRunTable) -> GeneratorRun:
    return GeneratorRun(
        id=row.id,
        study_id=row.study_id,
        name=row.name,
        family=row.family,
        preset=row.preset,
        options=row.options,
        real=FolderRef.model_validate(row.real),
        labels=None if row.labels is None else FolderRef.model_validate(row.labels),
        created_at=row.created_at,
        removed_at=row.removed_at,
    )
