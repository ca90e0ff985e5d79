"""`python -m core study` and `job`: what the dashboard does, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.audit.archive import load_audit_summary
from core.cli import main
from core.config import get_settings
from core.db.database import open_database
from core.db.jobs import list_jobs, load_job
from core.db.studies import list_studies
from core.jobs import queue
from core.jobs.runner import run_job
from core.utility.archive import load_utility_summary
from tests.core.utility.films import write_set
from tests.studies import small_folders


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    output, errors = capsys.readouterr()
    return int(stop.value.code or 0), output, errors


def add(capsys: pytest.CaptureFixture[str], workspace: Path) -> str:
    data = workspace / "data"
    small_folders(data)
    status, output, errors = run(
        capsys, "study", "add", "Films", "--real", str(data / "real"), "--synthetic", f"gan={data / 'gan'}"
    )
    assert (status, errors) == (0, "")
    return output.strip()


def test_a_study_is_added_listed_removed_and_restored(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    study_id = add(capsys, workspace)
    assert list_studies(open_database(get_settings()))[0].folders == small_folders(workspace / "data")
    assert run(capsys, "study", "list")[1] == f"{study_id}\tFilms\t1\n"
    assert run(capsys, "study", "remove", "films")[0] == 0
    assert run(capsys, "study", "list")[1] == ""
    assert run(capsys, "study", "list", "--removed")[1] == f"{study_id}\tFilms\t1\n"
    assert run(capsys, "study", "restore", study_id)[0] == 0
    assert run(capsys, "study", "list")[1] == f"{study_id}\tFilms\t1\n"


def test_a_study_may_begin_with_real_images_alone(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    data = workspace / "data"
    expected = small_folders(data)
    status, output, errors = run(capsys, "study", "add", "Films", "--real", str(data / "real"))
    (study,) = list_studies(open_database(get_settings()))
    # The id alone is standard output, for scripts.
    assert (status, output) == (0, f"{study.id}\n") and "no synthetic set yet" in errors
    assert study.folders == expected.model_copy(update={"synthetic": ()})
    assert run(capsys, "study", "list")[1] == f"{study.id}\tFilms\t0\n"
    status, output, errors = run(capsys, "study", "audit", "Films")
    assert (status, output) == (2, "") and "no synthetic set yet" in errors


def test_folders_outside_of_the_roots_are_refused(
    capsys: pytest.CaptureFixture[str], workspace: Path, tmp_path: Path
) -> None:
    (tmp_path / "x").mkdir()
    status, _, errors = run(
        capsys, "study", "add", "Films", "--real", str(tmp_path / "x"), "--synthetic", str(tmp_path / "x")
    )
    assert status == 2
    assert "MEDSYN_DATA_ROOTS" in errors


def test_an_audit_is_a_job_and_waited_for(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    add(capsys, workspace)
    status, output, _ = run(
        capsys, "study", "audit", "Films", "--extractor", "pixels", "--seed", "3", "--wait"
    )
    assert status == 0
    job_id = output.strip()
    _, summary = load_audit_summary(open_database(get_settings()), job_id)
    assert summary.protocol.choices["seed"] == 3
    assert f"{job_id}\tdone\taudit\tAudit of Films" in run(capsys, "job", "list")[1]
    assert "done after" in run(capsys, "job", "log", job_id)[1]
    assert run(capsys, "job", "list", "--active")[1] == ""


def test_a_utility_experiment_is_a_job(
    capsys: pytest.CaptureFixture[str], workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It waits, and then runs in this process: starting torch anew would take most of the test's time.
    monkeypatch.setattr(queue, "claim_next_job", lambda *_, **__: None)
    monkeypatch.chdir(tmp_path)
    data = workspace / "data"
    for seed, name in enumerate(("real", "test", "gan", "vae")):
        write_set(data / name, 24, seed=seed)
    given = ("--synthetic", f"gan={data / 'gan'}", "--synthetic", f"vae={data / 'vae'}")
    run(
        capsys, "study", "add", "Films", "--real", str(data / "real"), "--heldout", str(data / "test"), *given
    )
    asked = (
        "study",
        "utility",
        "films",
        "--kind",
        "feature-extraction",
        "--resolution",
        "32",
        "--epochs",
        "1",
    )
    assert "no synthetic set 'ddpm'" in run(capsys, *asked, "--synthetic", "ddpm")[2]
    assert "needs images of at least 75" in run(capsys, *asked, "--classifier", "inception_v3")[2]
    job_id = run(capsys, *asked, "--repeats", "1", "--synthetic", "vae")[1].strip()
    settings = get_settings()
    database = open_database(settings)
    job = load_job(database, job_id)
    assert (job.kind, job.title, job.state) == ("utility", "Feature-extraction utility of Films", "queued")
    run_job(database, settings, job_id)
    _, summary = load_utility_summary(database, job_id)
    assert [arm.id for arm in summary.arms] == ["pretrained-real", "untrained", "pretrained:vae"]
    assert (summary.protocol["repeats"], summary.protocol["epochs"]) == (1, 1)
    # The job's process works in another folder.
    other = run(capsys, *asked, "--weights", "own.pth")[1].strip()
    assert load_job(database, other).payload["protocol"]["weights_file"] == str(tmp_path / "own.pth")


def test_a_study_without_a_test_set_has_no_utility(
    capsys: pytest.CaptureFixture[str], workspace: Path
) -> None:
    add(capsys, workspace)
    status, output, errors = run(capsys, "study", "utility", "films", "--kind", "augmentation")
    assert (status, output) == (2, "")
    assert "add a held-out set to the study" in errors
    assert "--kind" in run(capsys, "study", "utility", "films")[2]


def test_a_job_that_failed_says_why(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    add(capsys, workspace)
    (workspace / "data" / "gan").rename(workspace / "data" / "gone")
    status, output, errors = run(capsys, "study", "audit", "Films", "--extractor", "pixels", "--wait")
    assert status == 2
    assert "gan" in errors
    assert run(capsys, "job", "run", output.strip())[0] == 2
    status, output, _ = run(capsys, "job", "rerun", output.strip())
    assert status == 0
    assert len(list_jobs(open_database(get_settings()))) == 2


def test_strangers_are_sentences(capsys: pytest.CaptureFixture[str], workspace: Path) -> None:
    for arguments in (
        ("job", "log", "zz"),
        ("job", "cancel", "zz"),
        ("job", "run", "zz"),
        ("study", "audit", "zz"),
    ):
        status, _, errors = run(capsys, *arguments)
        assert status == 2
        assert "zz" in errors
        assert errors.count("\n") == 1


def test_a_failing_database_is_status_1(
    capsys: pytest.CaptureFixture[str], workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDSYN_DATABASE_URL", "nonsense")
    get_settings.cache_clear()
    status, _, errors = run(capsys, "study", "list")
    assert status == 1
    assert "MEDSYN_DATABASE_URL" in errors
