"""Overview: empty, loaded, and what its buttons do."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.config import get_settings
from core.crop_experiment.findings import SetAnswer
from core.crop_experiment.result import CropSummary
from core.db.database import open_database
from core.db.experiments import add_experiment
from core.db.jobs import list_jobs
from core.db.studies import StudyRecord, list_studies, remove_study
from pages._shared import overview_tables
from tests.experiments import keep_classified_study, keep_experiment
from tests.pages.frame import FRAME, run_frame
from tests.pages.tables import read_components, read_tables


def test_an_empty_workspace_leads_on(workspace: Path) -> None:
    app = run_frame()
    assert not app.exception
    assert not app.error
    assert "Run the demo" in [button.label for button in app.button]
    assert "Set up a study" in [button.label for button in app.button]
    assert read_tables(app) == {}


def test_the_demo_button_queues_one_demo(workspace: Path, idle_jobs: None) -> None:
    app = run_frame()
    next(button for button in app.button if button.label == "Run the demo").click().run()
    assert not app.exception
    jobs = list_jobs(open_database(get_settings()))
    assert [job.kind for job in jobs] == ["demo"]
    labels = [button.label for button in app.button]
    assert "Run the demo" not in labels
    assert "Cancel" in labels


def test_studies_and_audits_are_listed(study: StudyRecord, audit_id: str) -> None:
    app = run_frame()
    assert not app.exception
    tables = read_tables(app)
    assert tables["studies"].texts("name") == ["Films"]
    assert tables["studies"].texts("sets") == ["1"]
    assert tables["studies"].rows[0]["audit"]["value"].endswith("+00:00")
    assert tables["audits"].texts("study") == ["Films"]
    assert tables["audits"].rows[0]["open"]["action"] == f"{study.id} {audit_id}"


def test_experiments_are_listed_with_what_they_found(workspace: Path) -> None:
    database = open_database(get_settings())
    study = keep_classified_study()
    found = keep_experiment(study)
    add_experiment(database, experiment_id="e2", study_id=study.id, kind="crop", summary={}, results=[])
    table = read_tables(run_frame())["experiments"]
    assert table.texts("kind") == ["Crop experiment", "Augmentation utility"]
    assert table.texts("study") == ["Classified", "Classified"]
    # One of another version says so, and hides no other.
    assert "run the experiment again" in table.texts("found")[0]
    assert table.texts("found")[1].startswith("Against real images alone, none of the 2 changes")
    assert [row["open"]["action"] for row in table.rows] == [
        f"crop {study.id} e2",
        f"augmentation {study.id} {found}",
    ]
    remove_study(database, study.id)
    assert "experiments" not in read_tables(run_frame())
    database.close()


def test_a_crop_experiment_names_the_sets_that_lived_on_what_was_cropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = (
        SetAnswer(None, "fell", ""),
        SetAnswer("gan", "fell", ""),
        SetAnswer("vae", "none", ""),
        SetAnswer("ddpm", "fell", ""),
    )
    monkeypatch.setattr(overview_tables, "answer_sets", lambda _summary: answers)
    summary = CropSummary.model_construct(region=(0.0, 0.0, 0.25, 0.2), margin=0.0, mode="blank")
    assert overview_tables._describe_crop(summary) == (
        "In every image, the region x 0.00 to 0.25, y 0.00 to 0.20 was painted black. "
        "Worth less without it: gan, ddpm. No loss shown: vae."
    )


def test_a_study_without_an_audit_has_no_results_to_open(study: StudyRecord) -> None:
    tables = read_tables(run_frame())
    assert tables["studies"].rows[0]["results"] is None
    assert "audits" not in tables


def test_a_removed_study_can_be_restored(study: StudyRecord) -> None:
    database = open_database(get_settings())
    remove_study(database, study.id)
    app = run_frame()
    assert "studies" not in read_tables(app)
    next(button for button in app.button if button.label == "Restore").click().run()
    assert not app.exception
    assert [one.id for one in list_studies(database)] == [study.id]
    assert read_tables(app)["studies"].texts("name") == ["Films"]


def test_names_are_text_not_markup(study: StudyRecord, idle_jobs: None) -> None:
    from core.jobs.queue import submit_job

    title = "<b>**x**</b> [a](http://b)"
    job = submit_job(open_database(get_settings()), get_settings(), kind="demo", payload={}, title=title)
    # The component takes it as text; Streamlit's own bar, which the jobs' page has, as Markdown.
    (shown,) = (one for one in read_components(run_frame()) if one.get("shown") == job.id)
    assert [one["title"] for one in shown["jobs"]] == [title]
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    app.switch_page(str(FRAME.parents[1] / "system" / "jobs.py"))
    app.query_params["job"] = job.id
    app.run()
    text = next(element.proto.text for element in app.get("progress"))
    assert r"\<b\>\*\*x\*\*" in text


def test_a_failing_database_is_a_sentence(failing_database: None) -> None:
    app = run_frame()
    assert not app.exception
    assert "does not answer" in app.error[0].value
    assert "secret" not in app.error[0].value


@pytest.mark.parametrize("page", ["study/setup.py", "audit/launch.py", "audit/quality.py", "system/jobs.py"])
def test_every_page_shows_a_failing_database_as_a_sentence(failing_database: None, page: str) -> None:
    app = run_frame(page)
    assert not app.exception
    assert "does not answer" in app.error[0].value


@pytest.mark.parametrize("page", ["audit/launch.py", "audit/quality.py", "system/jobs.py"])
def test_every_page_leads_on_from_an_empty_workspace(workspace: Path, page: str) -> None:
    app = run_frame(page)
    assert not app.exception
    assert not app.error
    assert app.info
    assert "To the overview" in [link.label for link in app.get("page_link")]
