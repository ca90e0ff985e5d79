"""What a rater's browser gets in a whole session, searched for anything that gives an answer away."""

from __future__ import annotations

import json
import struct

from playwright.sync_api import APIResponse, Page, Response, Route, expect

from core.db.rating_sessions import load_stimuli
from tests.browser.rating_server import SECRETS, RatingServer, enter

# All that JSON of the server may hold.
STATE = {
    "phase", "task", "timing", "is_joint", "with_confidence", "side_px", "position", "n_trials", "n_training",
    "exposure_frames",
}  # fmt: skip
REPLY = {"position", "exposure_frames", "feedback"}


def test_nothing_in_page_or_traffic_gives_an_answer_away(rating_server: RatingServer, page: Page) -> None:
    rater_id = rating_server.invite("plain")
    responses: list[Response] = []
    page.on("response", lambda one: responses.append(one))
    sockets: list[object] = []
    images: list[tuple[APIResponse, bytes]] = []

    def hand_on(route: Route) -> None:
        # The browser itself keeps no copy of what its page has decoded.
        answer = route.fetch()
        images.append((answer, answer.body()))
        route.fulfill(response=answer)

    page.route("**/image/**", hand_on)
    page.on("websocket", lambda one: sockets.append(one))
    enter(page, rating_server.link(rater_id))
    page.keyboard.press("Enter")
    seen = [page.content()]
    for at in range(30):
        rating_server.look_at(page, rater_id, at)
        if at % 10 == 0:
            # While a request is under way, the browser remembers what it has not handed in.
            page.keyboard.press("f")
            seen.append(
                page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
            )
            seen.append(page.content())
        else:
            page.keyboard.press("j")
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible(timeout=30_000)
    seen.append(page.content())
    assert not sockets

    told = []
    for response in responses:
        request = response.request
        headers = [
            f"{name}: {value}" for name, value in (request.all_headers() | response.all_headers()).items()
        ]
        seen += [request.url, *headers, request.post_data or ""]
        if "/image/" not in request.url:
            body = response.body()
            seen.append(body.decode())
            if response.headers["content-type"] == "application/json":
                told.append((request.url.rpartition("/")[2], body))
        assert request.url.startswith(rating_server.dashboard.url)
        assert response.headers["cache-control"] == "no-store"
    everything = "\n".join(seen).lower()
    session = rating_server.sessions["plain"]
    stimuli = load_stimuli(rating_server.database, session.id)
    hidden = {*SECRETS, session.id, session.study_id, rating_server.rater(rater_id).name, "stimulus"}
    hidden |= {one.file for one in stimuli if one.file} | {one.digest for one in stimuli if one.digest}
    assert [one for one in hidden if one.lower() in everything] == []
    # What is searched holds what the rater said, and the place that it was said of.
    assert '"answer":"fake"' in everything
    assert "/image/29/0" in everything

    assert len(told) > 20
    for name, body in told:
        assert set(json.loads(body)) == (REPLY if name == "answers" else STATE if name != "state" else
                                         set(json.loads(body)) & STATE)  # fmt: skip
        assert not [word for word in (b"real", b"fake", b"left", b"right") if word in body]

    # 30 images, of one size, with the same headers: neither length, age nor kind tells them apart.
    assert len(images) == 30
    headers = [{name: value for name, value in one.headers.items() if name != "date"} for one, _ in images]
    assert all(one == headers[0] for one in headers)
    assert headers[0]["content-length"] == str(len(images[0][1]))
    assert not {"etag", "last-modified", "content-encoding", "content-disposition"} & set(headers[0])
    assert {tuple(list_chunks(body)) for _, body in images} == {(b"IHDR", b"IDAT", b"IEND")}


def list_chunks(png: bytes) -> list[bytes]:
    """The chunks of a PNG file, in order."""
    at, chunks = 8, []
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        chunks.append(kind)
        at += 12 + length
    return chunks
