"""The job that writes a cleaned set into the workspace's exports."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.config import get_settings
from core.db.database import Database
from core.db.job_record import JobState
from core.db.jobs import add_job, load_job
from core.db.review_record import Verdict
from core.db.reviews import load_review_pairs
from core.db.verdicts import add_verdicts
from core.errors import InputError
from core.jobs.kinds import JOB_KINDS
from core.jobs.runner import run_job
from tests.reviews import keep_paired_audit, keep_review, say


def test_a_cleaned_set_is_exported(database: Database, workspace: Path) -> None:
    audit = keep_paired_audit(database)
    review = keep_review(database, audit, sets=["gan"])
    numbers = {pair.query_id: pair.number for pair in load_review_pairs(database, review.id)}
    near, copy = (numbers[one] for one in audit.of("gan")[:2])
    add_verdicts(database, review.id, "Ada", say({near: Verdict.NEAR_COPY, copy: Verdict.COPY}))
    for only_copies, n_kept in ((False, 18), (True, 19)):
        payload = {"review_id": review.id, "set_name": "gan", "only_copies": only_copies}
        job = add_job(database, kind="cleaned", title="Cleaned copy of gan", payload=payload)
        assert run_job(database, get_settings(), job.id) is JobState.DONE
        ended = load_job(database, job.id)
        folder = workspace / "exports" / job.id / "gan"
        n_unread = 6
        assert ended.outcome == {
            "review_id": review.id,
            "set": "gan",
            "folder": str(folder),
            "n_kept": n_kept,
            "n_dropped": 20 - n_kept,
            "n_open": 0,
            "n_unread": n_unread,
        }
        assert len(list(folder.rglob("*.png"))) == n_kept
        assert (ended.steps_done, ended.unit) == (n_kept, "images")


def test_a_file_outside_of_the_roots_is_not_exported(database: Database, workspace: Path) -> None:
    audit = keep_paired_audit(database)
    review = keep_review(database, audit, sets=["gan"])
    (number, *_) = (pair.number for pair in load_review_pairs(database, review.id) if not pair.is_control)
    add_verdicts(database, review.id, "Ada", say({number: Verdict.NOT_A_COPY}))
    path = audit.items[audit.of("gan")[5]].path
    path.rename(workspace / "elsewhere.png")
    path.symlink_to(workspace / "elsewhere.png")
    job = add_job(database, kind="cleaned", title="C", payload={"review_id": review.id, "set_name": "gan"})
    assert run_job(database, get_settings(), job.id) is JobState.FAILED
    assert "outside its folder root" in load_job(database, job.id).exit_reason
    assert list((workspace / "exports" / job.id).iterdir()) == []


def test_payloads_are_checked() -> None:
    with pytest.raises(InputError, match="set_name"):
        JOB_KINDS["cleaned"].check({"review_id": "a"})
