"""The routes of the rating page: who gets in, what raters are told, and what they are not told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.config import get_settings
from core.db.database import open_database
from core.db.raters import list_raters, revoke_rater
from core.db.rating_answers import list_answers
from core.db.rating_record import RaterRecord, RatingSessionRecord, TrialKind
from core.db.rating_sessions import close_rating_session, find_rating_session, load_stimuli
from core.rating.rater_link import make_rater_path
from core.rating.session_folder import stimulus_path
from pages._shared.rating_access import MAX_BODY_BYTES, RATING_HEADERS
from pages._shared.rating_links import read_key
from pages._shared.rating_routes import RATING_ROUTES
from tests.experiments import keep_classified_study
from tests.ratings import keep_session

BACKGROUND = {
    "background": [{"role": "radiologist", "years": 7}],
    "screen": {"width": 1280, "height": 720, "pixel_ratio": 1, "refresh_hz": 60},
}


@dataclass
class Visit:
    """A rater at the door of a session."""

    client: TestClient
    session: RatingSessionRecord
    rater: RaterRecord
    link: str

    def get(self, path: str = "") -> Any:
        return self.client.get(f"{self.link}{path}")

    def post(self, path: str, content: object, **headers: str) -> Any:
        return self.client.post(f"{self.link}{path}", json=content, headers=headers)

    def begin(self) -> Any:
        return self.post("/begin", BACKGROUND)

    def answer(self, *answers: tuple[int, str | None], start: str = "t") -> Any:
        given = [
            {"position": at, "token": f"{start}{number}", "answer": said, "reaction_time_ms": 812.4}
            for number, (at, said) in enumerate(answers)
        ]
        return self.post("/answers", {"answers": given})


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace with a prepared session, and with one that is not."""
    home = tmp_path_factory.mktemp("rating") / "workspace"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSYN_HOME", str(home))
        patch.setenv("MEDSYN_OFFLINE", "1")
        get_settings.cache_clear()
        study = keep_classified_study()
        keep_session(study, name="Plain", n_raters=40)
        keep_session(study, name="Trained", n_training=2, n_raters=1, shows_score=True)
        keep_session(study, name="Closing", n_raters=1)
        keep_session(study, name="Unprepared", prepared=False, n_raters=1)
        open_database(get_settings()).close()
    get_settings.cache_clear()
    yield home


@pytest.fixture
def visit(home: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visit]:
    """A rater who has not come yet."""
    monkeypatch.setenv("MEDSYN_HOME", str(home))
    get_settings.cache_clear()
    yield open_visit("Plain")
    open_database(get_settings()).close()
    get_settings.cache_clear()


def open_visit(name: str) -> Visit:
    database = open_database(get_settings())
    session = find_rating_session(database, name)
    rater = next(
        one for one in list_raters(database, session.id) if not one.consented_at and not one.revoked_at
    )
    client = TestClient(Starlette(routes=list(RATING_ROUTES)), base_url="http://localhost")
    return Visit(client, session, rater, make_rater_path(get_settings(), rater.id))


def test_a_link_names_one_rater_of_this_workspace(visit: Visit) -> None:
    key = visit.link.rpartition("/")[2]
    assert read_key(get_settings(), key) == visit.rater.id
    assert visit.get().status_code == 200
    other = "1" if key[-1] == "0" else "0"
    for wrong in (
        key[:-1] + other,
        key.partition("-")[0],
        f"{'0' * 16}-{key.partition('-')[2]}",
        "é",
        "-",
        "a-b",
    ):
        assert read_key(get_settings(), wrong) is None
        page = visit.client.get(f"/rate/{wrong}")
        assert page.status_code == 404
        assert "This link is not valid" in page.text
        assert visit.client.get(f"/rate/{wrong}/state").status_code == 404
        assert visit.client.get(f"/rate/{wrong}/image/0/0").status_code == 404
        assert visit.client.post(f"/rate/{wrong}/begin", json=BACKGROUND).status_code == 404


