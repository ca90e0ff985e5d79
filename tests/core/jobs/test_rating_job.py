"""The job that makes a rating session and writes its images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.config import get_settings
from core.datasets.study_folders import StudyFolders
from core.db.database import Database
from core.db.job_record import JobRecord, JobState
from core.db.jobs import add_job, load_job
from core.db.raters import list_raters
from core.db.rating_sessions import (
    list_rating_sessions,
    load_rating_session,
    load_stimuli,
)
from core.db.studies import StudyRecord, save_study
from core.errors import CancelledError, InputError, MedSynError, UnknownNameError
from core.jobs import _submit, queue, runner, submission
from core.jobs.kinds import JOB_KINDS
from core.jobs.runner import run_job
from core.jobs.unmade_sessions import list_unmade_sessions
from core.progress import SilentProgress
from core.rating.design import SessionDesign, SetCount
from core.rating.session_folder import session_folder
from core.rating.stimuli import load_giveaways
from tests.core.rating.mixed_images import keep_mixed_session
from tests.experiments import keep_classified_study
from tests.ratings import COUNTS


def test_images_are_written_and_again_when_asked_again(database: Database) -> None:
    session = keep_mixed_session(database)
    for _ in range(2):
        job = add_job(database, kind="rating", title="Images", payload={"session_id": session.id})
        assert run_job(database, get_settings(), job.id) is JobState.DONE
        ended = load_job(database, job.id)
        assert ended.outcome == {
            "session_id": session.id,
            "giveaways": list(load_giveaways(get_settings(), session.id)),
        }
        assert ended.outcome["giveaways"]
    assert load_rating_session(database, session.id).prepared_at is not None


def test_a_failed_job_leaves_nothing_and_says_why(database: Database, workspace: Path) -> None:
    session = keep_mixed_session(database)
    (workspace / "data" / "gan" / "b.png").unlink()
    job = add_job(database, kind="rating", title="Images", payload={"session_id": session.id})
    assert run_job(database, get_settings(), job.id) is JobState.FAILED
    assert "The image 'b.png' of gan cannot be shown to raters" in load_job(database, job.id).exit_reason
    assert not session_folder(get_settings(), session.id).exists()
    assert load_rating_session(database, session.id).prepared_at is None


class StopsAt(SilentProgress):
    """Ends the work where a stage begins, as a cancelled or killed job does."""

    def __init__(self, stage: str) -> None:
        self._stage = stage

    def start(self, stage: str, total: int, unit: str = "images") -> None:
        if stage == self._stage:
            raise CancelledError


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs are queued and stay there."""
    for module in (queue, runner):
        monkeypatch.setattr(module, "tend_jobs", lambda *_, **__: None)


def ask(database: Database, study: StudyRecord, name: str = "Second", **design: Any) -> JobRecord:
    asked = SessionDesign.model_validate({"counts": COUNTS, "side_px": 64, "n_raters": 2} | design)
    return submission.submit_new_rating(database, get_settings(), study, name=name, design=asked)


def ask_again(database: Database, job: JobRecord) -> JobRecord:
    return add_job(database, kind="rating", title=job.title, payload=job.payload, study_id=job.study_id)


@pytest.mark.usefixtures("waiting")
def test_a_session_is_made_of_what_the_study_was_and_only_once(database: Database) -> None:
    study = keep_classified_study()
    job = ask(database, study, name=" Reading  room ", seed=9)
    assert (job.title, job.study_id) == ("Rating session Reading room", study.id)
    (unmade,) = list_unmade_sessions(database)
    assert (unmade.id, unmade.asked.name, unmade.job) == (job.payload["session_id"], "Reading room", job)
    fewer = study.folders.model_copy(update={"synthetic": study.folders.synthetic[:1]})
    save_study(database, name=study.name, folders=fewer, study_id=study.id)
    assert run_job(database, get_settings(), job.id) is JobState.DONE
    (session,) = list_rating_sessions(database)
    assert load_job(database, job.id).outcome == {
        "session_id": session.id,
        "giveaways": list(load_giveaways(get_settings(), session.id)),
    }
    assert (session.id, session.name) == (unmade.id, "Reading room")
    assert session.design == unmade.asked.design.model_dump(mode="json")
    assert StudyFolders.model_validate(session.folders) == study.folders
    assert session.prepared_at is not None and len(list_raters(database, session.id)) == 2
    assert list_unmade_sessions(database) == ()
    stimuli = load_stimuli(database, session.id)
    assert run_job(database, get_settings(), ask_again(database, job).id) is JobState.DONE
    assert list_rating_sessions(database) == (session,)
    assert load_stimuli(database, session.id) == stimuli and len(stimuli) == 32


