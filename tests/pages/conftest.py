"""Workspaces in the states that pages meet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.config import get_settings
from core.db.database import open_database
from core.db.studies import StudyRecord
from core.jobs import queue
from tests.studies import keep_audit, keep_study


@pytest.fixture
def study(workspace: Path) -> Iterator[StudyRecord]:
    """A saved study without an audit."""
    yield keep_study()
    open_database(get_settings()).close()


@pytest.fixture
def audit_id(study: StudyRecord) -> str:
    """An audit of that study."""
    return keep_audit(study)


@pytest.fixture(params=["file", "server"])
def failing_database(
    request: pytest.FixtureRequest, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workspace whose database does not answer."""
    if request.param == "server":
        monkeypatch.setenv("MEDSYN_DATABASE_URL", "postgresql://me:secret@127.0.0.1:9/none")
    else:
        workspace.mkdir()
        (workspace / "medsynaudit.sqlite3").write_bytes(b"not a database" * 100)
    get_settings.cache_clear()


class IdleBackend:
    """Takes jobs and never works on them."""

    host = "here"

    def __init__(self, _settings: object) -> None:
        pass

    def start(self, _job: object) -> tuple[int, float]:
        return 1, 1.0

    def find_end(self, _job: object) -> None:
        return None

    def interrupt(self, _job: object, *, force: bool) -> None:
        return None


@pytest.fixture
def idle_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs are queued and taken, and stay where they are."""
    monkeypatch.setattr(queue, "LocalBackend", IdleBackend)
