"""Twenty raters at once on one server, over real sockets."""

from __future__ import annotations

import http.client
import json
import random
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.browser.rating_server import RatingServer

N_RATERS = 20


class Rater:
    """A browser without a screen: loads the next image, answers, sends some answers late, together or twice."""

    def __init__(self, server: RatingServer, rater_id: str, seed: int) -> None:
        self.path = server.links[rater_id]
        self.connection = http.client.HTTPConnection("127.0.0.1", server.dashboard.port, timeout=60)
        self.random = random.Random(seed)
        self.said: list[tuple[int, str]] = []
        self.images: list[bytes] = []
        self.waited: list[float] = []

    def ask(self, path: str, content: object | None = None) -> bytes:
        began = time.monotonic()
        body = None if content is None else json.dumps(content)
        headers = {} if content is None else {"Content-Type": "application/json"}
        self.connection.request("GET" if body is None else "POST", f"{self.path}/{path}", body, headers)
        answer = self.connection.getresponse()
        read = answer.read()
        self.waited.append(time.monotonic() - began)
        assert answer.status == 200, (path, answer.status, read)
        return read

    def rate(self) -> None:
        screen = {"width": 1280, "height": 720, "pixel_ratio": 1, "refresh_hz": 60}
        state = json.loads(
            self.ask("begin", {"background": [{"role": "resident", "years": 2}], "screen": screen})
        )
        pending: list[dict[str, Any]] = []
        for position in range(state["n_trials"]):
            self.images.append(self.ask(f"image/{position}/0"))
            said = self.random.choice(["real", "fake"])
            self.said.append((position, said))
            pending.append({"position": position, "token": secrets.token_hex(16), "answer": said})
            if len(pending) == 3 or position + 1 == state["n_trials"] or self.random.random() < 0.7:
                reply = self.ask("answers", {"answers": pending})
                if self.random.random() < 0.1:
                    # As a browser does that never got the reply.
                    assert self.ask("answers", {"answers": pending}) == reply
                assert json.loads(reply)["position"] == position + 1
                pending = []
        assert json.loads(self.ask("state")) == {"phase": "done"}
        self.connection.close()


@pytest.mark.alone
@pytest.mark.slow
def test_twenty_raters_at_once(rating_server: RatingServer, capsys: pytest.CaptureFixture[str]) -> None:
    ids = [rating_server.invite("many") for _ in range(N_RATERS)]
    assert all(len(rating_server.rater(one).trials) == 50 for one in ids)
    raters = [Rater(rating_server, one, seed) for seed, one in enumerate(ids)]
    began = time.monotonic()
    with ThreadPoolExecutor(N_RATERS) as pool:
        for done in [pool.submit(one.rate) for one in raters]:
            done.result()
    took = time.monotonic() - began
    waited = sorted(one for rater in raters for one in rater.waited)
    with capsys.disabled():
        print(
            f"\n{N_RATERS} raters, 50 trials each, {len(waited)} requests in {took:.1f} s: half within "
            f"{1000 * waited[len(waited) // 2]:.0f} ms, 99 % within {1000 * waited[len(waited) * 99 // 100]:.0f} ms"
        )
    folder = rating_server.dashboard.home / "ratings" / rating_server.sessions["many"].id
    for rater_id, rater in zip(ids, raters, strict=True):
        given = rating_server.given(rater_id)
        assert [(one.position, str(one.answer)) for one in given] == rater.said
        for trial, image in zip(rating_server.rater(rater_id).trials, rater.images, strict=True):
            assert image == (folder / f"stimulus-{trial.stimuli[0]}.png").read_bytes()
        assert rating_server.rater(rater_id).finished_at is not None
