"""Who chose to see a review's outcome before having read all of it."""

from __future__ import annotations

from datetime import UTC, datetime

from core.db.database import Database
from core.db.reviews import check_reviewer, get_review
from core.db.tables import ReviewOpeningTable

__all__ = ["has_opened", "open_outcome"]


def open_outcome(database: Database, review_id: str, reviewer: str) -> None:
    """Keep that a reader sees the outcome from now on; verdicts given later count as unblinded.

    Args:
        database: where.
        review_id: the review.
        reviewer: who; a second time changes nothing.

    Raises:
        InputError: if the reviewer has no name.
        UnknownNameError: if there is no review of that id.
        DatabaseError: if the database does not answer.
    """
    reviewer = check_reviewer(reviewer)
    with database.write() as session:
        get_review(session, review_id)
        if session.get(ReviewOpeningTable, (review_id, reviewer)) is None:
            session.add(
                ReviewOpeningTable(review_id=review_id, reviewer=reviewer, opened_at=datetime.now(UTC))
            )


def has_opened(database: Database, review_id: str, reviewer: str) -> bool:
    """Whether a reader has chosen to see the outcome before having read all of it.

    Raises:
        InputError: if the reviewer has no name.
        DatabaseError: if the database does not answer.
    """
    with database.read() as session:
        return session.get(ReviewOpeningTable, (review_id, check_reviewer(reviewer))) is not None
