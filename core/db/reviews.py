"""Reviews in the database: a plan's pairs in reading order; pairs may join, none ever leaves."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from core.db._review_pair_rows import insert_pairs, read_pair
from core.db.database import Database
from core.db.review_record import ReviewPair, ReviewRecord
from core.db.tables import AuditTable, ReviewPairTable, ReviewTable
from core.errors import InputError, UnknownNameError

__all__ = [
    "append_review_pairs",
    "check_reviewer",
    "create_review",
    "find_review",
    "get_review",
    "list_reviews",
    "load_review",
    "load_review_pairs",
    "lock_review",
    "require_open",
]

_LONGEST_NAME = 80
_LONGEST_REVIEWER = 120


def check_reviewer(name: str) -> str:
    """Return a reviewer's name with single blanks between words, as verdicts keep it.

    Raises:
        InputError: if there is nothing left, it is too long or holds characters that cannot be shown.
    """
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST_REVIEWER or not name.isprintable():
        raise InputError(f"A reviewer needs a name of 1 to {_LONGEST_REVIEWER} printable characters.")
    return name


def create_review(
    database: Database,
    *,
    audit_id: str,
    name: str,
    created_by: str,
    plan: Mapping[str, Any],
    pairs: Sequence[ReviewPair],
) -> ReviewRecord:
    """Keep a new review with all its pairs, or nothing.

    Args:
        database: where.
        audit_id: the audit whose pairs are read.
        name: unique among the audit's reviews, 80 characters at most.
        created_by: who asks for it.
        plan: how the pairs were picked, as JSON (`ReviewPlan.model_dump(mode="json")`).
        pairs: in reading order; their numbers are given anew, from 0.

    Raises:
        InputError: if the name is taken or no name, or there is no pair, or one image in two pairs.
        UnknownNameError: if there is no such audit.
        DatabaseError: if the database does not answer.
    """
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InputError(f"A review needs a name of 1 to {_LONGEST_NAME} printable characters.")
    created_by = check_reviewer(created_by)
    if not any(not pair.is_control for pair in pairs):
        raise InputError("No pair fits what the review asks for; choose more sets or classes, or a higher q.")
    with database.write() as session:
        if session.get(AuditTable, audit_id) is None:
            raise UnknownNameError(f"There is no audit {audit_id!r}; open one from the overview.")
        for other in session.scalars(select(ReviewTable.name).where(ReviewTable.audit_id == audit_id)):
            if other.casefold() == name.casefold():
                raise InputError(f"There is a review called {other!r} already; choose another name.")
        row = ReviewTable(
            id=secrets.token_hex(8),
            audit_id=audit_id,
            name=name,
            created_at=datetime.now(UTC),
            created_by=created_by,
            plan=dict(plan),
        )
        session.add(row)
        session.flush()
        insert_pairs(session, row.id, pairs)
        return _load(session, row.id)


def list_reviews(database: Database, audit_id: str | None = None) -> tuple[ReviewRecord, ...]:
    """List reviews, newest first.

    Args:
        database: where.
        audit_id: only this audit's.

    Raises:
        DatabaseError: if the database does not answer.
    """
    query = _counted().order_by(ReviewTable.created_at.desc(), ReviewTable.id)
    if audit_id is not None:
        query = query.where(ReviewTable.audit_id == audit_id)
    with database.read() as session:
        return tuple(_record(row) for row in session.execute(query))


def load_review(database: Database, review_id: str) -> ReviewRecord:
    """Load one review.

    Raises:
        UnknownNameError: if there is none of that id.
        DatabaseError: if the database does not answer.
    """
    with database.read() as session:
        return _load(session, review_id)


def find_review(database: Database, name: str) -> ReviewRecord:
    """Find a review by its id, or by its name where only one has it, for the command line.

    Raises:
        UnknownNameError: if there is none, or several have the name; the message lists what there is.
        DatabaseError: if the database does not answer.
    """
    reviews = list_reviews(database)
    found = [one for one in reviews if one.id == name] or [
        one for one in reviews if one.name.casefold() == name.casefold()
    ]
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{one.id} {one.name!r}" for one in found or reviews) or "none yet"
    says = "Several reviews are called" if found else "There is no review"
    raise UnknownNameError(f"{says} {name!r}; there are: {known}.")


def load_review_pairs(database: Database, review_id: str) -> tuple[ReviewPair, ...]:
    """Load a review's pairs in reading order.

    Raises:
        UnknownNameError: if there is no review of that id.
        DatabaseError: if the database does not answer.
    """
    query = (
        select(ReviewPairTable).where(ReviewPairTable.review_id == review_id).order_by(ReviewPairTable.number)
    )
    with database.read() as session:
        get_review(session, review_id)
        return tuple(read_pair(row) for row in session.scalars(query))


def append_review_pairs(
    database: Database, review_id: str, pairs: Sequence[ReviewPair]
) -> tuple[ReviewPair, ...]:
    """Add pairs behind the last one; images that the review holds already are left out.

    Returns:
        What was added, with the numbers given.

    Raises:
        InputError: if the review is locked.
        UnknownNameError: if there is no review of that id.
        DatabaseError: if the database does not answer.
    """
    with database.write() as session:
        require_open(get_review(session, review_id))
        there = set(
            session.scalars(select(ReviewPairTable.query_id).where(ReviewPairTable.review_id == review_id))
        )
        new = [pair for pair in pairs if pair.query_id not in there]
        return insert_pairs(session, review_id, new, first=len(there))


def lock_review(database: Database, review_id: str, locked_by: str) -> ReviewRecord:
    """Close a review for good: no verdict and no pair is added any more.

    Raises:
        InputError: if it is locked already.
        UnknownNameError: if there is no review of that id.
        DatabaseError: if the database does not answer.
    """
    locked_by = check_reviewer(locked_by)
    with database.write() as session:
        row = get_review(session, review_id)
        require_open(row)
        row.locked_at, row.locked_by = datetime.now(UTC), locked_by
        session.flush()
        return _load(session, review_id)


def require_open(review: ReviewTable) -> None:
    """Refuse what would add to a locked review.

    Raises:
        InputError: if it is locked.
    """
    if review.locked_at is not None:
        raise InputError(
            f"The review {review.name!r} was locked by {review.locked_by} on {review.locked_at:%Y-%m-%d} and "
            "takes no more verdicts or pairs; start another review."
        )


def get_review(session: Session, review_id: str) -> ReviewTable:
    """Find a review's row.

    Raises:
        UnknownNameError: if there is none of that id.
    """
    row = session.get(ReviewTable, review_id)
    if row is None:
        raise UnknownNameError(f"There is no review {review_id[:40]!r}; choose one of the audit's reviews.")
    return row


def _counted() -> Select[ReviewTable, int, int]:
    is_there = ReviewPairTable.review_id == ReviewTable.id
    pairs = select(func.count()).where(is_there)
    return select(
        ReviewTable,
        pairs.scalar_subquery(),
        pairs.where(ReviewPairTable.is_control).scalar_subquery(),
    )


def _load(session: Session, review_id: str) -> ReviewRecord:
    get_review(session, review_id)
    return _record(session.execute(_counted().where(ReviewTable.id == review_id)).one())


def _record(found: Row[ReviewTable, int, int]) -> ReviewRecord:
    row, n_pairs, n_controls = found
    return ReviewRecord(
        id=row.id,
        audit_id=row.audit_id,
        name=row.name,
        created_at=row.created_at,
        created_by=row.created_by,
        plan=row.plan,
        locked_at=row.locked_at,
        locked_by=row.locked_by,
        n_pairs=n_pairs,
        n_controls=n_controls,
    )
