"""Jobs: the list, one job's details, and what can be done with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.config import get_settings
from core.db.database import open_database
from core.db.job_record import JobState
from core.db.jobs import add_job, begin_job, end_job, list_jobs, load_job
from core.db.studies import StudyRecord
from core.jobs.job_folder import log_path
from core.jobs.queue import submit_job
from pages._shared.links import BIAS, CROP, QUALITY, UTILITY
from pages._shared.results_links import ResultsLink, find_results
from tests.pages.frame import FRAME, run_frame
from tests.pages.tables import read_tables


def open_job(job_id: str) -> AppTest:
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    app.switch_page(str(FRAME.parents[1] / "system" / "jobs.py"))
    app.query_params["job"] = job_id
    return app.run()


def submit(title: str = "Demo") -> str:
    settings = get_settings()
    return submit_job(open_database(settings), settings, kind="demo", payload={}, title=title).id


def test_the_list_says_where_each_stands(workspace: Path, idle_jobs: None) -> None:
    ended, running, waiting = submit("first"), submit("second"), submit("third")
    database = open_database(get_settings())
    end_job(database, ended, state=JobState.FAILED, exit_reason="The folder is gone; put it back.")
    table = read_tables(run_frame("system/jobs.py"))["jobs"]
    assert table.texts("title") == ["third", "second", "first"]
    assert table.texts("state") == ["Waiting", "Starting", "Failed"]
    assert table.texts("about")[2] == "The folder is gone; put it back."
    assert (load_job(database, running).state, load_job(database, waiting).state) == ("starting", "queued")


def test_details_show_the_log_and_cancel(workspace: Path, idle_jobs: None) -> None:
    job_id = submit()
    database = open_database(get_settings())
    begin_job(database, job_id, host="here", pid=1, pid_started=1.0)
    path = log_path(get_settings(), job_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("Reading real: 14 images\n")
    app = open_job(job_id)
    assert not app.exception
    assert "Reading real: 14 images" in app.code[0].value
    next(one for one in app.button if one.label == "Cancel").click().run()
    assert load_job(database, job_id).cancel_requested_at is not None
    assert "Stopping" in [one.label for one in app.button]


def test_an_ended_job_can_be_run_again(workspace: Path, idle_jobs: None) -> None:
    job_id = submit()
    database = open_database(get_settings())
    end_job(database, job_id, state=JobState.LOST, exit_reason="It did not finish.")
    app = open_job(job_id)
    assert "Cancel" not in [one.label for one in app.button]
    next(one for one in app.button if one.label == "Run again").click().run()
    newest = list_jobs(database)[0]
    assert newest.rerun_of == job_id
    assert app.query_params["job"] in (newest.id, [newest.id])


@pytest.mark.parametrize(
    ("kind", "outcome", "page"),
    [
        ("utility", {"experiment_id": "e1"}, UTILITY),
        ("crop", {"experiment_id": "e1"}, CROP),
        ("audit", {"audit_id": "e1"}, QUALITY),
        ("demo", {"audit_id": "e1", "study_id": "s2"}, QUALITY),
        ("check", {}, None),
    ],
)
def test_an_ended_job_leads_to_its_results(
    study: StudyRecord, kind: str, outcome: dict[str, str], page: Path | None
) -> None:
    database, study_id = open_database(get_settings()), None if kind == "demo" else study.id
    job = add_job(database, kind=kind, title="Job", payload={}, study_id=study_id)
    assert find_results(job) is None
    begin_job(database, job.id, host="here", pid=1, pid_started=1.0)
    end_job(database, job.id, state=JobState.DONE, outcome=outcome)
    results = find_results(load_job(database, job.id))
    if page is None:
        assert results is None
        return
    name = "experiment" if "experiment_id" in outcome else "audit"
    assert results == ResultsLink(page, {"study": study_id or "s2", name: "e1"})


def test_an_analysis_of_bias_leads_to_its_page(study: StudyRecord) -> None:
    database = open_database(get_settings())
    job = add_job(database, kind="bias", title="Job", payload={}, study_id=study.id)
    begin_job(database, job.id, host="here", pid=1, pid_started=1.0)
    end_job(database, job.id, state=JobState.DONE, outcome={"audit_id": "a1", "bias": "b1"})
    assert find_results(load_job(database, job.id)) == ResultsLink(
        BIAS, {"study": study.id, "audit": "a1", "bias": "b1"}
    )


def test_an_address_of_no_job_is_a_sentence(workspace: Path, idle_jobs: None) -> None:
    submit()
    app = open_job("../../etc/passwd")
    assert not app.exception
    assert "There is no job" in app.error[0].value
