"""A researcher's way through a rating session: designed, prepared by a job, links handed out, results."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from core.config import get_settings
from core.db.database import open_database
from core.db.rating_sessions import load_rating_session
from core.db.studies import StudyRecord
from tests.browser.dashboard import Dashboard
from tests.experiments import keep_classified_study
from tests.ratings import answer_all, keep_session

# The first view loads what statistics stand on.
LOADED_MS = 30_000
RATES = {None: 0.2, "gan": 0.9, "ddpm": 0.5}


@pytest.fixture
def server(
    dashboard: Callable[..., Dashboard], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Dashboard, StudyRecord]]:
    """A dashboard with a study, whose workspace this process opens, too."""
    started = dashboard()
    monkeypatch.setenv("MEDSYN_HOME", str(started.home))
    get_settings.cache_clear()
    yield started, keep_classified_study()
    open_database(get_settings()).close()
    get_settings.cache_clear()


def test_a_session_from_its_design_to_its_results(server: tuple[Dashboard, StudyRecord], page: Page) -> None:
    url = server[0].url
    page.goto(f"{url}/rating-sessions?session=new&classes=a")
    expect(page.get_by_text("With 6 fakes a set and 3 raters")).to_be_visible(timeout=LOADED_MS)
    # More than there are, which only reading the sets finds out: the job says so, and leads back.
    page.get_by_label("Training trials", exact=True).fill("40")
    page.get_by_label("Training trials", exact=True).press("Enter")
    page.get_by_role("button", name="Make the session").click()
    expect(page.get_by_text("left for training")).to_be_visible(timeout=120_000)
    page.get_by_role("button", name="Back to the form").click()
    expect(page.get_by_text("With 6 fakes a set and 3 raters")).to_be_visible(timeout=LOADED_MS)
    expect(page).to_have_url(re.compile("session=new&.*classes=a"))
    page.get_by_label("Training trials", exact=True).fill("0")
    page.get_by_label("Raters", exact=True).fill("2")
    page.get_by_label("Raters", exact=True).press("Enter")
    expect(page.get_by_text("With 6 fakes a set and 2 raters")).to_be_visible()
    page.get_by_role("button", name="Make the session").click()
    # The job makes it; the page follows by itself, also when it is loaded anew meanwhile.
    expect(page.get_by_text("This session is being made")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Open: 0 of 2 raters have finished.")).to_be_visible(timeout=120_000)
    session_id = page.url.partition("session=")[2].partition("&")[0]
    links = page.get_by_test_id("stCode")
    expect(links).to_have_count(2)
    link = links.first.inner_text().strip()
    assert link.startswith(f"{url}/rate/") and "session" not in link
    opened = page.get_by_role("link", name="Open").first
    assert opened.get_attribute("href") == link and opened.get_attribute("target") == "_blank"

    session = load_rating_session(open_database(get_settings()), session_id)
    answer_all(session, RATES, n_raters=1, closes=False)
    # Progress is kept up to date without a hand on it.
    expect(page.get_by_role("row").filter(has_text="Rater 1")).to_contain_text("finished", timeout=30_000)
    page.get_by_role("link", name="Results", exact=True).click()
    expect(page.get_by_role("heading", name="Rating results")).to_be_visible()
    expect(page.get_by_text("1 of 2 raters have finished. Whoever knows")).to_be_visible()
    expect(page.get_by_text("recognised")).to_have_count(0)


def test_results_of_simulated_raters(server: tuple[Dashboard, StudyRecord], page: Page) -> None:
    session = keep_session(server[1], name="Example", is_simulated=True, with_confidence=True, n_repeats=4)
    answer_all(session, RATES)
    page.goto(f"{server[0].url}/rating-results?by=rater")
    expect(page.get_by_text("Simulated raters.")).to_be_visible(timeout=LOADED_MS)
    expect(page.get_by_role("columnheader", name="FIR ↓, %")).to_be_visible(timeout=LOADED_MS)
    expect(page.get_by_text(re.compile("^3 raters recognised"))).to_be_visible()
    tiles = page.get_by_role("button", name=re.compile("^Enlarge"))
    tiles.first.scroll_into_view_if_needed()
    for tile in tiles.all():
        tile.scroll_into_view_if_needed()
        expect(tile.locator("img")).to_have_js_property("naturalWidth", 64)
    tiles.first.click()
    expect(page.get_by_role("dialog")).to_contain_text("Rater 1:")
    page.keyboard.press("Escape")
