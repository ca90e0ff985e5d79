"""The frame in a real browser: banner, deep links, login."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.dashboard import Dashboard

BANNER = "For research use only. Not a medical device."


def test_every_deep_link_is_served_with_the_frame(page: Page, dashboard: Callable[..., Dashboard]) -> None:
    server = dashboard()
    page.goto(server.url)
    expect(page.get_by_role("heading").first).to_be_visible()
    links = (
        page.get_by_test_id("stSidebarNav")
        .get_by_role("link")
        .evaluate_all("nodes => nodes.map(n => n.href)")
    )
    for address in (server.url, *links):
        page.goto(address)
        heading = page.get_by_role("heading").first
        expect(heading).to_be_visible()
        banner = page.locator(".st-key-research_use").get_by_text(BANNER)
        expect(banner).to_be_in_viewport()
        # It stands in the header, above the page instead of over it.
        box, below = banner.bounding_box(), heading.bounding_box()
        assert box and below and box["y"] + box["height"] <= 60 < below["y"]
        sidebar = page.get_by_test_id("stSidebar").bounding_box()
        assert sidebar is None or sidebar["x"] + sidebar["width"] <= box["x"]


def test_with_a_login_configured_no_page_opens_without_it(
    page: Page, dashboard: Callable[..., Dashboard], tmp_path: Path
) -> None:
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(
        '[auth]\nredirect_uri = "http://localhost:8501/oauth2callback"\ncookie_secret = "for tests only, not secret"\n'
        'client_id = "x"\nclient_secret = "x"\nserver_metadata_url = "http://127.0.0.1:9/nothing"\n'
    )
    server = dashboard(arguments=("--server.address", "0.0.0.0", "--secrets.files", str(secrets)))
    page.goto(f"{server.url}/overview")
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    expect(page.locator(".st-key-research_use").get_by_text(BANNER)).to_be_visible()
    assert page.get_by_role("heading").all_inner_texts() == ["MedSynAudit"]


def test_errors_of_fragments_and_callbacks_are_sentences_too(
    page: Page, dashboard: Callable[..., Dashboard]
) -> None:
    server = dashboard("tests/browser/scripts/failing_app.py")
    page.goto(server.url)
    page.get_by_role("button", name="Fail in a fragment").click()
    sentence = "Something unexpected went wrong (KeyError); the details are in the server's log."
    expect(page.get_by_role("alert")).to_have_text(sentence)
    assert "patient 17" in server.log.read_text()
    page.get_by_role("button", name="Fail in a callback").click()
    expect(page.get_by_text("The callback could not write; free some space.")).to_be_visible()
    assert "Traceback" not in page.locator("body").inner_text()
