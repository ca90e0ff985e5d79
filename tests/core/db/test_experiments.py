"""Experiments are kept whole, never changed, and come back number for number."""

from __future__ import annotations

import math
from datetime import UTC

import pytest

from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.db.database import Database
from core.db.experiments import add_experiment, has_experiment, list_experiments, load_experiment
from core.db.studies import StudyRecord, remove_study, save_study
from core.errors import DatabaseError, InputError, UnknownNameError

FOLDERS = StudyFolders(
    real=FolderRef(root="data", path="real"),
    synthetic=(SyntheticFolder(name="gan", folder=FolderRef(root="data", path="gan")),),
)


@pytest.fixture
def study(database: Database) -> StudyRecord:
    return save_study(database, name="Films", folders=FOLDERS)


def row(mean: float | None, **other: object) -> dict[str, object]:
    base: dict[str, object] = {
        "synthetic": "gan", "arm": "synthetic:gan:1", "baseline": "none", "score": "accuracy",
        "class_name": None, "group_name": None, "mean": mean, "low": None, "high": None, "change": 0.1, "change_low": None,
        "change_high": None, "p": None, "p_holm": None, "n_repeats": 1, "n_test": 24, "note": "",
    }  # fmt: skip
    return base | other


def add(database: Database, study: StudyRecord, name: str, kind: str = "augmentation", *means: float) -> None:
    add_experiment(
        database,
        experiment_id=name,
        study_id=study.id,
        kind=kind,
        summary={"n": 1 / 3},
        results=[row(mean) for mean in means],
    )


def test_numbers_come_back_to_the_last_bit(database: Database, study: StudyRecord) -> None:
    values = (0.1 + 0.2, math.pi * 1e-300, -0.0, 5e-324, 12345678.901234567)
    add(database, study, "e1", "feature-extraction", *values)
    found = load_experiment(database, "e1")
    assert [one["mean"] for one in found.results] == list(values)
    assert found.results[0] == row(values[0])
    assert found.summary == {"n": 1 / 3}
    assert (found.record.kind, found.record.study_id, found.record.study_name) == (
        "feature-extraction", study.id, "Films",
    )  # fmt: skip
    assert found.record.finished_at.tzinfo == UTC


def test_an_experiment_is_never_changed(database: Database, study: StudyRecord) -> None:
    add(database, study, "e1", "augmentation", 0.5)
    with pytest.raises(InputError, match="never change"):
        add(database, study, "e1", "augmentation", 0.6)
    assert load_experiment(database, "e1").results[0]["mean"] == 0.5


def test_all_or_nothing(database: Database, study: StudyRecord) -> None:
    with pytest.raises(DatabaseError):
        add_experiment(
            database,
            experiment_id="e1",
            study_id=study.id,
            kind="augmentation",
            summary={},
            results=[row(0.5), row(0.5, score=None)],
        )
    assert not has_experiment(database, "e1")


def test_a_study_that_is_not_there_has_no_experiments(database: Database, study: StudyRecord) -> None:
    with pytest.raises(DatabaseError):
        add_experiment(database, experiment_id="e1", study_id="none", kind="crop", summary={}, results=[])
    assert list_experiments(database, study_id="none") == ()


def test_lists_are_newest_first_by_study_and_kind_without_removed_studies(
    database: Database, study: StudyRecord
) -> None:
    other = save_study(database, name="Other", folders=FOLDERS)
    add(database, study, "e1")
    add(database, other, "e2", "crop")
    add(database, study, "e3", "crop")

    def ids(**asked: object) -> list[str]:
        return [one.id for one in list_experiments(database, **asked)]  # type: ignore[arg-type]

    assert ids() == ["e3", "e2", "e1"]
    assert ids(study_id=study.id) == ["e3", "e1"]
    assert ids(kinds=["crop"]) == ["e3", "e2"]
    assert ids(study_id=study.id, kinds=("augmentation", "feature-extraction")) == ["e1"]
    assert ids(kinds=[]) == []
    assert ids(limit=1) == ["e3"]
    remove_study(database, study.id)
    assert ids() == ["e2"]
    assert ids(study_id=study.id) == ["e3", "e1"]
    assert has_experiment(database, "e1")


def test_names_with_any_character_are_kept(database: Database, study: StudyRecord) -> None:
    label = "Lungenentzündung\n‮💔'; DROP TABLE experiments;--\0"
    add_experiment(
        database,
        experiment_id="e1",
        study_id=study.id,
        kind="augmentation",
        summary={label: [label]},
        results=[row(1.0, class_name=label, synthetic=None, baseline=None)],
    )
    kept = label.replace("\0", "\N{REPLACEMENT CHARACTER}")
    found = load_experiment(database, "e1")
    assert found.results[0]["class_name"] == kept
    assert found.summary == {kept: [kept]}


def test_an_experiment_that_is_not_there(database: Database) -> None:
    assert not has_experiment(database, "zz")
    with pytest.raises(UnknownNameError, match="no experiment 'zz'"):
        load_experiment(database, "zz")
