"""The form of a rating session: what it begins with, what it asks for, and what its job makes of that."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.config import get_settings
from core.db.database import open_database
from core.db.job_record import JobRecord, JobState
from core.db.jobs import end_job, list_jobs, load_job
from core.db.rating_record import RatingSessionRecord
from core.db.rating_sessions import list_rating_sessions, load_rating_session
from core.db.studies import StudyRecord
from core.errors import TooFewImagesError
from core.jobs.kinds import JOB_KINDS
from core.jobs.rating_job import NewSession, RatingPayload
from core.progress import SilentProgress
from core.rating.design import RealSource, SessionDesign, Task, Timing
from tests.pages.rating_page import open_page, press, texts


def numbers(app: AppTest) -> dict[str, int]:
    return {one.label: one.value for one in app.number_input}


def set_number(app: AppTest, label: str, value: int) -> None:
    next(one for one in app.number_input if one.label == label).set_value(value)


def make(app: AppTest, job: JobRecord) -> RatingSessionRecord:
    """Do a job's work, end it, and let the page see that."""
    database = open_database(get_settings())
    outcome = JOB_KINDS["rating"].run(
        job, database=database, settings=get_settings(), progress=SilentProgress()
    )
    end_job(database, job.id, state=JobState.DONE, outcome=outcome)
    app.run()
    return load_rating_session(database, outcome["session_id"])


def find_asked() -> NewSession:
    """What the newest job was asked to make."""
    asked = RatingPayload.model_validate(list_jobs(open_database(get_settings()))[0].payload).new
    assert asked is not None
    return asked


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
    database = open_database(get_settings())
    (job,) = list_jobs(database)
    # Nothing was read yet: the job does that, and the page follows it, also when it is opened anew.
    assert not list_rating_sessions(database)
    assert dict(app.query_params) == {"study": classified.id, "session": job.payload["session_id"]}
    for view in (app, open_page(study=classified.id, session=job.payload["session_id"])):
        assert "is being made" in view.info[0].value and not view.exception and not view.warning
        assert "Cancel" in [one.label for one in view.button]
        chosen = next(one for one in view.selectbox if one.label == "Session")
        assert chosen.options == ["New session", "Reading room (being made)"]
    session = make(app, job)
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
    assert not app.exception and not app.error and not app.info
    assert "Open: 0 of 2 raters have finished" in texts(app)
    assert "Prepare the images" not in [one.label for one in app.button]
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
    design = find_asked().design
    assert design.task is Task.PAIR and design.n_real == design.n_synthetic == 20
    # Of the train set there are 8 of each class.
    crowded = open_page(session="new", task="pair", real="train")
    set_number(crowded, "gan, a", 6)
    crowded.run()
    assert "real images of a" in crowded.error[0].value and "has 8" in crowded.error[0].value
    assert "Make the session" not in [one.label for one in crowded.button]


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
    fakes = [one.n for one in find_asked().design.counts if one.synthetic == "gan"]
    assert sorted(fakes) == [1, 1, 1, 2, 2, 2]
    open_database(settings).close()


def test_what_cannot_be_made_is_one_sentence(classified: StudyRecord) -> None:
    app = open_page(sets=[""])
    assert "Choose at least one synthetic set" in app.info[0].value
    app = open_page()
    set_number(app, "Repeats", 90)
    app.run()
    assert "can be repeated" in app.error[0].value
    set_number(app, "Repeats", 0)
    for label in numbers(app):
        if "," in label:
            set_number(app, label, 0)
    app.run()
    assert "No image is shown" in app.error[0].value


def test_a_session_that_could_not_be_made_leads_back_to_the_form(classified: StudyRecord) -> None:
    app = open_page(sets=["ddpm"], real="train", timing="fixed")
    for label, value in {
        "Training trials": 30, "ddpm, b": 5, "ddpm, a": 0, "Raters": 2, "Repeats": 3, "Attention checks": 1, "Frames": 12,
        "Image side in pixels": 96, "Seed": 77,
    }.items():  # fmt: skip
        set_number(app, label, value)
    for box in app.checkbox:
        box.set_value(True)
    app.run()
    filled = numbers(app) | {"Images": 21}
    press(app, "Make the session")
    database = open_database(get_settings())
    (job,) = list_jobs(database)
    with pytest.raises(TooFewImagesError, match="for training") as failed:
        JOB_KINDS["rating"].run(job, database=database, settings=get_settings(), progress=SilentProgress())
    end_job(database, job.id, state=JobState.FAILED, exit_reason=str(failed.value))
    for view in (app.run(), open_page(session=job.payload["session_id"])):
        assert not view.exception and not view.warning
        assert view.error[0].value.replace("\\", "") == str(failed.value)
        assert not view.info and "Make the session" not in [one.label for one in view.button]
    form = press(app, "Back to the form")
    assert dict(form.query_params) == {
        "study": classified.id, "session": "new", "sets": "ddpm", "classes": ["a", "b"],
        "real": "train", "task": "single", "timing": "fixed", "like": job.payload["session_id"],
    }  # fmt: skip
    assert not form.exception and not form.warning and not form.error
    for view in (form, open_page(**form.query_params)):
        assert numbers(view) == filled and all(one.value for one in view.checkbox)
        assert not view.exception and not view.warning
    # It came to nothing, so that its name is free.
    assert next(one for one in form.text_input if one.label == "Name").value == "Session 1"
    assert "Session 1 (not made)" not in next(one for one in form.selectbox if one.label == "Session").options


def test_cancelling_and_a_name_that_is_being_made(classified: StudyRecord) -> None:
    app = press(open_page(), "Make the session")
    database = open_database(get_settings())
    (job,) = list_jobs(database)
    second = open_page(session="new")
    name = next(one for one in second.text_input if one.label == "Name")
    assert name.value == "Session 2"
    name.set_value("session 1").run()
    press(second, "Make the session")
    assert "'Session 1' is being made" in second.error[0].value.replace("\\", "")
    assert not second.exception and len(list_jobs(database)) == 1
    press(app, "Cancel")
    assert load_job(database, job.id).cancel_requested_at is not None
    end_job(database, job.id, state=JobState.CANCELLED, exit_reason="Cancelled; what was finished is kept.")
    app.run()
    assert not app.error and app.info[0].value.startswith("Cancelled") and not app.exception
    press(second, "Make the session")
    assert [one.payload["new"]["name"] for one in list_jobs(database)] == ["session 1", "Session 1"]
