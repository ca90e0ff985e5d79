"""Finished experiments in the database; never changed after they are added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import select

from core.db._result_rows import ResultRows
from core.db._storable import make_storable
from core.db.database import Database
from core.db.tables import ExperimentResultTable, ExperimentTable, StudyTable
from core.errors import InputError, UnknownNameError

__all__ = [
    "EXPERIMENT_KINDS",
    "ExperimentDocument",
    "ExperimentRecord",
    "add_experiment",
    "has_experiment",
    "list_experiments",
    "load_experiment",
]

EXPERIMENT_KINDS: Final = {
    "augmentation": "Augmentation utility",
    "feature-extraction": "Feature-extraction utility",
    "crop": "Crop experiment",
}
"""What lists call each kind of experiment."""

_RESULTS: Final = ResultRows(ExperimentResultTable, "experiment_id")


@dataclass(frozen=True, slots=True)
class ExperimentRecord:
    """What a list of experiments shows.

    Attributes:
        id: the job's id that ran it; also its folder's name in the workspace.
        study_id: its study.
        study_name: the study's name today.
        kind: a key of `EXPERIMENT_KINDS`.
        finished_at: when it ended.
    """

    id: str
    study_id: str
    study_name: str
    kind: str
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class ExperimentDocument:
    """An experiment as documents, for the package that ran it to read.

    Attributes:
        record: what lists show.
        summary: its JSON file.
        results: its rows in their order, by column name of the `experiment_results` table; a crop experiment
            may have none.
    """

    record: ExperimentRecord
    summary: dict[str, Any]
    results: tuple[dict[str, Any], ...]


def add_experiment(
    database: Database,
    *,
    experiment_id: str,
    study_id: str,
    kind: str,
    summary: Mapping[str, Any],
    results: Sequence[Mapping[str, Any]],
) -> None:
    """Add an experiment with all its results, or nothing.

    Args:
        database: where.
        experiment_id: the id of the job that ran it.
        study_id: its study.
        kind: a key of `EXPERIMENT_KINDS`.
        summary: its JSON file.
        results: one mapping a row, by column name of the `experiment_results` table; a column that may be
            empty may be missing.

    Raises:
        InputError: if there is an experiment of that id already.
        DatabaseError: if the database does not answer.
    """
    with database.write() as session:
        if session.get(ExperimentTable, experiment_id) is not None:
            raise InputError(f"The experiment {experiment_id} is kept already, and experiments never change.")
        session.add(
            ExperimentTable(
                id=experiment_id,
                study_id=study_id,
                kind=kind,
                summary=make_storable(summary),
                finished_at=datetime.now(UTC),
            )
        )
        session.flush()
        _RESULTS.insert(session, experiment_id, results)


def has_experiment(database: Database, experiment_id: str) -> bool:
    """Whether an experiment of that id is kept.

    Raises:
        DatabaseError: if the database does not answer.
    """
    with database.read() as session:
        return session.get(ExperimentTable, experiment_id) is not None


def list_experiments(
    database: Database,
    *,
    study_id: str | None = None,
    kinds: Sequence[str] | None = None,
    limit: int = 200,
) -> tuple[ExperimentRecord, ...]:
    """List experiments, newest first.

    Args:
        database: where.
        study_id: only this study's; None lists those of all studies that are not removed.
        kinds: only these kinds; None lists all.
        limit: how many at most.

    Raises:
        DatabaseError: if the database does not answer.
    """
    query = (
        select(
            ExperimentTable.id,
            ExperimentTable.study_id,
            StudyTable.name,
            ExperimentTable.kind,
            ExperimentTable.finished_at,
        )
        .join(StudyTable, StudyTable.id == ExperimentTable.study_id)
        .where(StudyTable.removed_at.is_(None) if study_id is None else ExperimentTable.study_id == study_id)
        .order_by(ExperimentTable.finished_at.desc(), ExperimentTable.id)
        .limit(limit)
    )
    if kinds is not None:
        query = query.where(ExperimentTable.kind.in_(kinds))
    with database.read() as session:
        return tuple(ExperimentRecord(*row) for row in session.execute(query))


def load_experiment(database: Database, experiment_id: str) -> ExperimentDocument:
    """Load one experiment with all its results.

    Raises:
        UnknownNameError: if there is none of that id.
        DatabaseError: if the database does not answer.
    """
    with database.read() as session:
        found = session.execute(
            select(ExperimentTable, StudyTable.name)
            .join(StudyTable, StudyTable.id == ExperimentTable.study_id)
            .where(ExperimentTable.id == experiment_id)
        ).first()
        if found is None:
            raise UnknownNameError(
                f"There is no experiment {experiment_id!r}; the pages of experiments list those there are."
            )
        one, name = found
        results = _RESULTS.load(session, experiment_id)
    record = ExperimentRecord(one.id, one.study_id, name, one.kind, one.finished_at)
    return ExperimentDocument(record, one.summary, results)
