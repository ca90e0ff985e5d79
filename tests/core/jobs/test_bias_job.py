"""A job that adds an analysis of bias to a finished audit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.audit.reopen import reopen_audit
from core.bias.archive import list_bias, load_bias
from core.cli import main
from core.config import get_settings
from core.db.database import Database, open_database
from core.db.job_record import JobRecord, JobState
from core.db.jobs import add_job, load_job
from core.db.studies import StudyRecord
from core.errors import InputError
from core.jobs import queue
from core.jobs.bias_job import BiasJob, BiasPayload
from core.jobs.job_folder import audit_folder
from core.jobs.runner import run_job
from core.jobs.submission import submit_bias
from tests.images import write_png
from tests.marked import QUICK, keep_marked_study
from tests.pages.conftest import IdleBackend
from tests.studies import keep_audit


@pytest.fixture
def study(workspace: Path) -> Iterator[StudyRecord]:
    yield keep_marked_study()
    open_database(get_settings()).close()


@pytest.fixture
def database(study: StudyRecord) -> Database:
    return open_database(get_settings())


def make(database: Database, audit_id: str) -> JobRecord:
    payload = BiasPayload(audit_id=audit_id, choices=QUICK).model_dump(mode="json")
    job = add_job(database, kind="bias", title="Bias", payload=payload)
    run_job(database, get_settings(), job.id)
    return load_job(database, job.id)


def test_the_analysis_joins_the_audit(
    database: Database, study: StudyRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    audit_id = keep_audit(study)
    folder = audit_folder(get_settings(), audit_id)
    assert reopen_audit(folder).bias is None
    job = make(database, audit_id)
    assert (job.state, job.exit_reason) == (JobState.DONE, "")
    assert job.outcome == {"audit_id": audit_id, "bias": QUICK.key}
    assert list_bias(folder) == (QUICK.key,)
    summary = load_bias(folder / "bias" / QUICK.key)
    assert [one.name for one in summary.sets] == ["real", "gan"]
    assert summary.suspects[0].left == 0
    assert reopen_audit(folder).bias is not None
    # Finished work is kept, also when its images are gone.
    written = (folder / "bias" / QUICK.key / "bias.json").stat().st_mtime_ns
    write_png(get_settings().home / "data" / "gan" / "sick" / "more.png", np.zeros((8, 8), np.uint8))
    assert make(database, audit_id).state is JobState.DONE
    assert (folder / "bias" / QUICK.key / "bias.json").stat().st_mtime_ns == written
    # What is not there yet needs the images that the audit saw.
    with pytest.raises(SystemExit) as ended:
        main(["bias", "audit", audit_id, "--frame", "32", "--patch", "8", "--permutations", "19"])
    assert ended.value.code == 2
    assert "The images or classes of gan are not those that the audit saw" in capsys.readouterr().err
    (get_settings().home / "data" / "gan" / "sick" / "more.png").unlink()
    with pytest.raises(SystemExit) as ended:
        main(["bias", "audit", audit_id, "--frame", "32", "--patch", "8", "--permutations", "19"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.strip() == str(folder / "bias" / list_bias(folder)[0])
    assert len(list_bias(folder)) == 2


def test_an_audit_that_is_not_there_is_said(database: Database) -> None:
    job = make(database, "nothing")
    assert (job.state, job.exit_reason) == (
        JobState.FAILED, "There is no audit 'nothing'; open one from the overview.",
    )  # fmt: skip


def test_what_is_asked_is_what_is_queued(
    database: Database, study: StudyRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "LocalBackend", IdleBackend)
    job = submit_bias(database, get_settings(), audit_id="a1", study_id=study.id, choices=QUICK)
    assert (job.kind, job.study_id) == ("bias", study.id)
    assert BiasPayload.model_validate(job.payload) == BiasPayload(audit_id="a1", choices=QUICK)


def test_a_payload_that_asks_for_no_analysis_is_refused() -> None:
    with pytest.raises(InputError, match="audit_id"):
        BiasJob().check({})
    with pytest.raises(InputError, match="choose at most the patch's 16"):
        BiasJob().check({"audit_id": "a", "choices": {"stride_px": 32}})
