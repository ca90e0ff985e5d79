"""The job that writes a rating session's images."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.config import get_settings
from core.db.database import Database
from core.db.job_record import JobState
from core.db.jobs import add_job, load_job
from core.db.rating_sessions import load_rating_session
from core.errors import InputError
from core.jobs import submission
from core.jobs.kinds import JOB_KINDS
from core.jobs.runner import run_job
from core.rating.session_folder import session_folder
from core.rating.stimuli import load_giveaways
from tests.core.rating.mixed_images import keep_mixed_session


def test_images_are_written_and_again_when_asked_again(database: Database) -> None:
    session = keep_mixed_session(database)
    for _ in range(2):
        job = add_job(database, kind="rating", title="Images", payload={"session_id": session.id})
        assert run_job(database, get_settings(), job.id) is JobState.DONE
        ended = load_job(database, job.id)
        assert ended.outcome == {
            "session_id": session.id,
            "giveaways": list(load_giveaways(get_settings(), session.id)),
        }
        assert ended.outcome["giveaways"]
    assert load_rating_session(database, session.id).prepared_at is not None


def test_a_failed_job_leaves_nothing_and_says_why(database: Database, workspace: Path) -> None:
    session = keep_mixed_session(database)
    (workspace / "data" / "gan" / "b.png").unlink()
    job = add_job(database, kind="rating", title="Images", payload={"session_id": session.id})
    assert run_job(database, get_settings(), job.id) is JobState.FAILED
    assert "The image 'b.png' of gan cannot be shown to raters" in load_job(database, job.id).exit_reason
    assert not session_folder(get_settings(), session.id).exists()
    assert load_rating_session(database, session.id).prepared_at is None


def test_it_is_submitted_for_its_study(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    session = keep_mixed_session(database)
    asked: dict[str, object] = {}
    monkeypatch.setattr(submission, "submit_job", lambda *_, **given: asked.update(given))
    submission.submit_rating(database, get_settings(), session)
    assert asked == {
        "kind": "rating",
        "payload": {"session_id": session.id},
        "title": "Images of the rating session First",
        "study_id": session.study_id,
    }
    JOB_KINDS["rating"].check({"session_id": session.id})
    with pytest.raises(InputError, match="session_id"):
        JOB_KINDS["rating"].check({})
