"""Study setup: the draft in the address, what folders hold, saving, changing, removing."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.config import get_settings
from core.db.database import open_database
from core.db.jobs import list_jobs
from core.db.studies import StudyRecord, list_studies, load_study
from tests.pages.frame import FRAME, run_frame
from tests.studies import small_folders


def open_setup(**params: str | list[str]) -> AppTest:
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    app.switch_page(str(FRAME.parents[1] / "study" / "setup.py"))
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def press(app: AppTest, label: str) -> AppTest:
    return next(one for one in app.button if one.label == label).click().run()


def draft_of(workspace: Path, **other: str | list[str]) -> dict[str, str | list[str]]:
    small_folders(workspace / "data")
    return {"name": "Films", "real": "data:real", "synthetic": ["gan=data:gan"], **other}


def test_an_empty_draft_says_what_to_do(workspace: Path) -> None:
    app = run_frame("study/setup.py")
    assert not app.exception
    assert not app.error
    texts = [info.value for info in app.info]
    assert any("MEDSYN_DATA_ROOTS" in text for text in texts)
    assert any("Choose the real images" in text for text in texts)
    assert "Save study" not in [one.label for one in app.button]


def test_a_draft_shows_what_its_folders_hold(workspace: Path) -> None:
    app = open_setup(**draft_of(workspace))
    assert not app.exception
    assert not app.error
    assert "14 files." in [text.value for text in app.text]
    pictures = [one.proto.body for one in app.get("html") if "<img" in one.proto.body]
    assert len(pictures) == 2
    assert "data:image/png;base64," in pictures[0]


def test_saving_leads_to_the_audit(workspace: Path) -> None:
    app = press(open_setup(**draft_of(workspace)), "Save study")
    assert not app.exception
    saved = list_studies(open_database(get_settings()))
    assert [one.name for one in saved] == ["Films"]
    assert saved[0].folders == small_folders(workspace / "data")
    assert [title.value for title in app.title] == ["Run audit"]


@pytest.mark.parametrize(
    "place", ["data:../..", "data:/etc", "etc:passwd", "nonsense", "data:gone", "data:link"]
)
def test_an_address_cannot_name_a_folder_outside(workspace: Path, tmp_path: Path, place: str) -> None:
    draft = draft_of(workspace)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.png").write_bytes(b"secret")
    (workspace / "data" / "link").symlink_to(tmp_path / "outside")
    app = open_setup(**draft | {"real": place})
    assert not app.exception
    assert "secret" not in str([text.value for text in app.text])
    assert app.error or "Choose the real images" in app.info[-1].value


def test_a_name_that_is_taken_is_said_and_nothing_is_lost(study: StudyRecord, workspace: Path) -> None:
    app = press(open_setup(**draft_of(workspace)), "Save study")
    assert "called 'Films' already" in app.error[0].value
    assert app.text_input[0].value == "Films"


def test_a_study_is_changed_in_place(study: StudyRecord) -> None:
    app = open_setup(study=study.id)
    assert app.title[0].value == "Change study"
    app.text_input[0].set_value("Renamed").run()
    press(app, "Save study")
    assert load_study(open_database(get_settings()), study.id).name == "Renamed"


def test_a_study_is_removed_and_kept(study: StudyRecord) -> None:
    app = press(open_setup(study=study.id), "Remove study")
    assert not app.exception
    assert load_study(open_database(get_settings()), study.id).removed_at is not None
    assert app.title[0].value == "Overview"


def test_sets_can_be_renamed_and_left_out(workspace: Path) -> None:
    draft = draft_of(workspace)
    app = open_setup(**draft | {"synthetic": ["gan=data:gan", "other=data:real"]})
    app.text_input[1].set_value("DCGAN").run()
    assert [one.value for one in app.text_input[1:]] == ["DCGAN", "other"]
    app.text_input[1].set_value("other").run()
    assert not app.exception
    assert any("called 'other'" in info.value or "Two synthetic sets" in info.value for info in app.info)


def test_the_check_is_queued_once(workspace: Path, idle_jobs: None) -> None:
    app = press(open_setup(**draft_of(workspace)), "Check every file")
    assert not app.exception
    assert [job.kind for job in list_jobs(open_database(get_settings()))] == ["check"]
    assert "Check every file" not in [one.label for one in app.button]


def test_the_checks_findings_are_shown(workspace: Path) -> None:
    from core.db.job_record import JobState
    from core.db.jobs import add_job, begin_job, end_job
    from core.jobs.check_job import CheckPayload
    from core.jobs.kinds import JOB_KINDS
    from core.progress import SilentProgress
    from tests.pages.tables import read_tables

    draft = draft_of(workspace)
    (workspace / "data" / "real" / "broken.png").write_bytes(b"\x89PNG broken")
    database = open_database(get_settings())
    payload = CheckPayload(folders=small_folders(workspace / "data")).model_dump(mode="json")
    job = add_job(database, kind="check", title="Check", payload=payload)
    begin_job(database, job.id, host="here", pid=1, pid_started=1.0)
    outcome = JOB_KINDS["check"].run(
        job, database=database, settings=get_settings(), progress=SilentProgress()
    )
    end_job(database, job.id, state=JobState.DONE, outcome=outcome)
    tables = read_tables(open_setup(**draft))
    assert tables["checked_sets"].texts("n") == ["14", "12"]
    assert tables["checked_files"].texts("file") == ["broken.png"]
