"""A review with all that belongs to it, read in one go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.audit.items import AuditItems, load_items
from core.db.database import Database
from core.db.review_record import ReviewPair, ReviewRecord, VerdictRecord
from core.db.reviews import load_review, load_review_pairs
from core.db.verdicts import list_verdicts

__all__ = ["LoadedReview", "load_whole_review"]


@dataclass(frozen=True, slots=True)
class LoadedReview:
    """A review, its pairs in reading order, every row of its verdicts, and the audit's items.

    Attributes:
        record: what lists show of it.
        pairs: in reading order.
        verdicts: in the order in which they were stored.
        items: the audit's images.
    """

    record: ReviewRecord
    pairs: tuple[ReviewPair, ...]
    verdicts: tuple[VerdictRecord, ...]
    items: AuditItems


def load_whole_review(database: Database, review_id: str, audit_folder: Path) -> LoadedReview:
    """Load a review with its pairs, verdicts and items.

    Args:
        database: where.
        review_id: the review.
        audit_folder: the folder of the review's audit (`core.jobs.job_folder.audit_folder`).

    Raises:
        UnknownNameError: if there is no review of that id.
        InputError: if the audit's list of images cannot be read.
        DatabaseError: if the database does not answer.
    """
    # Verdicts before pairs: none is without its pair, also while others read and pairs are added.
    verdicts = list_verdicts(database, review_id)
    return LoadedReview(
        record=load_review(database, review_id),
        pairs=load_review_pairs(database, review_id),
        verdicts=verdicts,
        items=load_items(audit_folder),
    )
