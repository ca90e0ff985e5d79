"""The demo, run once by a newcomer in a browser; tests look at what it left."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.dashboard import Dashboard

__all__ = ["NAME", "SETS", "FinishedDemo", "run_demo"]

NAME = "Demo: phantom chest films"
SETS = ("fresh", "copies", "collapsed", "blurred", "marker-inherited", "marker-free")


@dataclass(frozen=True, slots=True)
class FinishedDemo:
    """A dashboard whose demo has ended; nobody may change anything in it.

    Attributes:
        server: the dashboard.
        progress: what the overview said of the job, each time that it said something else.
        reloads: how often the overview was loaded until it listed the audit.
    """

    server: Dashboard
    progress: tuple[str, ...]
    reloads: int

    @property
    def audit_id(self) -> str:
        """The demo's only audit."""
        (folder,) = (self.server.home / "audits").iterdir()
        return folder.name

    @property
    def folder(self) -> Path:
        """The files of that audit."""
        return self.server.home / "audits" / self.audit_id

    @property
    def results(self) -> dict[str, Any]:
        """What audit.json holds."""
        found: dict[str, Any] = json.loads((self.folder / "audit.json").read_text(encoding="utf-8"))
        return found


def run_demo(server: Dashboard, page: Page) -> FinishedDemo:
    """Press the demo's button on an empty overview, then only look, until the audit is listed."""
    loads: list[str] = []
    page.on("load", lambda: loads.append(page.url))
    page.goto(server.url)
    page.get_by_role("button", name="Run the demo").click()
    rows = page.get_by_role("row").filter(has_text=NAME)
    bar = page.locator(".job:not([hidden])")
    seen: list[str] = []
    end = time.monotonic() + 240
    while rows.count() < 2:
        assert time.monotonic() < end, f"the demo does not end; last it said {seen[-1:]}"
        # The bar may be drawn anew between two questions.
        for text in bar.all_inner_texts():
            if text not in seen:
                seen.append(text)
        page.wait_for_timeout(150)
    expect(bar).to_have_count(0)
    return FinishedDemo(server, tuple(seen), len(loads))
