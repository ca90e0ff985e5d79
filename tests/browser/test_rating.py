"""The rating page in a browser: every key counts once, for the image that it was pressed for."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, Page, Route, expect

from core.db.raters import revoke_rater
from tests.browser.rating_server import RatingServer, enter, until, view


def test_thirty_presses_without_a_gap_are_thirty_answers(rating_server: RatingServer, page: Page) -> None:
    rater_id = rating_server.invite("plain")
    assert len(rating_server.rater(rater_id).trials) == 30
    enter(page, rating_server.link(rater_id))
    page.keyboard.press("Enter")
    pressed = ["fake" if at % 3 else "real" for at in range(30)]
    for answer in pressed:
        page.keyboard.press({"fake": "f", "real": "j"}[answer])
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible(timeout=30_000)
    given = rating_server.given(rater_id)
    assert [one.position for one in given] == list(range(30))
    assert [str(one.answer) for one in given] == pressed
    assert len({one.token for one in given}) == 30
    # Nobody saw thirty images in that time, and the answers say so.
    assert sum(one.was_early for one in given) > 20
    rater = rating_server.rater(rater_id)
    assert rater.finished_at is not None
    assert [(one.role, one.years) for one in rater.background] == [("radiologist", 7)]
    assert rater.screen["width"] > 0
    assert 20 < rater.screen["refresh_hz"] < 300
    page.reload()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible(timeout=30_000)
    assert len(rating_server.given(rater_id)) == 30


def test_a_closed_browser_goes_on_at_the_very_trial(
    rating_server: RatingServer, new_page: Callable[..., Page]
) -> None:
    rater_id = rating_server.invite("plain")
    page = new_page()
    enter(page, rating_server.link(rater_id))
    page.get_by_role("button", name="Start").click()
    keys = ["f", "ArrowLeft", "j", "ArrowRight"]
    said = ["fake", "fake", "real", "real"]
    for at in range(8):
        rating_server.look_at(page, rater_id, at)
        page.keyboard.press(keys[at % 4])
    until(page, lambda: len(rating_server.given(rater_id)) == 8, "eight answers kept")
    page.reload()
    page.get_by_role("button", name="Continue at 9 of 30").click()
    rating_server.look_at(page, rater_id, 8)
    page.get_by_role("button", name="Real").click()
    until(page, lambda: len(rating_server.given(rater_id)) == 9, "a click kept")
    page.context.close()

    page = new_page()
    page.goto(rating_server.link(rater_id))
    page.get_by_role("button", name="Continue at 10 of 30").click()
    rating_server.look_at(page, rater_id, 9)
    page.keyboard.press("j")
    rating_server.look_at(page, rater_id, 10)
    until(page, lambda: len(rating_server.given(rater_id)) == 10, "the last answer kept")
    answers = rating_server.answers(rater_id)
    assert [str(answers[at].answer) for at in range(10)] == [said[at % 4] for at in range(8)] + ["real"] * 2
    assert not any(one.was_early for one in answers.values())
    times = [one.reaction_time_ms or 0 for one in answers.values()]
    assert all(1 < one < 20_000 for one in times), times


def test_two_raters_at_once_keep_apart(rating_server: RatingServer, new_page: Callable[..., Page]) -> None:
    raters = [rating_server.invite("pair"), rating_server.invite("pair")]
    pages = [new_page(), new_page()]
    keys = {"left": "f", "right": "j"}
    for page, rater_id in zip(pages, raters, strict=True):
        enter(page, rating_server.link(rater_id))
        page.keyboard.press("Enter")
    said = [["left", "right", "right", "left", "left"], ["right", "right", "left", "right", "left"]]
    for at in range(5):
        for which, (page, rater_id) in enumerate(zip(pages, raters, strict=True)):
            for slot in range(2):
                rating_server.look_at(page, rater_id, at, slot)
            page.keyboard.press(keys[said[which][at]])
            if at == 0:
                expect(page.get_by_text("image is fake.")).to_be_visible()
                page.get_by_role("button", name="Next image").click()
    for which, (page, rater_id) in enumerate(zip(pages, raters, strict=True)):
        expect(page.get_by_role("heading", name="Thank you")).to_be_visible(timeout=30_000)
        answers = rating_server.answers(rater_id)
        assert [str(answers[at].answer) for at in range(5)] == said[which]
        assert len(rating_server.given(rater_id)) == 5


def test_an_answer_is_undone_and_given_anew(rating_server: RatingServer, page: Page) -> None:
    rater_id = rating_server.invite("plain")
    enter(page, rating_server.link(rater_id))
    page.keyboard.press("Enter")
    rating_server.look_at(page, rater_id, 0)
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_disabled()
    for at in range(3):
        rating_server.look_at(page, rater_id, at)
        page.keyboard.press("f")
    rating_server.look_at(page, rater_id, 3)
    page.keyboard.press("Backspace")
    rating_server.look_at(page, rater_id, 2)
    undo.click()
    rating_server.look_at(page, rater_id, 1)
    page.keyboard.press("j")
    rating_server.look_at(page, rater_id, 2)
    # Typed without looking: undo and answers keep their order.
    for key in ("f", "f", "u", "j"):
        page.keyboard.press(key)
    rating_server.look_at(page, rater_id, 4)
    expected = [(0, "fake"), (1, "fake"), (2, "fake"), (2, None), (1, None), (1, "real")]
    expected += [(2, "fake"), (3, "fake"), (3, None), (3, "real")]
    until(page, lambda: len(rating_server.given(rater_id)) == len(expected), "all kept")
    given = [
        (one.position, None if one.answer is None else str(one.answer))
        for one in rating_server.given(rater_id)
    ]
    assert given == expected
    # A pause hides the image and answers meanwhile do not count.
    page.keyboard.press("p")
    expect(page.get_by_text("Paused.")).to_be_visible()
    assert view(page) is None
    page.keyboard.press("f")
    page.keyboard.press("Escape")
    rating_server.look_at(page, rater_id, 4)
    page.keyboard.press("j")
    until(page, lambda: 4 in rating_server.answers(rater_id), "the answer after the pause kept")
    last = rating_server.answers(rater_id)[4]
    assert (str(last.answer), last.was_hidden) == ("real", True)


def test_an_image_that_arrives_behind_an_undo_is_given_out(rating_server: RatingServer, page: Page) -> None:
    rater_id = rating_server.invite("plain")
    held: list[Route] = []
    page.route("**/image/7/0", lambda route: held.append(route))
    enter(page, rating_server.link(rater_id))
    page.keyboard.press("Enter")
    for at in range(4):
        rating_server.look_at(page, rater_id, at)
        page.keyboard.press("f")
    # The fourth answer allows the eighth image, and is withdrawn before the request for it arrives.
    until(page, lambda: len(held) == 1, "the eighth image asked for")
    page.keyboard.press("u")
    until(page, lambda: 3 not in rating_server.answers(rater_id), "the undo kept")
    with page.expect_response("**/image/7/0") as late:
        held.pop().continue_()
    assert late.value.status == 200
    page.unroute("**/image/7/0")
    for at in range(3, 8):
        rating_server.look_at(page, rater_id, at)
        page.keyboard.press("j")
    until(page, lambda: len(rating_server.answers(rater_id)) == 8, "eight answers kept")
    assert [str(one.answer) for one in rating_server.answers(rater_id).values()] == ["fake"] * 3 + [
        "real"
    ] * 5


def test_an_image_refused_while_its_trial_is_on_is_asked_for_again(
    rating_server: RatingServer, browser: Browser
) -> None:
    rater_id = rating_server.invite("plain")
    refused: list[str] = []

    def refuse(route: Route) -> None:
        # Ahead of its turn, and when it is its turn.
        if len(refused) == 2:
            route.continue_()
        else:
            refused.append(route.request.url)
            route.fulfill(status=404, json={"error": "There is nothing of that kind for you now."})

    # A page of its own: the browser itself writes of what was refused.
    with browser.new_context() as context:
        page = context.new_page()
        page.route("**/image/1/0", refuse)
        enter(page, rating_server.link(rater_id))
        page.keyboard.press("Enter")
        rating_server.look_at(page, rater_id, 0)
        until(page, lambda: len(refused) == 1, "the second image refused ahead of its turn")
        page.keyboard.press("f")
        # No screen comes between, and nobody has to press a button.
        rating_server.look_at(page, rater_id, 1)
        assert len(refused) == 2
        page.keyboard.press("j")
        until(page, lambda: len(rating_server.given(rater_id)) == 2, "two answers kept")


def test_without_a_network_nothing_is_lost(rating_server: RatingServer, page: Page) -> None:
    rater_id = rating_server.invite("plain")
    is_loaded = watch_images(page)
    enter(page, rating_server.link(rater_id))
    page.keyboard.press("Enter")
    rating_server.look_at(page, rater_id, 0)
    until(page, lambda: all(is_loaded(at) for at in range(4)), "the images of three trials ahead")
    page.context.set_offline(True)
    for at in range(4):
        rating_server.look_at(page, rater_id, at)
        page.keyboard.press("fj"[at % 2])
    # The images that were loaded ahead are answered; the fifth has to wait, and so does its key.
    page.keyboard.press("j")
    expect(page.get_by_text("Waiting for the server")).to_be_visible()
    expect(page.get_by_text("Not saved yet: 4 answers")).to_be_visible()
    assert not rating_server.given(rater_id)
    kept = page.evaluate("Object.entries(localStorage)")
    assert [name.rpartition("-")[0] for name, _ in kept] == ["rating-unsent"]
    page.context.set_offline(False)
    rating_server.look_at(page, rater_id, 5)
    expect(page.get_by_text("Not saved yet")).to_have_count(0)
    until(page, lambda: len(rating_server.given(rater_id)) == 5, "all five kept")
    assert [str(one.answer) for one in rating_server.given(rater_id)] == [
        "fake",
        "real",
        "fake",
        "real",
        "real",
    ]

    # Closed before the network was back: what this browser kept is sent when the link is opened again.
    page.context.set_offline(True)
    page.keyboard.press("f")
    expect(page.get_by_text("Not saved yet: 1 answer")).to_be_visible()
    again = page.context.new_page()
    page.close()
    again.context.set_offline(False)
    again.goto(rating_server.link(rater_id))
    again.get_by_role("button", name="Continue at 7 of 30").click()
    rating_server.look_at(again, rater_id, 6)
    assert [str(one.answer) for one in rating_server.given(rater_id)][5:] == ["fake"]
    assert again.evaluate("localStorage.length") == 0


def test_the_last_tab_has_the_session(rating_server: RatingServer, page: Page) -> None:
    rater_id = rating_server.invite("plain")
    enter(page, rating_server.link(rater_id))
    page.keyboard.press("Enter")
    rating_server.look_at(page, rater_id, 0)
    page.keyboard.press("f")
    until(page, lambda: len(rating_server.given(rater_id)) == 1, "the first answer kept")
    second = page.context.new_page()
    second.goto(rating_server.link(rater_id))
    expect(page.get_by_role("heading", name="Open in another tab")).to_be_visible()
    page.keyboard.press("f")
    second.get_by_role("button", name="Continue at 2 of 30").click()
    rating_server.look_at(second, rater_id, 1)
    second.keyboard.press("j")
    until(second, lambda: len(rating_server.given(rater_id)) == 2, "the second answer kept")
    assert [str(one.answer) for one in rating_server.given(rater_id)] == ["fake", "real"]


def test_experts_who_sit_together_need_no_mouse(rating_server: RatingServer, page: Page) -> None:
    rater_id = rating_server.invite("joint")
    page.goto(rating_server.link(rater_id))
    page.get_by_role("combobox", name="Role").first.focus()
    # Role by its first letters, years, the same for the second, past two buttons to the box and the button.
    for key in ("r", "Tab", "1", "2", "Tab", "s", "Tab", "3", "Tab", "Tab", "Tab", "Space", "Tab", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("button", name="Start")).to_be_focused()
    page.keyboard.press("Enter")
    for at in range(2):
        rating_server.look_at(page, rater_id, at)
        expect(page.get_by_text(f"Practice {at + 1} of 2")).to_be_visible()
        expect(page.get_by_role("button", name="Undo")).to_be_disabled()
        page.keyboard.press("f")
        expect(page.get_by_text("How sure are you?")).to_be_visible()
        page.keyboard.press("2")
        expect(page.get_by_text("This image is")).to_be_visible()
        page.keyboard.press("Space")
    rating_server.look_at(page, rater_id, 2)
    expect(page.get_by_text("1 of 8", exact=True)).to_be_visible()
    # A choice may be changed until its confidence is given; confidence alone is none.
    for key in ("4", "f", "j", "5", "f", "u", "f", "1"):
        page.keyboard.press(key)
    rating_server.look_at(page, rater_id, 4)
    for _ in range(6):
        page.keyboard.press("j")
        page.keyboard.press("3")
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("You were right")).to_have_count(0)
    given = [(str(one.answer), one.confidence) for one in rating_server.given(rater_id)]
    assert given == [("fake", 2), ("fake", 2), ("real", 5), ("fake", 1)] + [("real", 3)] * 6
    background = [(one.role, one.years) for one in rating_server.rater(rater_id).background]
    assert background == [("radiologist", 12), ("scientist or engineer", 3)]


def test_a_link_taken_back_stops_a_rater_in_the_middle(rating_server: RatingServer, browser: Browser) -> None:
    rater_id = rating_server.invite("plain")
    # A page of its own: the browser itself writes of the refused answer.
    with browser.new_context() as context:
        page = context.new_page()
        is_loaded = watch_images(page)
        enter(page, rating_server.link(rater_id))
        page.keyboard.press("Enter")
        rating_server.look_at(page, rater_id, 0)
        page.keyboard.press("f")
        until(page, lambda: len(rating_server.given(rater_id)) == 1, "the first answer kept")
        until(page, lambda: is_loaded(4), "the image that this answer allows")
        revoke_rater(rating_server.database, rater_id)
        rating_server.look_at(page, rater_id, 1)
        page.keyboard.press("f")
        expect(page.get_by_role("heading", name="This link was taken back")).to_be_visible()
        expect(page.get_by_text("1 answer was not kept")).to_be_visible()
        assert page.evaluate("localStorage.length") == 0
    assert len(rating_server.given(rater_id)) == 1


def test_a_refused_image_ends_the_session_after_the_answers_before_it(
    rating_server: RatingServer, browser: Browser
) -> None:
    rater_id = rating_server.invite("plain")
    held: list[Route] = []
    with browser.new_context() as context:
        page = context.new_page()
        page.route("**/image/1/0", lambda route: route.fulfill(status=404, json={}))
        page.route("**/answers", lambda route: held.append(route))
        enter(page, rating_server.link(rater_id))
        page.keyboard.press("Enter")
        rating_server.look_at(page, rater_id, 0)
        revoke_rater(rating_server.database, rater_id)
        page.keyboard.press("f")
        expect(page.get_by_text("Saving answers that you gave before")).to_be_visible()
        held.pop().continue_()
        expect(page.get_by_role("heading", name="This link was taken back")).to_be_visible()
        expect(page.get_by_text("1 answer was not kept")).to_be_visible()


def watch_images(page: Page) -> Callable[[int], bool]:
    """Note from now on which images the page has loaded; tells whether a trial's is there."""
    loaded: list[str] = []
    page.on("requestfinished", lambda request: loaded.append(request.url))
    return lambda position: any(url.endswith(f"/image/{position}/0") for url in loaded)
