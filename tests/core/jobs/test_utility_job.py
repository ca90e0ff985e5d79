"""The job of a utility experiment: the numbers of the command, and going on where an earlier one was stopped."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from core.audit.items import load_items, read_item
from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.datasets.study_scan import scan_study
from core.db.database import Database, open_database
from core.db.experiments import list_experiments, load_experiment
from core.db.job_record import JobRecord, JobState
from core.db.jobs import add_job, list_jobs, load_job
from core.db.studies import StudyRecord, save_study
from core.errors import CancelledError, InputError, UnknownNameError
from core.jobs.job_folder import experiment_folder, items_folder, utility_runs_folder
from core.jobs.kinds import JOB_KINDS
from core.jobs.runner import run_job
from core.jobs.submission import submit_utility
from core.jobs.utility_job import UtilityPayload
from core.progress import SilentProgress
from core.utility import experiment
from core.utility.archive import load_utility, load_utility_summary, save_utility_summary
from core.utility.experiment import run_experiment
from core.utility.sets import prepare_sets
from tests.core.utility.films import TINY, write_set

ONCE = TINY.model_copy(update={"repeats": 1, "epochs": 1})


def films(data: Path) -> StudyFolders:
    """Write a real, a held-out and two synthetic sets of two classes below `data`."""
    for seed, (name, n) in enumerate({"real": 32, "heldout": 24, "gan": 24, "ddpm": 20}.items(), 1):
        write_set(data / name, n, seed=seed)
    return StudyFolders(
        real=FolderRef(root="data", path="real"),
        heldout=FolderRef(root="data", path="heldout"),
        synthetic=tuple(
            SyntheticFolder(name=name, folder=FolderRef(root="data", path=name)) for name in ("gan", "ddpm")
        ),
    )


def ask(database: Database, study: StudyRecord, **asked: Any) -> JobRecord:
    """Put an experiment into the queue without starting its process."""
    payload = UtilityPayload(folders=study.folders, **({"kind": "augmentation", "protocol": ONCE} | asked))
    JOB_KINDS["utility"].check(payload.model_dump(mode="json"))
    return add_job(
        database,
        kind="utility",
        title="Utility",
        payload=payload.model_dump(mode="json"),
        study_id=study.id,
    )


def without_times(summary: Any) -> object:
    content = summary.model_dump(exclude={"started", "seconds"})
    for one in content["runs"]:
        one.pop("seconds")
    return content


def test_a_job_keeps_the_numbers_of_the_command(database: Database, workspace: Path, tmp_path: Path) -> None:
    settings = get_settings()
    study = save_study(database, name="Films", folders=films(workspace / "data"))
    job = ask(database, study, kind="feature-extraction", synthetic=("gan",))
    assert run_job(database, settings, job.id) is JobState.DONE
    ended, folder = load_job(database, job.id), experiment_folder(settings, job.id)
    assert ended.outcome == {"experiment_id": job.id}
    assert ended.stage.startswith("Run 3 of 3, about ")
    assert ended.stage.endswith(" left: Pretrained on gan, repeat 1")
    record, summary = load_utility_summary(database, job.id)
    assert (record.kind, record.study_name) == ("feature-extraction", "Films")
    assert list_experiments(database, study_id=study.id) == (record,)
    assert load_utility(folder) == summary

    scanned = scan_study(study.folders.resolve(settings), settings=settings, progress=SilentProgress())
    sets = prepare_sets(scanned[0], scanned[1], scanned[2:3])
    here = run_experiment("feature-extraction", sets, ONCE, runs_folder=tmp_path / "runs")
    assert without_times(here.summary) == without_times(summary)

    with (folder / "utility.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    rows = load_experiment(database, job.id).results
    assert (
        len(rows)
        == len(table)
        == len(summary.scores) + sum(one.baseline == "untrained" for one in summary.comparisons)
    )
    for kept, written in zip(rows, table, strict=True):
        assert (kept["arm"], kept["score"], kept["class_name"] or "", kept["baseline"] or "") == (
            written["arm"], written["score"], written["class"], written["baseline"],
        )  # fmt: skip
        assert kept["mean"] == float(written["mean"])
        assert (kept["change"] is None) == (written["change"] == "")
        assert kept["change"] is None or kept["change"] == float(written["change"])

    # Groups have rows of their own, and none of them is taken for all images.
    grouped = summary.model_copy(
        update={
            "group_scores": tuple(one.model_copy(update={"group": "sex=F"}) for one in summary.scores),
            "group_comparisons": tuple(
                one.model_copy(update={"group": "sex=F"}) for one in summary.comparisons
            ),
        }
    )
    save_utility_summary(database, grouped, experiment_id="e1", study_id=study.id)
    assert load_utility_summary(database, "e1")[1] == grouped
    twice = load_experiment(database, "e1").results
    assert twice[: len(rows)] == rows
    assert twice[len(rows) :] == tuple(row | {"group_name": "sex=F"} for row in rows)

    # Images of the test set are opened by their ids, in the order of the answers.
    items = load_items(items_folder(settings, job.id))
    assert items.table.column("item").to_pylist() == list(here.items)
    assert read_item(items[items.table.column("id")[0].as_py()], settings).pixels.shape == (32, 32)


def test_a_stopped_job_goes_on_in_another_one(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = get_settings()
    database = open_database(settings)
    study = save_study(database, name="Films", folders=films(workspace / "data"))
    train, trained = experiment.train_arm, []

    def stop_at_the_third(arm: Any, *given: Any, **others: Any) -> Any:
        if len(trained) == 2:
            raise CancelledError
        trained.append(arm.id)
        return train(arm, *given, **others)

    monkeypatch.setattr(experiment, "train_arm", stop_at_the_third)
    first = ask(database, study, synthetic=("gan",))
    assert run_job(database, settings, first.id) is JobState.CANCELLED
    assert list_experiments(database) == ()
    assert not experiment_folder(settings, first.id).exists()
    assert len(list(utility_runs_folder(settings).glob("*.json"))) == 2

    monkeypatch.setattr(experiment, "train_arm", train)
    again = ask(database, study, synthetic=("gan",))
    assert run_job(database, settings, again.id) is JobState.DONE
    ended = load_job(database, again.id)
    assert ended.notices == ("2 of 5 runs were finished before and are kept.",)
    assert ended.stage.startswith("Run 3 of 3, about ")
    # A further set joins: what was trained before is not trained again.
    more = ask(database, study)
    assert run_job(database, settings, more.id) is JobState.DONE
    assert load_job(database, more.id).notices == ("5 of 8 runs were finished before and are kept.",)
    assert {one.id for one in list_experiments(database)} == {again.id, more.id}
    database.close()


def test_only_the_sets_asked_for_are_read_and_none_outside_of_the_root(
    workspace: Path, tmp_path: Path
) -> None:
    settings = get_settings()
    database = open_database(settings)
    study = save_study(database, name="Films", folders=films(workspace / "data"))
    (workspace / "data" / "ddpm").rename(workspace / "data" / "gone")
    stranger = next(write_set(tmp_path / "elsewhere", 2, seed=9).rglob("*.png"))
    (workspace / "data" / "heldout" / "dark" / "link.png").symlink_to(stranger)
    missing = ask(database, study)
    assert run_job(database, settings, missing.id) is JobState.FAILED
    assert "ddpm" in load_job(database, missing.id).exit_reason
    job = ask(database, study, kind="feature-extraction", synthetic=("gan",))
    assert run_job(database, settings, job.id) is JobState.DONE
    _, summary = load_utility_summary(database, job.id)
    assert [(one.name, one.n) for one in summary.sets] == [("real", 32), ("heldout", 24), ("gan", 24)]
    database.close()


def test_what_cannot_be_run_is_refused_when_it_is_asked(workspace: Path) -> None:
    settings = get_settings()
    database = open_database(settings)
    folders = films(workspace / "data")
    whole = save_study(database, name="Whole", folders=folders)
    bare = save_study(database, name="Bare", folders=folders.model_copy(update={"heldout": None}))
    with pytest.raises(InputError, match="this study has none; add a held-out set to the study"):
        submit_utility(database, settings, bare, kind="augmentation", protocol=ONCE)
    with pytest.raises(UnknownNameError, match="no synthetic set 'vae'; it has 'gan', 'ddpm'"):
        submit_utility(database, settings, whole, kind="augmentation", protocol=ONCE, synthetic=["vae"])
    with pytest.raises(InputError, match="kind"):
        JOB_KINDS["utility"].check({"folders": folders.model_dump(mode="json"), "kind": "pretraining"})
    assert list_jobs(database) == ()
    database.close()


def test_an_experiment_that_ended_differently_is_not_read(workspace: Path) -> None:
    from core.db.experiments import add_experiment

    database = open_database(get_settings())
    study = save_study(database, name="Films", folders=films(workspace / "data"))
    for name, kind in (("e1", "crop"), ("e2", "augmentation")):
        add_experiment(
            database, experiment_id=name, study_id=study.id, kind=kind, summary={"old": 1}, results=[]
        )
    with pytest.raises(InputError, match="kind 'crop', not a utility experiment"):
        load_utility_summary(database, "e1")
    with pytest.raises(InputError, match="not one that this version reads"):
        load_utility_summary(database, "e2")
    with pytest.raises(UnknownNameError, match="no experiment 'e3'"):
        load_utility_summary(database, "e3")
    database.close()


def test_images_are_an_audits_or_an_experiments(workspace: Path) -> None:
    settings = get_settings()
    assert items_folder(settings, "a1") == workspace / "experiments" / "a1"
    (workspace / "audits" / "a1").mkdir(parents=True)
    assert items_folder(settings, "a1") == workspace / "audits" / "a1"
    with pytest.raises(UnknownNameError):
        items_folder(settings, "../a1")
