"""A report made in the browser: chosen, followed, downloaded, and opened without a network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.dashboard import Dashboard
from tests.browser.demo import FinishedDemo


def test_a_deidentified_report_is_made_and_opens_without_a_network(
    demo: FinishedDemo, dashboard: Callable[..., Dashboard], new_page: Callable[..., Page], tmp_path: Path
) -> None:
    server = dashboard(home=demo.server.home)
    page = new_page()
    page.goto(f"{server.url}/quality")
    page.get_by_text("De-identified", exact=True).click()
    expect(page.get_by_text("No image, and no name of a file")).to_be_visible()
    page.get_by_role("button", name="Make report").click()
    ready = page.get_by_role("button", name="De-identified, HTML")
    expect(ready).to_be_visible(timeout=60_000)
    with page.expect_download() as download:
        ready.click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.name == f"report-de-identified-{demo.audit_id}.html"

    for scheme, width in (("light", 1280), ("dark", 1920)):
        report = new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
        asked: list[str] = []
        report.on("request", lambda request, asked=asked: asked.append(request.url))
        report.goto(path.as_uri())
        expect(report.locator(".js-plotly-plot").first).to_be_visible()
        assert asked == [path.as_uri()]
        assert report.locator("img").count() == 0
        assert report.get_by_text(".png").count() == 0
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert report.evaluate(wide) <= 0


def test_on_paper_figures_fit_and_nothing_is_folded(
    demo: FinishedDemo, new_page: Callable[..., Page]
) -> None:
    page = new_page(viewport={"width": 1920, "height": 900}, color_scheme="dark")
    page.goto((demo.folder / "report.html").as_uri())
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    assert page.locator("details.fold:not([open])").count() > 0
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    # A4 landscape within its margins, in CSS pixels.
    page.set_viewport_size({"width": 1032, "height": 703})
    assert page.locator("details.fold:not([open])").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1032
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for plot in page.locator(".figures figure").all():
        inner = plot.locator(".main-svg").first.bounding_box()
        outer = plot.bounding_box()
        assert inner and outer
        assert inner["x"] + inner["width"] <= outer["x"] + outer["width"]
    for picture in page.locator(".pair img").all():
        assert picture.evaluate("one => one.complete && one.naturalWidth > 0")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.fold:not([open])").count() > 0
