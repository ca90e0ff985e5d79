"""Audits are kept whole, never changed, and come back number for number."""

from __future__ import annotations

import math
from datetime import UTC

import pytest

from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.db.audits import add_audit, has_audit, list_audits, load_audit
from core.db.database import Database
from core.db.studies import StudyRecord, remove_study, save_study
from core.errors import DatabaseError, InputError, UnknownNameError

FOLDERS = StudyFolders(
    real=FolderRef(root="data", path="real"),
    synthetic=(SyntheticFolder(name="gan", folder=FolderRef(root="data", path="gan")),),
)


@pytest.fixture
def study(database: Database) -> StudyRecord:
    return save_study(database, name="Films", folders=FOLDERS)


def row(value: float | None, **other: object) -> dict[str, object]:
    base: dict[str, object] = {
        "synthetic": "gan", "extractor": "texture", "class_name": None, "metric": "fd", "value": value,
        "low": None, "high": None, "n_real": 3, "n_synthetic": 2, "floor": None, "floor_detail": None, "note": "",
    }  # fmt: skip
    return base | other


def test_numbers_come_back_to_the_last_bit(database: Database, study: StudyRecord) -> None:
    values = [0.1 + 0.2, math.pi * 1e-300, 1e300, -0.0, 5e-324, 12345678.901234567, None]
    rows = [row(value, floor_detail={"kind": "halves", "value": 1 / 3}) for value in values]
    add_audit(database, audit_id="a1", study_id=study.id, summary={"n": 1 / 3}, results=rows)
    audit = load_audit(database, "a1")
    assert [one["value"] for one in audit.results] == values
    assert audit.results[0]["floor_detail"] == {"kind": "halves", "value": 1 / 3}
    assert audit.summary == {"n": 1 / 3}
    assert audit.record.n_results == 7
    assert audit.record.finished_at.tzinfo == UTC


def test_an_audit_is_never_changed(database: Database, study: StudyRecord) -> None:
    add_audit(database, audit_id="a1", study_id=study.id, summary={}, results=[row(1.0)])
    with pytest.raises(InputError, match="never change"):
        add_audit(database, audit_id="a1", study_id=study.id, summary={}, results=[row(2.0)])
    assert load_audit(database, "a1").results[0]["value"] == 1.0


def test_all_or_nothing(database: Database, study: StudyRecord) -> None:
    with pytest.raises(DatabaseError):
        add_audit(
            database, audit_id="a1", study_id=study.id, summary={}, results=[row(1.0), row(1.0, metric=None)]
        )
    assert not has_audit(database, "a1")


def test_lists_are_newest_first_and_leave_removed_studies_out(database: Database, study: StudyRecord) -> None:
    other = save_study(database, name="Other", folders=FOLDERS)
    for name, owner in (("a1", study), ("a2", other), ("a3", study)):
        add_audit(database, audit_id=name, study_id=owner.id, summary={}, results=[])
    assert [one.id for one in list_audits(database)] == ["a3", "a2", "a1"]
    assert [one.id for one in list_audits(database, study_id=study.id)] == ["a3", "a1"]
    assert [one.id for one in list_audits(database, limit=1)] == ["a3"]
    remove_study(database, study.id)
    assert [one.id for one in list_audits(database)] == ["a2"]
    assert [one.id for one in list_audits(database, study_id=study.id)] == ["a3", "a1"]


def test_names_with_any_character_are_kept(database: Database, study: StudyRecord) -> None:
    label = "Lungenentzündung\n‮💔'; DROP TABLE audits;--\0"
    add_audit(
        database,
        audit_id="a1",
        study_id=study.id,
        summary={label: label},
        results=[row(1.0, class_name=label)],
    )
    kept = label.replace("\0", "\N{REPLACEMENT CHARACTER}")
    audit = load_audit(database, "a1")
    assert audit.results[0]["class_name"] == kept
    assert audit.summary == {kept: kept}


def test_an_audit_that_is_not_there(database: Database) -> None:
    with pytest.raises(UnknownNameError, match="no audit 'zz'"):
        load_audit(database, "zz")
