"""The numbers of finished work, one a row, in a table that says whose they are and in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.db._storable import make_storable
from core.db.tables import ExperimentResultTable, ResultTable

__all__ = ["ResultRows"]


@dataclass(frozen=True, slots=True)
class ResultRows:
    """One table of numbers.

    Attributes:
        table: the table; its column `position` is the order.
        owner: name of the column that says whose they are.
    """

    table: type[ResultTable] | type[ExperimentResultTable]
    owner: str

    def insert(self, session: Session, owner_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add all rows of an owner, in their order.

        Args:
            session: within a write.
            owner_id: whose they are; it is in its own table already.
            rows: by column name; a column that may be empty may be missing.
        """
        columns = self._list_columns()
        kept = [
            {self.owner: owner_id, "position": position}
            | {
                name: make_storable(row.get(name) if may_be_empty else row[name])
                for name, may_be_empty in columns.items()
            }
            for position, row in enumerate(rows)
        ]
        if kept:
            session.execute(insert(self.table), kept)

    def load(self, session: Session, owner_id: str) -> tuple[dict[str, Any], ...]:
        """Load all rows of an owner, in their order, by column name."""
        columns = [getattr(self.table, name) for name in self._list_columns()]
        rows = session.execute(
            select(*columns).where(getattr(self.table, self.owner) == owner_id).order_by(self.table.position)
        )
        return tuple(dict(row._mapping) for row in rows)

    def _list_columns(self) -> dict[str, bool]:
        """Columns that hold numbers and what they are of, and whether each may be empty."""
        return {
            column.name: bool(column.nullable)
            for column in self.table.__table__.columns
            if column.name not in {self.owner, "position"}
        }
