"""Selections join a review; what became of each image is counted."""

from __future__ import annotations

import pytest

from core.config import get_settings
from core.db.database import Database
from core.db.reviews import load_review_pairs, lock_review
from core.errors import InputError
from core.jobs.job_folder import audit_folder
from core.review.appending import Appended, append_items
from tests.reviews import keep_paired_audit, keep_review


def test_a_selection_joins(database: Database) -> None:
    audit = keep_paired_audit(database)
    review = keep_review(database, audit, sets=["gan"], n_strongest=5)
    folder = audit_folder(get_settings(), audit.id)
    before = load_review_pairs(database, review.id)
    chosen = [*audit.of("ddpm")[:6], *audit.of("gan")[:2], *audit.of("real")[:3], "stranger"]
    assert append_items(database, review.id, folder, chosen) == Appended(6, 2, 4, 2)
    after = load_review_pairs(database, review.id)
    assert after[: len(before)] == before
    assert [pair.number for pair in after] == list(range(len(before) + 8))
    assert append_items(database, review.id, folder, chosen) == Appended(0, 8, 4, 0)
    lock_review(database, review.id, "Ada")
    with pytest.raises(InputError, match="locked by Ada"):
        append_items(database, review.id, folder, audit.of("ddpm"))
