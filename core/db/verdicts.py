"""Verdicts in the database: rows are added and never changed, a correction is a further row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.db.database import Database
from core.db.review_record import NewVerdict, Stage, Verdict, VerdictRecord
from core.db.reviews import check_reviewer, get_review, require_open
from core.db.tables import ReviewOpeningTable, ReviewPairTable, VerdictTable
from core.errors import InputError

__all__ = ["add_verdicts", "list_verdicts"]

_LONGEST_NOTE = 2000
_LONGEST_TOKEN = 64


def add_verdicts(
    database: Database, review_id: str, reviewer: str, verdicts: Sequence[NewVerdict]
) -> tuple[str, ...]:
    """Keep a batch of verdicts in the order handed in, all or none.

    Verdicts whose token the reviewer has handed in before are there already and are not kept twice, so that
    a batch may be sent again when its answer was lost, also after the review was locked.

    Args:
        database: where.
        review_id: the review.
        reviewer: who gives them.
        verdicts: in the order in which they were given.

    Returns:
        Their tokens, in order: all of them are kept now.

    Raises:
        InputError: if the review is locked, a pair is not in it, a field does not fit, or a token was used
            for a verdict on another pair.
        UnknownNameError: if there is no review of that id.
        DatabaseError: if the database does not answer.
    """
    reviewer = check_reviewer(reviewer)
    batch: dict[str, NewVerdict] = {}
    for one in verdicts:
        _check(one)
        _require_same(batch.setdefault(one.token, one).number, one)
    if not batch:
        return ()
    with database.write() as session:
        review = get_review(session, review_id)
        there = _find_tokens(session, review_id, reviewer, tuple(batch))
        new = []
        for one in batch.values():
            if one.token in there:
                _require_same(there[one.token], one)
            else:
                new.append(one)
        if new:
            require_open(review)
            _require_pairs(session, review_id, new)
            common = {
                "review_id": review_id,
                "reviewer": reviewer,
                "blinded": session.get(ReviewOpeningTable, (review_id, reviewer)) is None,
                "made_at": datetime.now(UTC),
            }
            rows = [_columns(one) | common for one in new]
            session.execute(insert(VerdictTable), rows)
    return tuple(one.token for one in verdicts)


def list_verdicts(
    database: Database, review_id: str, reviewer: str | None = None
) -> tuple[VerdictRecord, ...]:
    """List verdicts in the order in which they were stored, corrections and withdrawals among them.

    Args:
        database: where.
        review_id: the review.
        reviewer: only this one's.

    Raises:
        UnknownNameError: if there is no review of that id.
        DatabaseError: if the database does not answer.
    """
    query = select(VerdictTable).where(VerdictTable.review_id == review_id).order_by(VerdictTable.id)
    if reviewer is not None:
        query = query.where(VerdictTable.reviewer == check_reviewer(reviewer))
    with database.read() as session:
        get_review(session, review_id)
        return tuple(_record(row) for row in session.scalars(query))


def _check(one: NewVerdict) -> None:
    """Browsers hand these in: look at them before the database does."""
    if not 1 <= len(one.token) <= _LONGEST_TOKEN or not one.token.isprintable():
        raise InputError(f"A verdict needs a token of 1 to {_LONGEST_TOKEN} printable characters.")
    if one.confidence is not None and one.confidence not in range(1, 6):
        raise InputError(f"Confidence is a whole number from 1 to 5, not {one.confidence}.")
    if len(one.note) > _LONGEST_NOTE:
        raise InputError(f"A note holds {_LONGEST_NOTE:,} characters at most; shorten it.")


def _require_same(number: int, one: NewVerdict) -> None:
    if number != one.number:
        raise InputError(
            f"The verdict on pair {one.number + 1} carries the token of one on pair {number + 1}; reload "
            "the page."
        )


def _find_tokens(session: Session, review_id: str, reviewer: str, tokens: Sequence[str]) -> dict[str, int]:
    """Those of the tokens that the reviewer has handed in before, with the pair of each."""
    query = select(VerdictTable.token, VerdictTable.number).where(
        VerdictTable.review_id == review_id,
        VerdictTable.reviewer == reviewer,
        VerdictTable.token.in_(tokens),
    )
    return {row.token: row.number for row in session.execute(query)}


def _require_pairs(session: Session, review_id: str, verdicts: Sequence[NewVerdict]) -> None:
    asked = [one.number for one in verdicts]
    query = select(ReviewPairTable.number).where(
        ReviewPairTable.review_id == review_id, ReviewPairTable.number.in_(asked)
    )
    there = set(session.scalars(query))
    for number in asked:
        if number not in there:
            raise InputError(f"The review has no pair {number + 1}; reload the page.")


def _columns(one: NewVerdict) -> dict[str, Any]:
    # PostgreSQL keeps any character but NUL.
    note = one.note.strip().replace("\0", "\N{REPLACEMENT CHARACTER}")
    verdict = None if one.verdict is None else Verdict(one.verdict).value
    return asdict(one) | {"note": note, "verdict": verdict, "stage": Stage(one.stage).value}


def _record(row: VerdictTable) -> VerdictRecord:
    return VerdictRecord(
        id=row.id,
        review_id=row.review_id,
        number=row.number,
        reviewer=row.reviewer,
        verdict=None if row.verdict is None else Verdict(row.verdict),
        confidence=row.confidence,
        note=row.note,
        stage=Stage(row.stage),
        seen=row.seen,
        blinded=row.blinded,
        made_at=row.made_at,
        token=row.token,
    )
