"""Bias maps: read in all sets at once, a place and a region chosen by pointer and by keys, sliders at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.config import get_settings
from core.db.database import open_database
from tests.biased import keep_biased_audit
from tests.browser.dashboard import Dashboard

# How bright the middle of the first patch is on the maps, as drawn.
_MIDDLE = "map => map.getContext('2d').getImageData(map.width * 0.14, map.width * 0.14, 1, 1).data[0]"


@pytest.fixture
def biased(workspace: Path, dashboard: Callable[..., Dashboard]) -> Dashboard:
    """A dashboard with the marked study."""
    keep_biased_audit()
    home = get_settings().home
    open_database(get_settings()).close()
    return dashboard(home=home, MEDSYN_DATA_ROOTS=f"data={home / 'data'}")


def test_places_and_regions_are_chosen_on_the_maps(biased: Dashboard, page: Page) -> None:
    page.goto(f"{biased.url}/bias")
    answer = page.get_by_text("The most suspect place of the real images is the upper left")
    expect(answer).to_be_visible(timeout=30_000)
    maps = page.locator("canvas.map")
    expect(maps).to_have_count(3)
    expect(page.locator(".tile")).to_have_count(36, timeout=15_000)
    below = page.locator("figcaption").filter(has_text="chance reaches")
    expect(below.first).to_have_text(re.compile(r"^(1\.00|0\.9\d) here"))
    clean = maps.nth(2)
    expect(clean).to_have_attribute("aria-label", re.compile(r"^clean: 0\.[3-7]\d here"))

    # A slider works before the page has heard of it, and then stands in the address.
    strong = maps.first.evaluate(_MIDDLE)
    opacity = page.get_by_role("slider", name="Opacity")
    opacity.focus()
    page.keyboard.press("Home")
    assert maps.first.evaluate(_MIDDLE) < strong
    page.wait_for_url(re.compile(r"[?&]opacity=0"))

    # What is under the pointer is read in every set.
    clean.scroll_into_view_if_needed()
    side = (clean.bounding_box() or {})["width"]
    clean.hover(position={"x": 0.5 * side, "y": 0.5 * side})
    expect(page.locator("p.read")).to_contain_text("38 to 63 % of the width, 38 to 63 % of the height")
    clean.click(position={"x": 0.5 * side, "y": 0.5 * side})
    page.wait_for_url(re.compile(r"[?&]cell=3%2C3"))
    expect(page.get_by_text("Cut at 38 to 63 % of the width")).to_be_visible()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"[?&]cell=2%2C2"))

    # A patch opens its whole image.
    page.get_by_role("button", name="Enlarge: real, well, patches 1 to 2").first.click()
    expect(page.get_by_role("dialog").locator(".about")).to_contain_text("64 × 64 pixels")
    page.keyboard.press("Escape")

    # A region by dragging leads to the experiment without it.
    clean.scroll_into_view_if_needed()
    box = clean.bounding_box() or {}
    page.mouse.move(box["x"] + 0.25 * side, box["y"] + 0.25 * side)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * side, box["y"] + 0.75 * side, steps=3)
    page.mouse.up()
    link = page.get_by_role("link", name=re.compile("Crop the drawn region"))
    expect(link).to_have_attribute("href", re.compile(r"crop-experiment\?.*region=0\.2[45]"))
    page.get_by_role("button", name="Crop and measure again").first.click()
    page.wait_for_url(re.compile(r"/crop-experiment\?.*region=0%2C0%2C"))