def test_a_rater_goes_from_consent_to_the_end(visit: Visit) -> None:
    state = visit.get("/state").json()
    assert (state["phase"], state["position"], state["n_trials"]) == ("consent", 0, len(visit.rater.trials))
    assert visit.get("/image/0/0").status_code == 404
    assert visit.answer((0, "fake")).status_code == 409
    assert visit.begin().json()["phase"] == "trial"
    assert visit.begin().json()["phase"] == "trial"
    kept = visit.answer((0, "fake"), (1, "real"), (1, None), (1, "fake"))
    assert kept.json() == {"position": 2, "exposure_frames": None, "feedback": []}
    # Sent again, since the reply was lost: kept once.
    assert visit.answer((0, "fake"), (1, "real"), (1, None), (1, "fake")).json() == kept.json()
    assert len(list_answers(open_database(), rater_id=visit.rater.id)) == 4
    n = state["n_trials"]
    assert visit.answer(*((at, "real") for at in range(2, n)), start="rest").json()["position"] == n
    assert visit.get("/state").json() == {"phase": "done"}
    assert visit.get("/image/0/0").status_code == 404


def test_images_of_the_next_trials_alone_are_given_out(visit: Visit) -> None:
    visit.begin()
    visit.answer((0, "real"), (1, "real"))
    for position, status in ((0, 200), (2, 200), (5, 200), (6, 404), (10**9, 404)):
        answer = visit.get(f"/image/{position}/0")
        assert answer.status_code == status, position
        if status == 200:
            (number,) = visit.rater.trials[position].stimuli
            path = stimulus_path(get_settings(), visit.session.id, number)
            assert answer.content == path.read_bytes()
    assert visit.get("/image/2/1").status_code == 404
    assert visit.get("/mask").status_code == 200
    assert len(visit.get("/mask").content) == len(visit.get("/image/0/0").content)


def test_an_image_stays_allowed_after_an_undo(visit: Visit) -> None:
    visit.begin()
    visit.answer((0, "real"), (1, "real"), (2, "real"), (3, "fake"))
    assert visit.answer((3, None), (2, None), start="undo").json()["position"] == 2
    assert [visit.get(f"/image/{at}/0").status_code for at in (5, 6, 7, 8)] == [200, 200, 200, 404]


def test_headers_and_bodies_say_nothing_of_the_image(visit: Visit) -> None:
    visit.begin()
    told = [visit.get(f"/image/{at}/0") for at in range(4)]
    assert len({json.dumps(sorted(one.headers.items())) for one in told}) == 1
    assert not {"etag", "last-modified", "content-disposition"} & set(told[0].headers)
    for name, value in RATING_HEADERS.items():
        assert told[0].headers[name] == value
    state = visit.get("/state")
    assert set(state.json()) == {
        "phase", "task", "timing", "is_joint", "with_confidence", "side_px", "position", "n_trials",
        "n_training", "exposure_frames",
    }  # fmt: skip
    everything = (visit.get().text + state.text + visit.answer((0, "real")).text).lower()
    stimuli = load_stimuli(open_database(), visit.session.id)
    hidden = {"gan", "ddpm", "plain", visit.session.id, visit.rater.name.lower()}
    hidden |= {str(value).lower() for one in stimuli for value in (one.file, one.digest) if value}
    assert not [one for one in hidden if one in everything]


def test_training_answers_alone_get_feedback(visit: Visit) -> None:
    trained = open_visit("Trained")
    trained.begin()
    stimuli = load_stimuli(open_database(), trained.session.id)
    said, right = [], []
    for at, trial in enumerate(trained.rater.trials[:3]):
        assert (trial.kind is TrialKind.TRAINING) is (at < 2)
        truth = "fake" if stimuli[trial.stimuli[0]].is_fake else "real"
        right.append(at == 0)
        said.append((at, truth if at == 0 else {"fake": "real", "real": "fake"}[truth]))
    feedback = trained.answer(*said).json()["feedback"]
    assert feedback == [{"position": 0, "is_right": True}, {"position": 1, "is_right": False}]
    # Nothing that showed whether it was right can be taken back.
    assert trained.answer((2, None), start="u").status_code == 200
    assert trained.answer((1, None), start="v").status_code == 409
    n = len(trained.rater.trials)
    trained.answer(*((at, "fake") for at in range(2, n)), start="w")
    told = trained.get("/state").json()
    n_fakes = sum(stimuli[one.stimuli[0]].is_fake for one in trained.rater.trials[2:])
    assert told == {"phase": "done", "task": "single", "score": {"n_right": n_fakes, "n": n - 2}}


