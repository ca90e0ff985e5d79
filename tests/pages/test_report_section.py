"""Reports on the Quality page: asked for, followed, and offered when they are there."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.config import get_settings
from core.db.database import Database, open_database
from core.db.job_record import JobState
from core.db.jobs import add_job, begin_job, end_job, list_jobs
from core.db.studies import StudyRecord
from core.jobs.job_folder import export_folder
from core.jobs.report_job import ReportPayload
from core.report.content import ReportContent
from tests.pages.frame import run_frame

PAGE = "audit/quality.py"


def keep_job(
    database: Database,
    study: StudyRecord,
    audit_id: str,
    *,
    state: JobState,
    reason: str = "",
    write: bool = True,
) -> str:
    """An ended job of a de-identified report."""
    payload = ReportPayload(audit_id=audit_id, content=ReportContent.DEIDENTIFIED).model_dump(mode="json")
    job = add_job(database, kind="report", title="Report", payload=payload, study_id=study.id)
    begin_job(database, job.id, host="here", pid=1, pid_started=1.0)
    outcome = {"file": "report-de-identified.html"} if state is JobState.DONE else None
    end_job(database, job.id, state=state, exit_reason=reason, outcome=outcome)
    if write and state is JobState.DONE:
        folder = export_folder(get_settings(), job.id)
        folder.mkdir(parents=True)
        (folder / "report-de-identified.html").write_text("<p>")
    return job.id


def downloads(app: AppTest) -> list[str]:
    return [one.proto.label for one in app.get("download_button")]


def test_a_report_is_asked_for_as_it_was_chosen(study: StudyRecord, audit_id: str, idle_jobs: None) -> None:
    app = run_frame(PAGE)
    assert not app.exception
    next(one for one in app.button_group if one.key == "report_content").set_value(ReportContent.DEIDENTIFIED)
    next(one for one in app.button_group if one.key == "report_format").set_value("pdf")
    app.button(key="make_report").click().run()
    assert not app.exception
    (job,) = list_jobs(open_database(get_settings()), kind="report")
    assert job.payload == {"audit_id": audit_id, "content": "de-identified", "format": "pdf"}
    assert job.study_id == study.id


def test_what_is_there_is_offered_and_what_is_gone_is_not(study: StudyRecord, audit_id: str) -> None:
    database = open_database(get_settings())
    assert not [label for label in downloads(run_frame(PAGE)) if label.startswith("De-identified")]
    keep_job(database, study, audit_id, state=JobState.DONE, write=False)
    assert "De-identified, HTML" not in downloads(run_frame(PAGE))
    keep_job(database, study, audit_id, state=JobState.DONE)
    keep_job(database, study, audit_id, state=JobState.DONE)
    assert downloads(run_frame(PAGE)).count("De-identified, HTML") == 1


def test_reports_of_another_audit_stay_there(study: StudyRecord, audit_id: str) -> None:
    keep_job(open_database(get_settings()), study, "0123456789abcdef", state=JobState.DONE)
    assert "De-identified, HTML" not in downloads(run_frame(PAGE))


@pytest.mark.parametrize("then_done", [False, True])
def test_a_failure_says_why_until_it_was_made(
    study: StudyRecord, audit_id: str, then_done: bool, workspace: Path
) -> None:
    database = open_database(get_settings())
    keep_job(database, study, audit_id, state=JobState.FAILED, reason="No browser was found.")
    if then_done:
        keep_job(database, study, audit_id, state=JobState.DONE)
    app = run_frame(PAGE)
    assert not app.exception
    assert [error.value for error in app.error] == (
        [] if then_done else ["De-identified, HTML: No browser was found."]
    )
