"""Timed trials: how long images are on the screen, watched from outside frame by frame."""

from __future__ import annotations

import json
from itertools import groupby

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser.rating_server import DESIGNS, RatingServer, enter, until

# Notes in every frame what the first canvas shows: the sum of its pixels, or nothing. Once asked to, leaves the
# tab as soon as an image is there, and comes back at once.
WATCH = """
window.seen = [];
(function look() {
  const canvas = document.querySelector("canvas");
  if (canvas) {
    const isBlank = canvas.classList.contains("blank");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    if (window.leavesNext && window.seen.at(-1) === null && !isBlank) {
      window.leavesNext = false;
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
      delete document.hidden;
    }
    window.seen.push(isBlank ? null : data.reduce((sum, one, at) => (sum + one * (at % 8191)) % 1e9, 0));
  }
  requestAnimationFrame(look);
})();
"""


def list_runs(page: Page) -> list[tuple[object, int]]:
    """What the canvas showed, and for how many frames each."""
    return [(what, len(list(run))) for what, run in groupby(page.evaluate("window.seen"))]


@pytest.mark.alone
def test_an_image_is_seen_for_the_frames_asked_and_then_masked(
    rating_server: RatingServer, page: Page
) -> None:
    rater_id = rating_server.invite("fixed")
    page.add_init_script(WATCH)
    enter(page, rating_server.link(rater_id))
    page.keyboard.press("Enter")
    asked = DESIGNS["fixed"]["exposure_frames"]
    undo = page.get_by_role("button", name="Undo")
    for at in range(3):
        # Undo is offered while a trial is asked, which it is once its image is gone.
        if at:
            expect(undo).to_be_enabled()
        else:
            until(page, lambda: len(list_runs(page)) >= 3, "the mask after the first image")
        page.keyboard.press("f")
    expect(page.get_by_text("4 of 6")).to_be_visible()
    expect(undo).to_be_enabled()
    # Undone: asked again without being shown again.
    page.keyboard.press("u")
    expect(page.get_by_text("3 of 6 was shown before.")).to_be_visible()
    page.keyboard.press("j")
    expect(page.get_by_text("4 of 6 was shown before.")).to_be_visible()
    page.evaluate("window.dispatchEvent(new Event('blur')); window.leavesNext = true")
    for _ in range(3):
        page.keyboard.press("j")
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible(timeout=30_000)
    answers = rating_server.answers(rater_id)
    assert [str(answers[at].answer) for at in range(6)] == ["fake"] * 2 + ["real"] * 4
    assert [answers[at].was_hidden for at in range(6)] == [at in (3, 4) for at in range(6)]
    assert [answers[at].was_early for at in range(6)] == [False] * 4 + [True] * 2
    shown = [(what, n) for what, n in list_runs(page) if what is not None]
    mask = shown[1][0]
    images = [n for what, n in shown if what != mask]
    assert len(shown) == 12
    assert len(images) == 6
    # Who leaves during the exposure finds the mask.
    left = answers.pop(4)
    assert (left.frames or 0) <= 2
    assert images.pop(4) <= 2
    images.insert(4, 0)
    steady = [at for at in answers if answers[at].dropped_frames == 0]
    assert steady, "the machine was too busy for a single trial without a skipped frame"
    for at, one in answers.items():
        assert asked <= (one.frames or 0) <= asked + one.dropped_frames
        interval_ms = 1000 / (one.frame_rate_hz or 0)
        assert abs((one.exposure_ms or 0) - (one.frames or 0) * interval_ms) < interval_ms
        if at in steady:
            assert (one.frames, images[at]) == (asked, asked)
    # However early the next answers were, a mask follows for 100 ms.
    assert min(n for what, n in shown if what == mask) >= 4


@pytest.mark.alone
def test_a_staircase_shows_each_image_as_long_as_the_server_says(
    rating_server: RatingServer, page: Page
) -> None:
    rater_id = rating_server.invite("staircase")
    replies: list[Response] = []
    page.on("response", lambda one: replies.append(one) if one.url.endswith("/answers") else None)
    enter(page, rating_server.link(rater_id))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Practice 1 of 1")).to_be_visible()
    page.keyboard.press("f")
    # Typed ahead of the feedback, an answer would count for the next image; seen, any key goes on.
    expect(page.get_by_text("This image is")).to_be_visible()
    page.keyboard.press("f")
    for _ in range(4):
        page.keyboard.press("f")
    expect(page.get_by_text("You were right in 2 of 4 images.")).to_be_visible(timeout=30_000)
    answers = rating_server.answers(rater_id)
    assert [one.position for one in rating_server.given(rater_id)] == list(range(5))
    said = {len(json.loads(one.request.post_data or "")["answers"]) for one in replies}
    assert said == {1}, "in a staircase each answer decides on the next image"
    exposures = [json.loads(one.body())["exposure_frames"] for one in replies]
    assert exposures[-1] is None
    assert len(set(exposures[:-1])) > 1
    for at in range(1, 5):
        one = answers[at]
        assert exposures[at - 1] <= (one.frames or 0) <= exposures[at - 1] + one.dropped_frames
