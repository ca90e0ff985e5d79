"""Audits started from the browser: a study to audit, its launch, and the processes behind it."""

from __future__ import annotations

import re
import time
from pathlib import Path

import psutil
from playwright.sync_api import Locator, Page, expect

from tests.browser.dashboard import Dashboard
from tests.images import write_images

__all__ = [
    "STUDY",
    "job_processes",
    "job_row",
    "launch",
    "open_results",
    "save_study",
    "wait_for_step",
    "wait_until_gone",
    "write_study",
]

STUDY = "Films & noise"
_CLASSES = ("normal", "pneumonia")


def write_study(data: Path, *, n: int = 240, size: int = 96) -> None:
    """Write a real set and two synthetic ones; an audit of them lasts until a test has cancelled or killed it."""
    write_images(data / "real", n, seed=1, size=size, classes=_CLASSES)
    write_images(data / "gan", n, seed=2, size=size, classes=_CLASSES)
    write_images(data / "ddpm", n, seed=3, size=size, classes=_CLASSES)


def save_study(page: Page, server: Dashboard) -> None:
    """Save that study, chosen by address; the page of its launch is left open."""
    page.goto(
        f"{server.url}/setup?name={STUDY.replace(' ', '+').replace('&', '%26')}&real=data:real"
        "&synthetic=gan%3Ddata:gan&synthetic=ddpm%3Ddata:ddpm"
    )
    page.get_by_role("button", name="Save study").click()
    expect(page.get_by_role("heading", name="Run audit")).to_be_visible()


def launch(page: Page, server: Dashboard) -> str:
    """Launch an audit with the page's own defaults; returns the job's id, whose page is left open."""
    page.goto(f"{server.url}/run-audit")
    page.get_by_role("button", name="Run audit").click()
    page.wait_for_url(re.compile(r"[?&]job="))
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    return page.url.partition("job=")[2].partition("&")[0]


def wait_for_step(page: Page) -> tuple[str, int]:
    """Wait until the job that is shown works; returns its stage and how many steps of it are done."""
    bar = page.get_by_test_id("stProgress").first
    moving = re.compile(r"Running\. (.+): ([\d,]+) of [\d,]+ ")
    expect(bar).to_have_text(moving, timeout=40_000)
    found = moving.search(bar.inner_text())
    assert found, "it ended just now"
    return found[1], int(found[2].replace(",", ""))


def open_results(page: Page) -> Locator:
    """What leads from an ended job to its results."""
    return page.get_by_role("button", name="Open results").or_(page.get_by_role("link", name="Open results"))


def job_row(page: Page, state: str) -> Locator:
    """Rows of the jobs' table in one state."""
    return page.get_by_role("row").filter(has=page.get_by_role("cell", name=state, exact=True))


def job_processes(server: Dashboard) -> list[psutil.Process]:
    """Processes of jobs in a dashboard's workspace."""
    found = []
    for process in psutil.process_iter():
        try:
            ours = process.environ().get("MEDSYN_HOME") == str(server.home)
            if ours and process.cmdline()[2:5] == ["core", "job", "run"]:
                found.append(process)
        except (psutil.Error, IndexError):
            continue
    return found


def wait_until_gone(process: psutil.Process, timeout_s: float = 60) -> None:
    """Wait until a process has ended; that its parent has not asked after it does not count."""
    end = time.monotonic() + timeout_s
    while True:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return
        except psutil.NoSuchProcess:
            return
        assert time.monotonic() < end, f"{process} has not ended"
        time.sleep(0.05)
