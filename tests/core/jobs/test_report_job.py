"""Reports on demand: what is written, with which reviews, and what stands in the way."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.audit.items import load_items
from core.audit.pairs import load_pairs
from core.config import get_settings
from core.db.audits import load_audit
from core.db.database import Database, open_database
from core.db.job_record import JobRecord, JobState
from core.db.jobs import add_job, load_job
from core.db.review_record import NewVerdict, Verdict
from core.db.reviews import create_review, load_review_pairs, lock_review
from core.db.studies import load_study
from core.db.verdicts import add_verdicts
from core.errors import InputError
from core.jobs import queue
from core.jobs.job_folder import audit_folder
from core.jobs.report_job import ReportFormat, ReportJob, ReportPayload, find_report
from core.jobs.runner import run_job
from core.jobs.submission import submit_report
from core.rating.design import RealSource, SessionDesign, SetCount
from core.report.content import ReportContent
from core.review.plan import ReviewPlan
from core.review.queue import plan_review
from tests.core.rating.demo_films import answer_session, keep_session
from tests.pages.conftest import IdleBackend
from tests.studies import keep_audit, keep_study


@pytest.fixture
def audit_id(workspace: Path) -> Iterator[str]:
    yield keep_audit(keep_study("Films of Zubrowka"))
    open_database(get_settings()).close()


@pytest.fixture
def database(audit_id: str) -> Database:
    return open_database(get_settings())


def make(
    database: Database, audit_id: str, content: ReportContent, format: ReportFormat = "html"
) -> JobRecord:
    payload = ReportPayload(audit_id=audit_id, content=content, format=format).model_dump(mode="json")
    job = add_job(database, kind="report", title="Report", payload=payload)
    run_job(database, get_settings(), job.id)
    return load_job(database, job.id)


def read(job: JobRecord) -> str:
    assert (job.state, job.exit_reason) == (JobState.DONE, "")
    path = find_report(get_settings(), job)
    assert path is not None
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    return path.read_text(encoding="utf-8")


def keep_review(database: Database, audit_id: str, name: str, *, lock: bool) -> None:
    folder = audit_folder(get_settings(), audit_id)
    plan = ReviewPlan(n_strongest=4)
    pairs = plan_review(load_pairs(folder), load_items(folder), plan)
    review = create_review(
        database,
        audit_id=audit_id,
        name=name,
        created_by="Ada",
        plan=plan.model_dump(mode="json"),
        pairs=pairs,
    )
    said = [
        NewVerdict(number=pair.number, verdict=Verdict.NOT_A_COPY, token=f"{name}{pair.number}")
        for pair in load_review_pairs(database, review.id)
    ]
    add_verdicts(database, review.id, "Dr. Ada Weiss", said)
    if lock:
        lock_review(database, review.id, "Dr. Ada Weiss")


def test_each_report_shows_what_was_asked_for(
    database: Database, audit_id: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    texts = {content: read(make(database, audit_id, content)) for content in ReportContent}
    assert {content: "<img " in text for content, text in texts.items()} == {
        ReportContent.IMAGES: True,
        ReportContent.NO_IMAGES: False,
        ReportContent.DEIDENTIFIED: False,
    }
    assert {content: "Films of Zubrowka" in text for content, text in texts.items()} == {
        ReportContent.IMAGES: True,
        ReportContent.NO_IMAGES: True,
        ReportContent.DEIDENTIFIED: False,
    }
    assert "0003.png" in texts[ReportContent.NO_IMAGES]
    assert ".png" not in texts[ReportContent.DEIDENTIFIED].partition('id="figure-data"')[0]
    # Images are confined to the folder roots, as they are when the job runs.
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv("MEDSYN_DATA_ROOTS", f"else={tmp_path / 'elsewhere'}")
    get_settings.cache_clear()
    text = read(make(database, audit_id, ReportContent.IMAGES))
    assert "it lies outside its folder root" in text
    assert "Real training image nearest to it" not in text


def test_only_locked_reviews_stand_in_it(database: Database, audit_id: str) -> None:
    keep_review(database, audit_id, "finished reading", lock=True)
    keep_review(database, audit_id, "reading in progress", lock=False)
    text = read(make(database, audit_id, ReportContent.NO_IMAGES))
    assert "finished reading" in text
    assert "Dr. Ada Weiss" in text
    assert "reading in progress" not in text
    hidden = read(make(database, audit_id, ReportContent.DEIDENTIFIED))
    assert "Review by readers" in hidden
    assert "Weiss" not in hidden


def test_rated_sets_stand_in_it_and_sessions_by_name_only_inside_the_house(
    database: Database, audit_id: str
) -> None:
    study = load_study(database, load_audit(database, audit_id).record.study_id)
    counts = tuple(SetCount(synthetic=name, n=4) for name in (None, "gan"))
    design = SessionDesign(counts=counts, real_source=RealSource.TRAIN, n_raters=1)
    session = keep_session(database, get_settings(), study, design, "Reading by Dr. Weiss")
    assert "Fake identification rate" not in read(make(database, audit_id, ReportContent.NO_IMAGES))
    answer_session(database, session.id, lambda rater, image: image.is_fake)
    text = read(make(database, audit_id, ReportContent.NO_IMAGES))
    assert "Fake identification rate (FIR)" in text
    assert "The rating session Reading by Dr. Weiss: 4 answers of 1 rater to 4 images" in text
    hidden = read(make(database, audit_id, ReportContent.DEIDENTIFIED))
    assert "A rating session: 4 answers of 1 rater to 4 images" in hidden and "Weiss" not in hidden


def test_without_a_browser_a_pdf_fails_with_one_sentence(
    database: Database, audit_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    job = make(database, audit_id, ReportContent.DEIDENTIFIED, "pdf")
    assert job.state is JobState.FAILED
    assert "MEDSYN_CHROMIUM" in job.exit_reason
    assert find_report(get_settings(), job) is None
    monkeypatch.setattr(queue, "LocalBackend", IdleBackend)
    audit = load_audit(database, audit_id).record
    again = submit_report(database, get_settings(), audit, content=ReportContent.DEIDENTIFIED, format="pdf")
    assert again.title == "Report of Films of Zubrowka (de-identified, PDF)"
    assert (again.study_id, again.payload) == (audit.study_id, job.payload)


def test_what_is_asked_is_checked_before_it_waits() -> None:
    with pytest.raises(InputError):
        ReportJob().check({"audit_id": "1", "content": "everything"})
    with pytest.raises(InputError):
        ReportJob().check({"content": "images"})
