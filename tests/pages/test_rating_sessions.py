"""Rating sessions: what a researcher is asked, what is made of it, and what can be done with a session."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from core.config import get_settings
from core.db.database import open_database
from core.db.job_record import JobState
from core.db.jobs import end_job, list_jobs
from core.db.raters import list_raters
from core.db.rating_record import RatingSessionRecord
from core.db.rating_sessions import list_rating_sessions, load_rating_session, mark_prepared
from core.db.studies import StudyRecord
from core.rating.design import RealSource, SessionDesign, Task, Timing
from core.rating.rater_link import make_rater_path
from pages._shared import image_addresses
from pages._shared.image_addresses import address_stimulus
from pages._shared.image_route import IMAGE_ROUTE
from pages._shared.links import RATING_SESSIONS
from pages._shared.results_links import ResultsLink, find_results
from tests.experiments import keep_classified_study
from tests.pages.frame import FRAME
from tests.pages.tables import read_tables
from tests.ratings import answer_all, keep_session


def open_page(**params: str | list[str]) -> AppTest:
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    app.switch_page(str(FRAME.parents[1] / "rating" / "sessions.py"))
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def texts(app: AppTest) -> str:
    return "\n".join(one.value for one in (*app.markdown, *app.text, *app.caption)).replace("\\", "")


def press(app: AppTest, label: str) -> AppTest:
    return next(one for one in app.button if one.label == label).click().run()


def numbers(app: AppTest) -> dict[str, int]:
    return {one.label: one.value for one in app.number_input}


def set_number(app: AppTest, label: str, value: int) -> None:
    next(one for one in app.number_input if one.label == label).set_value(value)


@pytest.fixture
def classified(workspace: Path, idle_jobs: None) -> Iterator[StudyRecord]:
    """A study with 24 held-out images and 12 of each of two synthetic sets, in two classes."""
    yield keep_classified_study()
    open_database(get_settings()).close()


def test_no_study_leads_to_the_overview(workspace: Path) -> None:
    app = open_page()
    assert "No study yet" in app.info[0].value and not app.exception


@pytest.mark.usefixtures("failing_database")
def test_a_failing_database_is_one_sentence() -> None:
    app = open_page()
    assert not app.exception and len(app.error) == 1


def test_the_form_begins_even_and_says_how_sure_it_will_be(classified: StudyRecord) -> None:
    app = open_page()
    assert not app.exception and not app.error
    asked = numbers(app)
    assert (asked["Real (held-out), a"], asked["Real (held-out), b"]) == (12, 12)
    assert (asked["gan, a"], asked["gan, b"], asked["ddpm, a"], asked["ddpm, b"]) == (6, 6, 6, 6)
    # All images are shown, so that none is left to train on.
    assert asked["Training trials"] == 0
    three = texts(app)
    assert "12 fakes a set and 3 raters" in three and "±16 points" in three
    set_number(app, "Raters", 12)
    app.run()
    assert "12 fakes a set and 12 raters" in texts(app) and "±16 points" not in texts(app)


def test_what_is_asked_is_what_is_kept(classified: StudyRecord) -> None:
    app = open_page(sets=["ddpm"], classes=["b"], real="train", timing="fixed")
    assert "250 ms on a screen of 60 Hz" in texts(app)
    set_number(app, "Images", 10)
    app.run()
    assert numbers(app)["Real (train), b"] == 5 and "gan, b" not in numbers(app)
    for label, value in {
        "ddpm, b": 4, "Raters": 2, "Training trials": 2, "Repeats": 3, "Attention checks": 1, "Frames": 12,
        "Image side in pixels": 96, "Seed": 77,
    }.items():  # fmt: skip
        set_number(app, label, value)
    for box in app.checkbox:
        box.set_value(True)
    next(one for one in app.text_input if one.label == "Name").set_value("Reading room")
    app.run()
    press(app, "Make the session")
    assert not app.exception and not app.error
    (session,) = list_rating_sessions(open_database(get_settings()))
    design = SessionDesign.model_validate(session.design)
    assert {(one.synthetic, one.class_name): one.n for one in design.counts} == {
        (None, "b"): 5,
        ("ddpm", "b"): 4,
    }
    assert (session.name, design.real_source, design.timing) == (
        "Reading room",
        RealSource.TRAIN,
        Timing.FIXED,
    )
    assert (design.exposure_frames, design.n_raters, design.n_training) == (12, 2, 2)
    assert (design.n_repeats, design.n_checks, design.side_px, design.seed) == (3, 1, 96, 77)
    assert design.with_confidence and design.is_joint and design.shows_score
    (job,) = list_jobs(open_database(get_settings()))
    assert (job.kind, job.payload) == ("rating", {"session_id": session.id})
    assert app.query_params["session"] == session.id and "Cancel" in [one.label for one in app.button]
    assert "once the images are prepared" in texts(app)
    assert "9 images: 5 real (train) and 4 of ddpm" in texts(app)


def test_pairs_take_their_real_images_from_the_classes_of_the_fakes(classified: StudyRecord) -> None:
    app = open_page(task="pair")
    assert "Real (held-out), a" not in numbers(
        app
    ) and "as many real images of the same classes: 24" in texts(app)
    assert "staircase" not in next(one for one in app.selectbox if one.label == "Shown").options
    set_number(app, "gan, a", 2)
    app.run()
    press(app, "Make the session")
    (session,) = list_rating_sessions(open_database(get_settings()))
    design = SessionDesign.model_validate(session.design)
    assert design.task is Task.PAIR and design.n_real == design.n_synthetic == 20
    # Of the train set there are 8 of each class.
    crowded = open_page(session="new", task="pair", real="train")
    set_number(crowded, "gan, a", 6)
    crowded.run()
    assert "real images of a" in crowded.error[0].value and "has 8" in crowded.error[0].value
    assert "Make the session" not in [one.label for one in crowded.button]


def test_what_cannot_be_made_is_one_sentence(classified: StudyRecord) -> None:
    app = open_page(sets=[""])
    assert "Choose at least one synthetic set" in app.info[0].value
    app = open_page()
    set_number(app, "Training trials", 4)
    app.run()
    press(app, "Make the session")
    assert not app.exception and "for training" in app.error[0].value
    set_number(app, "Repeats", 90)
    app.run()
    assert "can be repeated" in app.error[0].value
    set_number(app, "Repeats", 0)
    for label in numbers(app):
        if "," in label:
            set_number(app, label, 0)
    app.run()
    assert "No image is shown" in app.error[0].value


def test_links_are_signed_and_can_be_renamed_taken_back_and_added(classified: StudyRecord) -> None:
    session = keep_session(classified)
    app = open_page()
    assert not app.exception and not app.warning
    first, *_ = list_raters(open_database(get_settings()), session.id)
    links = [one.value for one in app.code]
    assert len(links) == 3 and links[0].endswith(make_rater_path(get_settings(), first.id))
    assert "Open: 0 of 3 raters have finished" in texts(app)
    next(one for one in app.text_input if one.key == f"name_{first.id}").set_value("Chest radiology").run()
    next(one for one in app.button if one.key == f"rename_{first.id}").click().run()
    next(one for one in app.button if one.key == f"revoke_{first.id}").click().run()
    press(app, "Make a link")
    raters = list_raters(open_database(get_settings()), session.id)
    assert [one.name for one in raters] == ["Chest radiology", "Rater 2", "Rater 3", "Rater 4"]
    assert raters[0].revoked_at is not None and len(app.code) == 3
    assert "revoke_" + raters[0].id not in [one.key for one in app.button]
    assert read_tables(app)["rater_standings"].texts("state") == ["link revoked", *["not begun"] * 3]
    assert len(raters[3].trials) == len(raters[1].trials)


def test_a_name_that_is_taken_is_one_sentence(classified: StudyRecord) -> None:
    session = keep_session(classified, prepared=False)
    app = open_page()
    first, *_ = list_raters(open_database(get_settings()), session.id)
    next(one for one in app.text_input if one.key == f"name_{first.id}").set_value("Rater 2").run()
    next(one for one in app.button if one.key == f"rename_{first.id}").click().run()
    assert not app.exception and "Rater 2" in app.error[0].value


def test_progress_closing_and_opening_again(classified: StudyRecord) -> None:
    session = keep_session(classified)
    answer_all(session, {None: 0.2, "gan": 0.8, "ddpm": 0.4}, n_raters=2, closes=False)
    app = open_page()
    tables = read_tables(app)
    assert tables["rater_standings"].texts("answered") == ["32 of 32", "32 of 32", "0 of 32"]
    assert tables["rater_standings"].texts("background")[0] == "radiologist, 8 years"
    assert tables["rating_sessions"].texts("finished") == ["2 of 3"]
    assert tables["rating_sessions"].texts("answers") == ["64"]
    assert [one.label for one in app.get("download_button")] == ["answers.csv", "session.json"]
    press(app, "Close it")
    assert load_rating_session(open_database(get_settings()), session.id).closed_at is not None
    assert "Closed on" in texts(app) and not app.code
    assert "Make a link" not in [one.label for one in app.button]
    press(app, "Open again")
    assert "Open: 2 of 3 raters have finished" in texts(app)


def test_a_session_whose_images_are_not_there_offers_to_prepare_them(classified: StudyRecord) -> None:
    session = keep_session(classified, prepared=False)
    app = open_page(session=session.id)
    assert "not prepared" in app.info[0].value
    press(app, "Prepare the images")
    database = open_database(get_settings())
    (job,) = list_jobs(database)
    assert job.payload == {"session_id": session.id}
    end_job(database, job.id, state=JobState.FAILED, exit_reason="The image 'a/1.png' has *changed*.")
    app.run()
    assert app.error[0].value == "The image 'a/1.png' has \\*changed\\*."
    press(app, "Prepare the images")
    job = list_jobs(database)[0]
    end_job(database, job.id, state=JobState.DONE, outcome={"session_id": session.id})
    results = find_results(list_jobs(database)[0])
    assert results == ResultsLink(RATING_SESSIONS, {"study": classified.id, "session": session.id})
    mark_prepared(open_database(get_settings()), session.id)
    assert "Prepare the images" not in [one.label for one in open_page().button]


def test_more_classes_than_columns_have_one_number_a_set(workspace: Path, idle_jobs: None) -> None:
    from core.datasets.folder_roots import FolderRef
    from core.datasets.study_folders import StudyFolders, SyntheticFolder
    from core.db.studies import save_study
    from tests.images import write_images

    settings = get_settings()
    for seed, (name, n) in enumerate((("real", 18), ("gan", 12))):
        write_images(settings.home / "data" / name, n, seed=seed, classes=tuple("abcdef"))
    gan = SyntheticFolder(name="gan", folder=FolderRef(root="data", path="gan"))
    folders = StudyFolders(real=FolderRef(root="data", path="real"), synthetic=(gan,))
    save_study(open_database(settings), name="Six", folders=folders)
    app = open_page()
    assert (numbers(app)["Real (train)"], numbers(app)["gan"]) == (18, 12)
    set_number(app, "gan", 9)
    app.run()
    press(app, "Make the session")
    (session,) = list_rating_sessions(open_database(settings))
    design = SessionDesign.model_validate(session.design)
    fakes = [one.n for one in design.counts if one.synthetic == "gan"]
    assert sorted(fakes) == [1, 1, 1, 2, 2, 2]
    open_database(settings).close()


def test_researchers_see_images_as_raters_do_by_signed_addresses(
    classified: StudyRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    session: RatingSessionRecord = keep_session(classified)
    monkeypatch.setattr(image_addresses.st, "context", type("Context", (), {"cookies": {}}))
    client = TestClient(Starlette(routes=[IMAGE_ROUTE]))
    address = address_stimulus(session.id, 0)
    answer = client.get(address)
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"] == "no-store"
    import io

    assert Image.open(io.BytesIO(answer.content)).size == (64, 64)
    assert client.get(address.replace(f"{session.id}/0", f"{session.id}/1")).status_code == 403
    assert client.get(address_stimulus(session.id, 999)).status_code == 404
    assert client.get(address_stimulus("nosession", 0)).status_code == 404
    assert json.dumps(address).isascii() and "gan" not in address
