"""Jobs as real processes: the same numbers as in this one, cancel, kill -9, and running again."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.audit.archive import load_audit_summary, load_summary
from core.audit.protocol import Protocol
from core.audit.run import run_audit
from core.config import get_settings
from core.db.audits import list_audits
from core.db.database import Database
from core.db.job_record import JobRecord, JobState
from core.db.studies import StudyRecord
from core.jobs.job_folder import audit_folder, log_path, read_log_tail
from core.jobs.queue import cancel_job, rerun_job, submit_job
from tests.studies import small_folders

PROTOCOL = Protocol(extractors=("texture", "pixels"))


def submit(database: Database, study: StudyRecord, *, protocol: Protocol = PROTOCOL) -> JobRecord:
    payload = {
        "folders": study.folders.model_dump(mode="json"),
        "protocol": protocol.model_dump(mode="json"),
    }
    return submit_job(
        database, get_settings(), kind="audit", payload=payload, title="Audit of Films", study_id=study.id
    )


def is_working(job: JobRecord) -> bool:
    assert not job.state.has_ended, job
    return job.state is JobState.RUNNING and job.steps_done > 0


def check_store(home: Path) -> None:
    """Every shard of the feature store is whole."""
    shards = list((home / "features").rglob("*.npz"))
    for path in shards:
        with np.load(path, allow_pickle=False) as shard:
            for name in shard.files:
                assert len(shard[name])


def test_an_audit_of_a_job_has_the_numbers_of_one_in_this_process(
    database: Database, study: StudyRecord, wait_for: Callable[..., JobRecord]
) -> None:
    job = wait_for(submit(database, study).id)
    assert (job.state, job.exit_reason, job.outcome) == (JobState.DONE, "", {"audit_id": job.id})
    _, kept = load_audit_summary(database, job.id)
    here = run_audit(study.folders.resolve(get_settings()), PROTOCOL).summary
    assert kept.results == here.results
    assert kept.sets == here.sets
    assert kept.protocol == here.protocol
    on_disk = load_summary(audit_folder(get_settings(), job.id))
    assert on_disk == kept
    assert "Reading real: 14 images" in read_log_tail(get_settings(), job.id)
    check_store(get_settings().home)


@pytest.mark.slow
def test_cancel_and_run_again(
    database: Database, workspace: Path, study: StudyRecord, wait_for: Callable[..., JobRecord]
) -> None:
    small_folders(workspace / "data", n=120)
    job = submit(database, study)
    wait_for(job.id, is_working)
    cancel_job(database, get_settings(), job.id)
    ended = wait_for(job.id)
    assert (ended.state, ended.exit_reason) == (JobState.CANCELLED, "Cancelled; what was finished is kept.")
    assert list_audits(database) == ()
    again = wait_for(rerun_job(database, get_settings(), job.id).id)
    assert again.state is JobState.DONE


@pytest.mark.slow
def test_a_killed_job_is_shown_as_it_is_and_can_be_run_again(
    database: Database, workspace: Path, study: StudyRecord, wait_for: Callable[..., JobRecord]
) -> None:
    small_folders(workspace / "data", n=120)
    job = wait_for(submit(database, study).id, is_working)
    assert job.pid is not None
    os.kill(job.pid, signal.SIGKILL)
    ended = wait_for(job.id)
    assert ended.state is JobState.LOST
    assert "SIGKILL" in ended.exit_reason
    assert list_audits(database) == ()
    check_store(workspace)
    again = wait_for(rerun_job(database, get_settings(), job.id).id)
    assert again.state is JobState.DONE
    assert [one.id for one in list_audits(database)] == [again.id]


def test_a_job_that_cannot_work_says_why(
    database: Database, workspace: Path, study: StudyRecord, wait_for: Callable[..., JobRecord]
) -> None:
    (workspace / "data" / "gan").rename(workspace / "data" / "gone")
    job = wait_for(submit(database, study).id)
    assert job.state is JobState.FAILED
    assert "gan" in job.exit_reason
    assert "Traceback" not in read_log_tail(get_settings(), job.id)


def test_links_out_of_the_root_are_not_read(
    database: Database,
    workspace: Path,
    tmp_path: Path,
    study: StudyRecord,
    wait_for: Callable[..., JobRecord],
) -> None:
    small_folders(tmp_path / "elsewhere")
    (workspace / "data" / "real" / "link.png").symlink_to(
        next((tmp_path / "elsewhere" / "real").rglob("*.png"))
    )
    job = wait_for(submit(database, study).id)
    _, summary = load_audit_summary(database, job.id)
    assert summary.sets[0].n == 14
    assert [one.file for one in summary.sets[0].unreadable] == ["link.png"]


def test_a_second_job_waits_for_the_first(
    database: Database, study: StudyRecord, wait_for: Callable[..., JobRecord]
) -> None:
    first, second = submit(database, study), submit(database, study)
    assert second.state is JobState.QUEUED
    # The first job's process starts the second when it ends, without anybody looking.
    second = wait_for(second.id)
    first = wait_for(first.id)
    assert first.ended_at is not None
    assert second.started_at is not None
    assert first.ended_at <= second.started_at


def test_ids_cannot_become_paths(workspace: Path) -> None:
    from core.errors import UnknownNameError

    for job_id in ("../x", "", "a/b", "a.b"):
        with pytest.raises(UnknownNameError):
            log_path(get_settings(), job_id)
