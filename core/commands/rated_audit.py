"""The option that puts a study's rating sessions beside an audit's numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from core.audit.result import AuditSummary

__all__ = ["RatingsOf", "add_ratings"]

RatingsOf = Annotated[
    str | None,
    typer.Option(
        "--ratings-of",
        metavar="STUDY",
        help="Add what people recognised as fake in the ended rating sessions of a study of the workspace.",
    ),
]


def add_ratings(
    summary: AuditSummary, folder: Path, study: str | None, *, with_names: bool = True
) -> AuditSummary:
    """Add the rates of a study's ended rating sessions to an audit's numbers.

    Args:
        summary: the audit.
        folder: its files.
        study: name or id of the study; None adds nothing.
        with_names: whether notes name sessions.

    Raises:
        UnknownNameError: if there is no such study.
        DatabaseError: if the database does not answer.
    """
    if study is None:
        return summary
    from core.config import get_settings
    from core.db.database import open_database
    from core.db.studies import find_study
    from core.rating.set_rates import load_set_rates
    from core.report.rated_summary import add_rates

    database = open_database(get_settings())
    rates = load_set_rates(database, find_study(database, study).id)
    return add_rates(summary, rates, folder, with_names=with_names)
