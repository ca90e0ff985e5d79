"""How the rating page looks: large images on neutral grey, from a tablet to a wall of pixels."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.rating_server import RatingServer, enter
from tests.browser.test_looks import CONTRASTS

# Width, height, and the least share of the height (or in a pair of half the width) that an image takes.
SIZES = ((1280, 720, 0.75), (3840, 2160, 0.85), (1180, 820, 0.75))
COLOURS = """() => [...document.querySelectorAll("*")].flatMap((node) => {
  const { color, backgroundColor, borderTopColor } = getComputedStyle(node);
  return [color, backgroundColor, borderTopColor];
})"""
ROOM = """() => {
  const { scrollWidth, clientWidth, scrollHeight, clientHeight } = document.documentElement;
  return [scrollWidth - clientWidth, scrollHeight - clientHeight];
}"""


def check(page: Page, *, fits: bool = False) -> None:
    """Text is legible, all is grey, nothing is wider than the window, and a trial not higher either."""
    texts = page.evaluate(CONTRASTS.replace("[data-testid=stMain], [data-testid=stSidebar]", "main"))
    assert texts
    assert [one for one in texts if one["contrast"] < 4.5] == []
    for colour in set(page.evaluate(COLOURS)):
        red, green, blue = colour.partition("(")[2].rstrip(")").split(",")[:3]
        assert red.strip() == green.strip() == blue.strip(), f"{colour} is tinted"
    beyond = page.evaluate(ROOM)
    assert beyond[0] <= 0
    if fits:
        assert beyond[1] <= 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_images_are_large_and_everything_is_grey(
    rating_server: RatingServer, new_page: Callable[..., Page], scheme: str
) -> None:
    kind = {"light": "pair", "dark": "joint"}[scheme]
    rater_id = rating_server.invite(kind)
    page = new_page(viewport={"width": 1280, "height": 720}, color_scheme=scheme)
    page.goto(rating_server.link(rater_id))
    expect(page.get_by_role("button", name="Continue")).to_be_visible()
    check(page)
    enter(page, rating_server.link(rater_id), experts=2 if kind == "joint" else 1)
    check(page, fits=True)
    page.keyboard.press("Enter")
    rating_server.look_at(page, rater_id, 0)
    for width, height, share in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        check(page, fits=True)
        box = page.locator("canvas").first.bounding_box()
        assert box is not None
        assert abs(box["width"] - box["height"]) <= 1
        room = min(height, width / 2) if kind == "pair" else height
        assert box["height"] >= share * room
    page.keyboard.press("f")
    if kind == "joint":
        expect(page.get_by_text("How sure are you?")).to_be_visible()
        check(page, fits=True)
        before = page.locator("canvas").bounding_box()
        page.keyboard.press("3")
        expect(page.get_by_text("This image is")).to_be_visible()
        assert page.locator("canvas").bounding_box() == before, "the image moves when the question changes"
    expect(page.get_by_role("button", name="Next image")).to_be_visible()
    check(page, fits=True)
