"""Images that somebody picked, such as with a lasso, put behind a review's last pair."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from core.audit.items import load_items
from core.audit.pairs import load_pairs
from core.db.database import Database
from core.db.reviews import append_review_pairs, load_review, load_review_pairs
from core.review.plan import ReviewPlan
from core.review.queue import pairs_of_items

__all__ = ["Appended", "append_items"]


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of a selection.

    Attributes:
        n_added: images that joined the review.
        n_present: images that the review held already.
        n_without_pair: images that have no pair: real ones, and those that the audit does not know.
        n_controls: controls that were mixed in with them.
    """

    n_added: int
    n_present: int
    n_without_pair: int
    n_controls: int


def append_items(
    database: Database, review_id: str, audit_folder: Path, item_ids: Collection[str]
) -> Appended:
    """Add the pairs of a selection of images to a review, with its share of controls among them.

    Args:
        database: where.
        review_id: the review.
        audit_folder: the folder of the review's audit (`core.jobs.job_folder.audit_folder`).
        item_ids: the selection.

    Raises:
        InputError: if the review is locked, or the audit's files cannot be read.
        UnknownNameError: if there is no review of that id.
        DatabaseError: if the database does not answer.
    """
    review = load_review(database, review_id)
    present = {pair.query_id for pair in load_review_pairs(database, review_id)}
    wanted = set(item_ids)
    pairs = pairs_of_items(
        load_pairs(audit_folder),
        load_items(audit_folder),
        wanted,
        plan=ReviewPlan.model_validate(review.plan),
        present=present,
    )
    added = append_review_pairs(database, review_id, pairs)
    n_asked = sum(not pair.is_control for pair in pairs)
    n_added = sum(not pair.is_control for pair in added)
    # Somebody else may have added some of them in between.
    n_present = len(wanted & present) + n_asked - n_added
    return Appended(n_added, n_present, len(wanted) - n_added - n_present, len(added) - n_added)
