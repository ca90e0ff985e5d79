"""Rating sessions: links, progress, and what can be done with a session."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.config import get_settings
from core.db.database import open_database
from core.db.job_record import JobState
from core.db.jobs import end_job, list_jobs
from core.db.raters import list_raters
from core.db.rating_record import RatingSessionRecord
from core.db.rating_sessions import load_rating_session, mark_prepared
from core.db.studies import StudyRecord
from core.rating.answer_import import import_answers
from core.rating.loaded_session import load_whole_session
from core.rating.rater_link import make_rater_path
from pages._shared import image_addresses
from pages._shared.image_addresses import address_stimulus
from pages._shared.image_route import IMAGE_ROUTE
from pages._shared.links import RATING_SESSIONS
from pages._shared.results_links import ResultsLink, find_results
from tests.pages.rating_page import open_page, press, texts
from tests.pages.tables import read_tables
from tests.ratings import answer_all, keep_session


def test_no_study_leads_to_the_overview(workspace: Path) -> None:
    app = open_page()
    assert "No study yet" in app.info[0].value and not app.exception


@pytest.mark.usefixtures("failing_database")
def test_a_failing_database_is_one_sentence() -> None:
    app = open_page()
    assert not app.exception and len(app.error) == 1


def test_an_imported_session_cannot_be_opened_again(classified: StudyRecord) -> None:
    database = open_database(get_settings())
    source = keep_session(classified)
    answer_all(source, {None: 0.2, "gan": 0.8, "ddpm": 0.4}, n_raters=1)
    assert "Open again" in [one.label for one in open_page(session=source.id).button]
    answers = load_whole_session(database, source.id).tabulate()
    imported = import_answers(database, get_settings(), study=classified, name="Clinic", answers=answers)
    app = open_page(session=imported.record.id)
    assert "Closed on" in texts(app) and not app.exception
    assert "Open again" not in [one.label for one in app.button]


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
    assert job.payload == {"session_id": session.id, "new": None}
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
