"""What is left when processes are killed in the middle: of the dashboard, of a job, of both."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
from playwright.sync_api import Page, expect

from tests.browser.audits import (
    STUDY,
    job_processes,
    job_row,
    launch,
    open_results,
    wait_for_step,
    wait_until_gone,
    write_study,
)
from tests.browser.dashboard import ROOT, Dashboard

# Audits keep every core busy: one worker runs them, and what shares servers, one after another.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("servers")]

# A study and a finished audit of it by pixels alone, so that another one still has work to do.
PREPARE = f"""
from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.db.database import open_database
from core.db.studies import save_study
from tests.studies import keep_audit

sets = tuple(SyntheticFolder(name=one, folder=FolderRef(root="data", path=one)) for one in ("gan", "ddpm"))
folders = StudyFolders(real=FolderRef(root="data", path="real"), synthetic=sets)
keep_audit(save_study(open_database(get_settings()), name={STUDY!r}, folders=folders))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a study and an audit, to be copied."""
    folder = tmp_path_factory.mktemp("kill") / "home"
    write_study(folder / "data")
    environment = {**os.environ, "MEDSYN_HOME": str(folder), "MEDSYN_OFFLINE": "1"}
    subprocess.run([sys.executable, "-c", PREPARE], cwd=ROOT, env=environment, check=True)
    return folder


def contents(folder: Path) -> dict[str, str]:
    """Digest of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def kill_while_writing(server: Dashboard, process: psutil.Process) -> None:
    """Kill a job at the moment when it begins to write features."""
    features, end = server.home / "features", time.monotonic() + 40
    before = set(features.rglob("*"))
    while not [path for path in features.rglob("*") if path not in before and path.is_file()]:
        assert time.monotonic() < end, "the job writes nothing"
    process.kill()


def check_shards(server: Dashboard) -> None:
    """Every shard can be read whole; what a kill interrupted bears another name."""
    shards = [*(server.home / "features").rglob("*.npz"), *(server.home / "scans").rglob("*.npz")]
    assert shards
    for path in shards:
        with np.load(path, allow_pickle=False) as arrays:
            assert len({len(arrays[name]) for name in arrays.files}) == 1


def test_a_job_outlives_the_dashboard(page: Page, dashboard: Callable[..., Dashboard], home: Path) -> None:
    server = dashboard(home=home)
    job = launch(page, server)
    wait_for_step(page)
    (process,) = job_processes(server)
    server.kill()
    assert process.is_running()
    assert process.status() != psutil.STATUS_ZOMBIE
    server.start()
    page.goto(f"{server.url}/jobs?job={job}")
    bar = page.get_by_test_id("stProgress").first
    expect(bar).to_have_text(re.compile("Running|Done"))
    expect(bar).to_have_text(re.compile("Done"), timeout=60_000)
    assert job_processes(server) in ([], [process])
    expect(open_results(page)).to_be_visible()


def test_killed_jobs_are_lost_and_run_again_and_nothing_finished_is(
    page: Page, dashboard: Callable[..., Dashboard], home: Path
) -> None:
    server = dashboard(home=home)
    finished = {name: contents(server.home / name) for name in ("audits", "features", "scans")}
    assert all(finished.values())

    # The job alone, while the dashboard is there and looked at.
    launch(page, server)
    deadline = time.monotonic() + 20
    while not job_processes(server):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (process,) = job_processes(server)
    kill_while_writing(server, process)
    bar = page.get_by_test_id("stProgress").first
    expect(bar).to_have_text(re.compile(r"Lost.*signal SIGKILL.*Run it again"), timeout=15_000)
    check_shards(server)

    # The dashboard and the job it runs again.
    page.get_by_role("button", name="Run again").click()
    wait_for_step(page)
    (process,) = [one for one in job_processes(server) if one.status() != psutil.STATUS_ZOMBIE]
    server.kill()
    process.kill()
    wait_until_gone(process)
    check_shards(server)
    server.start()
    page.goto(f"{server.url}/jobs")
    expect(job_row(page, "Lost")).to_have_count(2)
    expect(job_row(page, "Lost").first).to_contain_text("its process is gone")
    job_row(page, "Lost").first.get_by_role("button", name="Details").click()
    page.get_by_role("button", name="Run again").click()
    expect(open_results(page)).to_be_visible(timeout=60_000)
    check_shards(server)

    for name, files in finished.items():
        now = contents(server.home / name)
        assert {path: now.get(path) for path in files} == files, name
    open_results(page).click()
    audits = page.get_by_role("combobox", name="Audit")
    expect(audits).to_be_visible()
    audits.click()
    expect(page.get_by_role("option")).to_have_count(2)


def test_the_queue_moves_on_after_a_restart_with_nobody_looking(
    page: Page, dashboard: Callable[..., Dashboard], home: Path
) -> None:
    server = dashboard(home=home)
    launch(page, server)
    wait_for_step(page)
    waiting = launch(page, server)
    expect(page.get_by_test_id("stProgress").first).to_have_text(re.compile("Waiting"))
    (process,) = job_processes(server)
    page.goto("about:blank")
    server.kill()
    process.kill()
    wait_until_gone(process)
    server.start()
    end = time.monotonic() + 20
    while not (begun := job_processes(server)):
        assert time.monotonic() < end, "nobody starts the job that waits"
        time.sleep(0.1)
    assert begun[0].cmdline()[-1] == waiting