def test_only_the_page_itself_may_post(visit: Visit) -> None:
    assert visit.post("/begin", BACKGROUND, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert visit.post("/begin", BACKGROUND, **{"Sec-Fetch-Site": "same-site"}).status_code == 403
    assert visit.post("/begin", BACKGROUND, Origin="http://elsewhere.example").status_code == 403
    plain = visit.client.post(
        f"{visit.link}/begin", content=json.dumps(BACKGROUND), headers={"Content-Type": "text/plain"}
    )
    assert plain.status_code == 403
    assert visit.get("/state").json()["phase"] == "consent"
    assert visit.get("/begin").status_code == 405
    assert visit.post("/begin", BACKGROUND, Origin="http://localhost").status_code == 200
    assert visit.post("/answers", {"answers": []}, **{"Sec-Fetch-Site": "same-origin"}).status_code == 422


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ('{"answers": [' + " " * MAX_BODY_BYTES + "]}", 413),
        ("[" * 60_000, 413),
        ("no JSON", 413),
        ('{"answers": [{"position": 0, "token": "t", "answer": "fake", "reaction_time_ms": NaN}]}', 422),
        ('{"answers": [{"position": 0, "token": "t", "answer": "maybe"}]}', 422),
        ('{"answers": [{"position": true, "token": "t", "answer": "fake"}]}', 422),
        ('{"answers": [{"position": 0, "token": "t", "answer": "fake", "set": "gan"}]}', 422),
        ('{"answers": [{"position": 0, "token": "t", "answer": "left"}]}', 409),
        ('{"answers": [{"position": 3, "token": "t", "answer": "fake"}]}', 409),
        ('{"answers": [{"position": 0, "token": "\\u0000", "answer": "fake"}]}', 409),
    ],
)
def test_what_does_not_fit_is_refused_in_words_that_tell_nothing(
    visit: Visit, content: str, status: int
) -> None:
    visit.begin()
    answer = visit.client.post(
        f"{visit.link}/answers", content=content, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    assert not list_answers(open_database(), rater_id=visit.rater.id)


def test_a_link_taken_back_and_a_closed_session_end_it(visit: Visit) -> None:
    visit.begin()
    visit.answer((0, "real"))
    revoke_rater(open_database(), visit.rater.id)
    assert visit.get("/state").json() == {"phase": "revoked"}
    assert visit.answer((1, "real"), start="late").status_code == 409
    assert visit.get("/image/1/0").status_code == 404
    assert open_visit("Unprepared").get("/state").json() == {"phase": "preparing"}
    assert open_visit("Unprepared").begin().status_code == 409
    closing = open_visit("Closing")
    closing.begin()
    close_rating_session(open_database(), closing.session.id)
    assert closing.get("/state").json() == {"phase": "closed"}
    assert closing.answer((0, "real")).status_code == 409


def test_only_the_pages_own_files_are_given_out(visit: Visit) -> None:
    page = visit.get()
    assert page.headers["Content-Type"].startswith("text/html")
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    script = visit.client.get("/rate-files/rating.js")
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert visit.client.get("/rate-files/rating.css").status_code == 200
    for name in ("index.html", "frame.css", "..%2fframe.css", "%2e%2e%2fframe.css", "viewer.js"):
        assert visit.client.get(f"/rate-files/{name}").status_code == 404


def test_an_image_that_is_gone_is_the_servers_trouble(visit: Visit) -> None:
    visit.begin()
    (number,) = visit.rater.trials[0].stimuli
    path = stimulus_path(get_settings(), visit.session.id, number)
    path.rename(path.with_suffix(".away"))
    try:
        answer = visit.get("/image/0/0")
    finally:
        path.with_suffix(".away").rename(path)
    assert (answer.status_code, set(answer.json())) == (503, {"error"})


def test_without_a_database_the_page_waits(failing_database: None) -> None:
    client = TestClient(Starlette(routes=list(RATING_ROUTES)))
    settings = get_settings()
    link = make_rater_path(settings, "0" * 16)
    assert client.get(link).status_code == 200
    answer = client.get(f"{link}/state")
    assert answer.status_code == 503
    assert "database" not in answer.text
    assert client.post(f"{link}/answers", json={"answers": []}).status_code == 503
