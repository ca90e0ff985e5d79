"""The route of jobs: what it tells, and whom."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.config import get_settings
from core.db.database import open_database
from core.db.job_record import JobState
from core.db.jobs import add_job, begin_job, end_job
from core.db.studies import StudyRecord
from core.jobs.queue import cancel_job
from pages._shared import image_addresses
from pages._shared.image_addresses import LOGIN_COOKIE, address_jobs, address_pattern
from pages._shared.job_route import JOB_ROUTE
from pages._shared.job_standing import encode_jobs, list_active_jobs


@pytest.fixture
def cookies(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The cookies of whoever looks."""
    held: dict[str, str] = {}
    monkeypatch.setattr(image_addresses.st, "context", type("Context", (), {"cookies": held}))
    return held


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=[JOB_ROUTE]))


def add(kind: str, title: str, study_id: str | None = None) -> str:
    database = open_database(get_settings())
    return add_job(database, kind=kind, title=title, payload={}, study_id=study_id).id


def test_active_jobs_of_a_study_and_kind_are_told(
    study: StudyRecord, idle_jobs: None, cookies: dict[str, str], client: TestClient
) -> None:
    database = open_database(get_settings())
    assert client.get(address_jobs(None, None)).json()["jobs"] == []
    demo, check = add("demo", "Démo <b>"), add("check", "A check", study.id)
    begin_job(database, demo, host="here", pid=1, pid_started=1.0)
    answer = client.get(address_jobs(None, None))
    assert answer.headers["Cache-Control"] == "no-store"
    second, first = answer.json()["jobs"]
    # What the page was handed tells the same server, so that it notices another one.
    assert answer.json() == encode_jobs(list_active_jobs())
    assert (first["id"], first["title"], first["stopping"], first["share"]) == (demo, "Démo <b>", False, 0.0)
    assert (second["id"], second["word"]) == (check, "Waiting")
    assert second["sentence"] == "It starts when a job before it ends."

    def ids(study_id: str | None, kind: str | None) -> list[str]:
        return [one["id"] for one in client.get(address_jobs(study_id, kind)).json()["jobs"]]

    assert ids(study.id, None) == ids(None, "check") == ids(study.id, "check") == [check]
    assert ids(None, "demo") == [demo]
    assert ids(study.id, "demo") == []
    cancel_job(database, get_settings(), demo)
    assert client.get(address_jobs(None, "demo")).json()["jobs"][0]["stopping"] is True
    end_job(database, demo, state=JobState.CANCELLED, exit_reason="Cancelled.")
    assert ids(None, None) == [check]


def test_an_address_is_good_for_what_and_whom_it_was_signed(
    study: StudyRecord, idle_jobs: None, cookies: dict[str, str], client: TestClient
) -> None:
    add("check", "A check", study.id)
    address = address_jobs(study.id, "check")
    assert client.get(address).status_code == 200
    query = address.partition("?")[2]
    assert client.get(address.replace("kind=check", "kind=demo")).status_code == 403
    assert client.get(address.replace("kind=check&", "")).status_code == 403
    assert client.get(address.replace(f"study={study.id}&", "")).status_code == 403
    assert client.get("/jobs/active").status_code == 403
    assert client.get(f"{address.rpartition('=')[0]}=é").status_code == 403
    for form in ("thumbnail", "jobs"):
        other = address_pattern("jobs", form="thumbnail").partition("?")[2]
        assert (
            client.get(f"/jobs/active?{other.replace('form=thumbnail', f'form={form}')}").status_code == 403
        )
    assert client.get(f"/jobs/active?{query.replace('form=jobs', 'form=thumbnail')}").status_code == 403
    cookies[LOGIN_COOKIE] = "somebody"
    theirs = address_jobs(study.id, "check")
    assert client.get(theirs).status_code == 403
    client.cookies.set(LOGIN_COOKIE, "somebody")
    assert client.get(theirs).status_code == 200
    assert client.get(address).status_code == 403


def test_addresses_run_out(
    workspace: Path, cookies: dict[str, str], client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, now = address_jobs(None, None), image_addresses.time.time()
    assert client.get(address).status_code == 200
    monkeypatch.setattr(image_addresses.time, "time", lambda: now + 1801)
    assert client.get(address).status_code == 403
    assert client.get(address_jobs(None, None)).status_code == 200


def test_a_failing_database_is_a_sentence(
    failing_database: None, cookies: dict[str, str], client: TestClient
) -> None:
    answer = client.get(address_jobs(None, None))
    assert answer.status_code == 503
    assert answer.text == "The jobs cannot be read now."
