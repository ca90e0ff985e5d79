"""Pictures in a grid: enlarged without loss, and walked by arrow keys."""

from __future__ import annotations

import base64
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core.audit.items import load_items
from tests.browser.demo import FinishedDemo

pytestmark = pytest.mark.slow

# What the canvas of the enlarged picture holds, as PNG.
_PIXELS = "node => node.toDataURL('image/png').split(',')[1]"


def test_an_enlarged_sample_is_the_file_itself(demo: FinishedDemo, page: Page) -> None:
    page.goto(f"{demo.server.url}/compare?n=2&draw=5")
    page.get_by_role("button", name="Enlarge: copies, normal, sample 2").click()
    dialog = page.get_by_role("dialog", name="Picture in full resolution")
    items = load_items(demo.folder)
    for place, key in (("copies, normal, sample 2", ""), ("collapsed, normal, sample 2", "ArrowRight"),
                       ("collapsed, pneumonia, sample 1", "ArrowDown")):  # fmt: skip
        if key:
            page.keyboard.press(key)
        expect(dialog.locator(".place")).to_have_text(place)
        expect(dialog.get_by_role("img", name=place)).to_be_visible()
        item = items[dialog.get_attribute("data-item") or ""]
        assert place.startswith(f"{item.set}, {item.label}")
        expect(dialog.locator(".about")).to_contain_text(item.item)
        shown = Image.open(BytesIO(base64.b64decode(dialog.locator("canvas").evaluate(_PIXELS)))).convert("L")
        np.testing.assert_array_equal(np.asarray(shown), np.asarray(Image.open(item.path).convert("L")))
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Enlarge: collapsed, pneumonia, sample 1")).to_be_focused()


def test_mean_images_change_set_in_place(demo: FinishedDemo, page: Page) -> None:
    page.goto(f"{demo.server.url}/mean-images")
    first = page.get_by_role("button", name="Enlarge: real, mean image")
    first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Enlarge: heldout, mean image")).to_be_focused()
    page.keyboard.press("Enter")
    picture = page.get_by_role("dialog").get_by_role("img", name="heldout, mean image")
    expect(picture).to_be_visible()
    before = picture.bounding_box()
    page.keyboard.press("ArrowRight")
    other = page.get_by_role("dialog").get_by_role("img", name="fresh, mean image")
    expect(other).to_be_visible()
    assert other.bounding_box() == before
    # 128 pixels grow by a whole number, as squares.
    assert before is not None and before["width"] % 128 == 0 and before["width"] >= 256