@pytest.mark.usefixtures("waiting")
def test_what_was_cut_short_goes_on_where_it_was(database: Database) -> None:
    study = keep_classified_study()
    job = ask(database, study)
    kind = JOB_KINDS["rating"]
    with pytest.raises(CancelledError):
        kind.run(job, database=database, settings=get_settings(), progress=StopsAt("Reading ddpm"))
    assert list_rating_sessions(database) == ()
    with pytest.raises(CancelledError):
        kind.run(job, database=database, settings=get_settings(), progress=StopsAt("Reading the images"))
    (session,) = list_rating_sessions(database)
    assert session.prepared_at is None and list_unmade_sessions(database) == ()
    # The sets are not read again: what was drawn stays.
    outcome = kind.run(job, database=database, settings=get_settings(), progress=StopsAt("Reading ddpm"))
    assert outcome["session_id"] == session.id
    (prepared,) = list_rating_sessions(database)
    assert prepared.id == session.id and prepared.prepared_at is not None


@pytest.mark.usefixtures("waiting")
def test_a_name_is_asked_for_once(database: Database) -> None:
    study = keep_classified_study()
    first = ask(database, study)
    with pytest.raises(InputError, match="'Second' is being made"):
        ask(database, study, name="second")
    with pytest.raises(InputError, match="1 to 80"):
        ask(database, study, name=" ")
    elsewhere = keep_classified_study("Other")
    ask(database, elsewhere)
    run_job(database, get_settings(), first.id)
    with pytest.raises(InputError, match="'Second' already"):
        ask(database, study, name="SECOND")
    # Taken since it was asked for.
    late = dict(first.payload, session_id="0" * 16)
    job = add_job(database, kind="rating", title="Late", payload=late, study_id=study.id)
    assert run_job(database, get_settings(), job.id) is JobState.FAILED
    assert "'Second' already" in load_job(database, job.id).exit_reason
    assert [one.study_id for one in list_rating_sessions(database)] == [study.id]


@pytest.mark.usefixtures("waiting")
def test_a_design_that_cannot_be_drawn_ends_in_one_sentence(database: Database) -> None:
    study = keep_classified_study()
    many = SetCount(synthetic="gan", class_name="a", n=90)
    job = ask(database, study, counts=[COUNTS[0], many])
    assert run_job(database, get_settings(), job.id) is JobState.FAILED
    assert "90 are asked for; lower the counts" in load_job(database, job.id).exit_reason
    (unmade,) = list_unmade_sessions(database)
    assert unmade.job.state is JobState.FAILED and unmade.asked.design.counts == (COUNTS[0], many)
    # A name that came to nothing is free, and the newest of several tries counts.
    again = ask_again(database, job)
    assert [one.job for one in list_unmade_sessions(database)] == [again]
    run_job(database, get_settings(), again.id)
    assert ask(database, study).title == "Rating session Second"


def test_a_payload_that_does_not_fit_is_refused(database: Database) -> None:
    study, check = keep_classified_study(), JOB_KINDS["rating"].check
    design = {"counts": [one.model_dump() for one in COUNTS]}
    folders = study.folders.model_dump(mode="json")

    def wrong(session_id: str = "1" * 16, folders: object = folders, **given: object) -> dict[str, Any]:
        new = {"folders": folders, "name": "First", "design": design | given}
        return {"session_id": session_id, "new": new}

    check(wrong())
    with pytest.raises(InputError, match="side_px"):
        check(wrong(side_px=5))
    with pytest.raises(InputError, match="more trials can be repeated"):
        check(wrong(n_repeats=400))
    with pytest.raises(UnknownNameError, match="'vae'"):
        check(wrong(counts=[COUNTS[0].model_dump(), {"synthetic": "vae", "n": 1}]))
    with pytest.raises(MedSynError, match="no held-out set"):
        check(wrong(folders=study.folders.model_copy(update={"heldout": None}).model_dump(mode="json")))
    for name in ("../../../etc/x", "1" * 17, "1" * 16 + "\n", ""):
        with pytest.raises(InputError, match="session_id"):
            check(wrong(name))
    add_job(database, kind="rating", title="Older", payload=wrong(depth=3), study_id=study.id)
    assert list_unmade_sessions(database) == ()
    orphan = add_job(database, kind="rating", title="Orphan", payload=wrong())
    run_job(database, get_settings(), orphan.id)
    assert "needs its study" in load_job(database, orphan.id).exit_reason


def test_it_is_submitted_for_its_study(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    session = keep_mixed_session(database)
    asked: dict[str, object] = {}
    monkeypatch.setattr(_submit, "submit_job", lambda *_, **given: asked.update(given))
    submission.submit_rating(database, get_settings(), session)
    assert asked == {
        "kind": "rating",
        "payload": {"session_id": session.id, "new": None},
        "title": "Images of the rating session First",
        "study_id": session.study_id,
    }
    JOB_KINDS["rating"].check({"session_id": session.id})
    with pytest.raises(InputError, match="session_id"):
        JOB_KINDS["rating"].check({})
