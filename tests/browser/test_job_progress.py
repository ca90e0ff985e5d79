"""Progress of jobs on any page: the browser asks for it, and the page runs when jobs begin, end or stop."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, WebSocket, expect

from core.config import get_settings
from core.db.database import Database, open_database
from core.db.job_record import Beat, JobState
from core.db.jobs import beat_job, end_job, load_job, request_cancel
from core.db.tables import JobTable
from tests.browser.dashboard import Dashboard
from tests.images import write_images

pytestmark = pytest.mark.slow

TITLE = "Demo <img src=x onerror=alert(1)> **bold**"


@pytest.fixture
def server(tmp_path: Path, dashboard: Callable[..., Dashboard]) -> Dashboard:
    """A dashboard with one folder of images."""
    write_images(tmp_path / "root" / "films", 3)
    return dashboard(MEDSYN_DATA_ROOTS=f"root={tmp_path / 'root'}")


def begin_elsewhere(database: Database, kind: str) -> str:
    """A job that another machine on the same database has just begun; returns its id."""
    now = datetime.now(UTC)
    job_id = secrets.token_hex(8)
    with database.write() as session:
        row = JobTable(id=job_id, kind=kind, title=TITLE, payload={}, state=JobState.RUNNING, created_at=now)
        row.started_at = row.heartbeat_at = now
        row.host, row.pid, row.pid_started = "elsewhere", 1, 1.0
        session.add(row)
    return job_id


def beat(database: Database, job_id: str, done: int) -> None:
    """What it says after some of its ten steps."""
    said = Beat(
        stage="Reading", unit="images", steps_done=done, steps_total=10, stage_started_at=datetime.now(UTC),
        notices=(),
    )  # fmt: skip
    beat_job(database, job_id, said)


def open_setup(page: Page, server: Dashboard) -> tuple[Database, list[object]]:
    """The study's page, and a list of what the browser asks of Streamlit from now on: runs of the page."""
    asked: list[object] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: asked.append(frame))

    page.on("websocket", listen)
    page.goto(f"{server.url}/setup?real=root:films&synthetic=gan%3Droot:films")
    expect(page.get_by_text("3 files.").first).to_be_visible()
    expect(page.locator(".stApp[data-test-script-state=running]")).to_have_count(0)
    page.wait_for_timeout(500)
    asked.clear()
    return open_database(replace(get_settings(), home=server.home, database_url=None)), asked


def test_progress_moves_without_a_run_of_the_page(page: Page, server: Dashboard) -> None:
    alerts: list[str] = []
    page.on("dialog", lambda one: (alerts.append(one.message), one.dismiss()))
    database, asked = open_setup(page, server)
    with page.expect_response(lambda one: "/jobs/active" in one.url) as answered:
        pass
    assert answered.value.status == 200 and answered.value.json()["jobs"] == []
    assert asked == []

    job = begin_elsewhere(database, "check")
    bar = page.get_by_role("progressbar", name=TITLE)
    expect(bar).to_have_attribute("aria-valuenow", "0", timeout=15_000)
    expect(page.get_by_text("Loading the libraries it needs.")).to_be_visible()
    assert len(asked) == 1
    for done in (3, 7):
        beat(database, job, done)
        expect(bar).to_have_attribute("aria-valuenow", str(10 * done))
        expect(page.get_by_text(f"{TITLE} · Running. Reading: {done} of 10 images")).to_be_visible()
    assert len(asked) == 1
    assert page.locator("img[src=x]").count() == 0 and alerts == []

    # Another visitor's cancel disables this one's button.
    request_cancel(database, job)
    expect(page.get_by_role("button", name="Stopping")).to_be_disabled(timeout=5_000)
    assert len(asked) == 2
    end_job(database, job, state=JobState.CANCELLED, exit_reason="Cancelled.")
    expect(bar).to_have_count(0)
    expect(page.get_by_role("button", name="Stopping")).to_have_count(0)
    assert len(asked) == 3


def test_cancel_and_details(page: Page, server: Dashboard) -> None:
    database, _ = open_setup(page, server)
    job = begin_elsewhere(database, "check")
    page.get_by_role("button", name="Cancel").click(timeout=15_000)
    expect(page.get_by_role("button", name="Stopping")).to_be_disabled()
    assert load_job(database, job).cancel_requested_at is not None
    page.get_by_role("link", name="Details").click()
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    assert page.url.endswith(f"job={job}")


def test_only_jobs_of_the_kind_are_followed(page: Page, server: Dashboard) -> None:
    database, asked = open_setup(page, server)
    begin_elsewhere(database, "map")
    with page.expect_response(lambda one: "/jobs/active" in one.url) as answered:
        pass
    assert answered.value.json()["jobs"] == []
    expect(page.get_by_role("progressbar")).to_have_count(0)
    assert asked == []


def test_a_page_that_nobody_sees_asks_for_nothing_and_catches_up(page: Page, server: Dashboard) -> None:
    database, asked = open_setup(page, server)
    page.evaluate(
        "Object.defineProperty(document, 'hidden', { configurable: true, get: () => window.unseen })"
    )
    page.evaluate("window.unseen = true")
    page.wait_for_timeout(500)
    answers: list[str] = []
    page.on("response", lambda one: answers.append(one.url) if "/jobs/active" in one.url else None)
    begin_elsewhere(database, "check")
    page.wait_for_timeout(6_000)
    assert (answers, asked) == ([], [])
    page.evaluate("window.unseen = false; document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("progressbar", name=TITLE)).to_be_visible(timeout=4_000)


def test_a_page_runs_again_for_a_server_that_was_started_anew(page: Page, server: Dashboard) -> None:
    """The new server knows none of its fragments, and Streamlit runs nothing by itself."""
    _, asked = open_setup(page, server)
    server.restart()
    with page.expect_response(lambda one: "/jobs/active" in one.url and one.status == 200, timeout=20_000):
        pass
    page.wait_for_timeout(6_000)
    # Once, or once more where the first came before the connection; then it is quiet.
    assert asked
    n_asked = len(asked)
    page.wait_for_timeout(6_000)
    assert len(asked) == n_asked
    page.locator(".st-key-pick_synthetic").get_by_role("button").click()
    expect(page.get_by_role("dialog").get_by_text("directly in this folder")).to_be_visible()


def test_an_address_that_ran_out_is_signed_anew(browser: Browser, server: Dashboard) -> None:
    # Of its own: the browser writes of the refusal, which the page of other tests may not have.
    page = browser.new_page()
    database, asked = open_setup(page, server)
    page.route(
        lambda url: "/jobs/active" in url,
        lambda route: route.fulfill(status=403, body="This address is not good any more; reload the page."),
        times=1,
    )
    with page.expect_response(lambda one: "/jobs/active" in one.url and one.status == 200, timeout=15_000):
        pass
    assert len(asked) == 1
    job = begin_elsewhere(database, "check")
    expect(page.get_by_role("progressbar", name=TITLE)).to_be_visible(timeout=10_000)
    end_job(database, job, state=JobState.DONE, exit_reason="")
    expect(page.get_by_role("progressbar")).to_have_count(0)
    page.close()
