"""An audit from the browser: launched, followed, cancelled, launched again, and the same as in a terminal."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.audits import (
    job_processes,
    job_row,
    launch,
    open_results,
    save_study,
    wait_for_step,
    wait_until_gone,
    write_study,
)
from tests.browser.dashboard import ROOT, Dashboard

# Audits keep every core busy: one worker runs them, and what shares servers, one after another.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("servers")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, chromium_path: str) -> Iterator[Dashboard]:
    """One dashboard whose default folder root holds a study; jobs of earlier tests stay in its list."""
    one = Dashboard(tmp_path_factory.mktemp("audit") / "server")
    write_study(one.home / "data")
    one.start()
    yield one
    one.close()


@pytest.fixture(autouse=True)
def fresh_start(server: Dashboard) -> Iterator[None]:
    """Make every audit extract, so that it lasts long enough to be seen; leave no job behind."""
    for folder in ("features", "scans"):
        shutil.rmtree(server.home / folder, ignore_errors=True)
    yield
    for process in job_processes(server):
        process.kill()
        wait_until_gone(process)


@pytest.fixture
def study_page(page: Page, server: Dashboard) -> Page:
    """A page on a dashboard that has the study."""
    page.goto(f"{server.url}/run-audit")
    run, none = page.get_by_role("button", name="Run audit"), page.get_by_text("No study yet")
    expect(run.or_(none)).to_be_visible()
    if none.is_visible():
        save_study(page, server)
    return page


def test_followed_reloaded_cancelled_and_launched_again(study_page: Page, server: Dashboard) -> None:
    page = study_page
    job = launch(page, server)
    stage_before, done_before = wait_for_step(page)
    page.reload()
    stage_after, done_after = wait_for_step(page)
    assert page.url.endswith(f"job={job}")
    (process,) = job_processes(server)
    # Either more of one stage is done, or a later one has begun.
    assert stage_before != stage_after or done_before <= done_after

    page.get_by_role("button", name="Cancel").first.click()
    expect(page.get_by_test_id("stProgress").first).to_have_text(re.compile("Cancelled"), timeout=20_000)
    wait_until_gone(process)
    assert not (server.home / "audits" / job).exists()

    page.get_by_role("button", name="Run again").click()
    page.wait_for_url(lambda url: "job=" in url and job not in url)
    again = page.url.partition("job=")[2]
    results = open_results(page)
    expect(results).to_be_visible(timeout=60_000)
    expect(job_row(page, "Done")).to_have_count(1)
    expect(job_row(page, "Cancelled")).to_have_count(1)
    # The end of a job draws the page anew; a click in that moment would be on what is being replaced.
    expect(page.locator(".stApp[data-test-script-state=running]")).to_have_count(0)
    page.wait_for_timeout(500)
    results.click()
    expect(page.get_by_role("heading", name="Quality")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("columnheader", name="gan")).to_be_visible()
    assert f"audit={again}" in page.url
    page.go_back()
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    expect(results).to_be_visible()


def test_two_browsers_see_one_job_and_either_may_cancel_it(
    study_page: Page, server: Dashboard, new_page: Callable[..., Page]
) -> None:
    first, second = study_page, new_page()
    second.goto(f"{server.url}/run-audit")
    expect(second.get_by_role("button", name="Run audit")).to_be_visible()
    job = launch(first, server)
    # Nobody reloads the second browser.
    second.get_by_role("link", name="Details").click(timeout=15_000)
    second.wait_for_url(re.compile(f"job={job}"))
    wait_for_step(first)
    wait_for_step(second)
    second.get_by_role("button", name="Cancel").first.click()
    for page in (first, second):
        bar = page.get_by_test_id("stProgress").first
        expect(bar).to_have_text(re.compile("Cancelled"), timeout=20_000)
        expect(page.get_by_role("button", name="Run again")).to_be_visible()
        expect(page.get_by_role("button", name="Cancel")).to_have_count(0)


def test_the_numbers_are_the_command_lines_and_nobody_has_to_watch(
    study_page: Page, server: Dashboard, new_page: Callable[..., Page], tmp_path: Path
) -> None:
    job = launch(study_page, server)
    wait_for_step(study_page)
    study_page.context.close()
    (process,) = job_processes(server)
    data = server.home / "data"
    environment = {**os.environ, "MEDSYN_HOME": str(tmp_path / "home"), "MEDSYN_OFFLINE": "1"}
    subprocess.run(
        [
            *(sys.executable, "-m", "core", "audit", "--output", str(tmp_path / "out")),
            *("--real", str(data / "real"), "-i", f"gan={data / 'gan'}", "-i", f"ddpm={data / 'ddpm'}"),
        ],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
    )
    wait_until_gone(process)
    page = new_page()
    page.goto(f"{server.url}/jobs?job={job}")
    open_results(page).click()
    for name in ("metrics.csv", "audit.json"):
        with page.expect_download() as started:
            page.get_by_role("button", name=name, exact=True).click()
        started.value.save_as(tmp_path / name)
    assert (tmp_path / "metrics.csv").read_bytes() == (tmp_path / "out" / "metrics.csv").read_bytes()
    ours, theirs = (
        json.loads(path.read_text(encoding="utf-8"))
        for path in (tmp_path / "audit.json", tmp_path / "out" / "audit.json")
    )
    assert ours["results"] == theirs["results"]
    assert len(ours["results"]) > 50
    assert ours["protocol"] == theirs["protocol"]
    assert [one["digest"] for one in ours["sets"]] == [one["digest"] for one in theirs["sets"]]
