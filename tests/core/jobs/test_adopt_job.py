"""Jobs around a generator's files: taking a run over, measuring it, and its codes as an extractor of an audit."""

from __future__ import annotations

import json
from pathlib import Path

import core.torch_setup  # noqa: F401

# isort: split
import pandas as pd
import pytest

from core.audit.protocol import Protocol
from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.db.database import Database, open_database
from core.db.generator_runs import (
    create_generator_run,
    list_generator_runs,
    load_generator_run,
    remove_generator_run,
)
from core.db.job_record import JobState
from core.db.jobs import add_job, list_jobs, load_job
from core.db.studies import StudyRecord
from core.errors import InputError
from core.features.base import ExtractorOptions
from core.features.registry import load_extractor
from core.generators.efficiency_record import load_efficiency
from core.generators.run_folder import RunFolder
from core.generators.training import train_generator
from core.jobs import queue, runner
from core.jobs.audit_job import AuditPayload
from core.jobs.generator_submission import submit_adopt, submit_measure, submit_train
from core.jobs.job_folder import audit_folder, generator_folder
from core.jobs.kinds import JOB_KINDS
from core.jobs.runner import run_job
from tests.core.generators.runs import CPU, DCGAN, TINY, make_images
from tests.core.generators.vqvae2.tiny import FAMILY as VQVAE2
from tests.core.generators.vqvae2.tiny import TINY as TINY_VQVAE2
from tests.studies import keep_study

OPTIONS = TINY.model_copy(update={"n_images": 16})


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs are queued and no process is started."""
    for module in (queue, runner):
        monkeypatch.setattr(module, "tend_jobs", lambda *_, **__: None)


def train_below_root(study: StudyRecord) -> FolderRef:
    """A run below the folder root that holds the study's images."""
    folder = FolderRef(root="data", path="cluster/run")
    run = RunFolder(get_settings().home / "data" / folder.path)
    train_generator(DCGAN, OPTIONS, images=make_images(8), run=run, device=CPU)
    return folder


@pytest.mark.usefixtures("idle")
def test_a_run_becomes_a_generator_of_the_study(database: Database, study: StudyRecord) -> None:
    settings = get_settings()
    folder = train_below_root(study)
    job = submit_adopt(database, settings, study, folder=folder, name=" From  the cluster ")
    assert run_job(database, settings, job.id) is JobState.DONE
    ended = load_job(database, job.id)
    assert ended.outcome is not None
    record = load_generator_run(database, ended.outcome["run_id"])
    assert (record.name, record.family, record.preset) == ("From the cluster", "dcgan", "")
    assert record.options == OPTIONS.model_dump(mode="json")
    assert (record.study_id, record.real, record.labels) == (study.id, study.folders.real, None)
    run = RunFolder(generator_folder(settings, record.id))

    # Another one cannot have its name; the same job again changes nothing, removed or not.
    with pytest.raises(InputError, match="already"):
        submit_adopt(database, settings, study, folder=folder, name="from the CLUSTER")
    remove_generator_run(database, record.id)
    again = add_job(database, kind="adopt", title="Again", payload=job.payload, study_id=study.id)
    assert run_job(database, settings, again.id) is JobState.DONE
    assert not list_generator_runs(database)

    # It was never measured, and now is.
    assert load_efficiency(run) is None
    measured = submit_measure(database, settings, record)
    assert run_job(database, settings, measured.id) is JobState.DONE
    cost = load_efficiency(run)
    assert cost is not None and cost.family == "dcgan" and cost.peak_memory_bytes > 0
    submit_train(database, settings, record)
    with pytest.raises(InputError, match="is being trained"):
        submit_measure(database, settings, record)


@pytest.mark.usefixtures("idle")
def test_what_is_no_run_becomes_none(database: Database, study: StudyRecord) -> None:
    settings = get_settings()
    job = submit_adopt(database, settings, study, folder=study.folders.real, name="None")
    assert run_job(database, settings, job.id) is JobState.FAILED
    assert "no trained generator" in load_job(database, job.id).exit_reason
    assert not list_generator_runs(database) and len(list_jobs(database)) == 1
    assert not (settings.home / "generators").exists()


def test_codes_of_a_generator_serve_an_audit_by_its_id(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings, study = get_settings(), keep_study()
    database = open_database(settings)
    record = create_generator_run(
        database, study_id=study.id, name="Codes", family="vqvae2", preset="smoke",
        options=TINY_VQVAE2.model_dump(mode="json"), real=study.folders.real,
    )  # fmt: skip
    run = RunFolder(generator_folder(settings, record.id))
    train_generator(VQVAE2, TINY_VQVAE2, images=make_images(8, size=16), run=run, device=CPU)
    name = f"vqvae-top:{record.id}"
    payload = AuditPayload(folders=study.folders, protocol=Protocol(extractors=(name,)))
    document = payload.model_dump(mode="json")
    JOB_KINDS["audit"].check(document)
    job = add_job(database, kind="audit", title="Audit", payload=document, study_id=study.id)
    assert run_job(database, settings, job.id) is JobState.DONE, load_job(database, job.id).exit_reason
    copies = pd.read_csv(audit_folder(settings, job.id) / "copies.csv")
    found = copies[copies["extractor"] == name]["distance"]
    # Shares of the four places whose codes differ.
    assert len(found) == 12 and set(4 * found) <= {0, 1, 2, 3, 4}
    rows = pd.read_csv(audit_folder(settings, job.id) / "metrics.csv")
    of_codes = rows[rows["extractor"] == name]
    assert {"privacy", "fidelity"} <= set(of_codes["metric"])
    kept = json.loads((audit_folder(settings, job.id) / "audit.json").read_text())
    assert record.id in json.dumps(kept["protocol"]) and str(settings.home) not in json.dumps(
        kept["protocol"]
    )

    # The same weights by their path; an id is no path, whatever lies where the process runs.
    (tmp_path / record.id).mkdir()
    monkeypatch.chdir(tmp_path)
    by_id = load_extractor(name, ExtractorOptions(), settings=settings)
    by_path = load_extractor(f"vqvae-top:{run.path}", ExtractorOptions(), settings=settings)
    assert by_id.identity == by_path.identity and by_id.name == name
    database.close()
