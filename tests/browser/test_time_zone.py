"""Times are those of whoever looks, not of the machine that serves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from playwright.sync_api import Page, expect

from tests.browser.demo import NAME, FinishedDemo

pytestmark = pytest.mark.slow

INDIA = timezone(timedelta(hours=5, minutes=30))


@pytest.mark.parametrize("path", ["", "jobs"])
def test_tables_show_the_browsers_time(demo: FinishedDemo, new_page: Callable[..., Page], path: str) -> None:
    page = new_page(timezone_id="Asia/Kolkata", locale="en-GB")
    page.goto(f"{demo.server.url}/{path}")
    instants = page.get_by_role("row").filter(has_text=NAME).locator("time")
    expect(instants.first).to_be_visible()
    for at in range(instants.count()):
        instant = datetime.fromisoformat(instants.nth(at).get_attribute("datetime") or "")
        assert instant.utcoffset() is not None
        local = instant.astimezone(INDIA)
        expect(instants.nth(at)).to_have_text(f"{local.day} {local:%b %Y, %H:%M} GMT+5:30")


def test_what_the_server_writes_is_in_the_browsers_time_too(
    demo: FinishedDemo, new_page: Callable[..., Page]
) -> None:
    page = new_page(timezone_id="Asia/Kolkata", locale="en-GB")
    page.goto(demo.server.url)
    instant = page.get_by_role("row").filter(has_text=NAME).locator("time").last
    finished = datetime.fromisoformat(instant.get_attribute("datetime") or "").astimezone(INDIA)
    page.goto(f"{demo.server.url}/quality")
    expect(page.get_by_role("combobox", name="Audit")).to_have_value(f"{finished:%Y-%m-%d %H:%M} IST")
    page.goto(f"{demo.server.url}/jobs?job={demo.audit_id}")
    expect(page.get_by_text("IST").first).to_be_visible()
