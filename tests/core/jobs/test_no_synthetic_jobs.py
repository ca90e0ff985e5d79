"""Jobs on a study without synthetic sets: what compares sets is refused before it is queued, a check runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.audit.protocol import Protocol
from core.config import get_settings
from core.crop_experiment.request import CropRequest
from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import NO_SYNTHETIC, StudyFolders
from core.db.database import Database
from core.db.jobs import add_job, list_jobs
from core.db.studies import save_study
from core.errors import InputError
from core.jobs.check_job import CheckPayload, StudyCheck
from core.jobs.kinds import JOB_KINDS
from core.jobs.submission import submit_audit, submit_crop, submit_new_rating, submit_utility
from core.progress import SilentProgress
from core.rating.design import SessionDesign, SetCount
from core.utility.presets import UtilityProtocol
from tests.images import write_images

FOLDERS = StudyFolders(
    real=FolderRef(root="data", path="real"), heldout=FolderRef(root="data", path="heldout"), synthetic=()
)
COUNTS = (SetCount(synthetic=None, class_name=None, n=4), SetCount(synthetic="gan", class_name=None, n=4))


def check(database: Database, folders: StudyFolders) -> StudyCheck:
    payload = CheckPayload(folders=folders).model_dump(mode="json")
    JOB_KINDS["check"].check(payload)
    job = add_job(database, kind="check", title="Check", payload=payload)
    found = JOB_KINDS["check"].run(job, database=database, settings=get_settings(), progress=SilentProgress())
    return StudyCheck.model_validate(found)


def test_what_compares_sets_is_refused_before_it_is_queued(database: Database) -> None:
    study, settings = save_study(database, name="Films", folders=FOLDERS), get_settings()
    asks = {
        "audit": lambda: submit_audit(database, settings, study, Protocol()),
        "crop": lambda: submit_crop(database, settings, study, CropRequest(margin=0.1)),
        "rating": lambda: submit_new_rating(
            database, settings, study, name="First", design=SessionDesign(counts=COUNTS)
        ),
        "utility": lambda: submit_utility(
            database, settings, study, kind="augmentation", protocol=UtilityProtocol()
        ),
    }
    for kind, ask in asks.items():
        with pytest.raises(InputError) as error:
            ask()
        assert str(error.value) == NO_SYNTHETIC, kind
    assert list_jobs(database) == ()


def test_a_check_reads_real_sets_alone(database: Database, workspace: Path) -> None:
    write_images(workspace / "data" / "real", 6, seed=1, classes=("a", "b"))
    write_images(workspace / "data" / "heldout", 4, seed=2)
    (workspace / "data" / "heldout" / "broken.png").write_bytes(b"\x89PNG broken")
    first = next((workspace / "data" / "real" / "a").iterdir())
    (workspace / "data" / "heldout" / "copy.png").write_bytes(first.read_bytes())
    found = check(database, FOLDERS)
    assert [(one.role, one.n) for one in found.sets] == [("real", 6), ("heldout", 5)]
    assert [one.file for one in found.sets[1].unreadable] == ["broken.png"]
    assert [sorted(one.members) for one in found.shared] == [["heldout/copy.png", f"real/a/{first.name}"]]
    assert any("not separate: 1 picture" in warning for warning in found.warnings)
    labels = workspace / "data" / "labels.csv"
    labels.write_text(f"file,label\n{first.name},sick\n")
    alone = FOLDERS.model_copy(update={"heldout": None, "labels": FolderRef(root="data", path="labels.csv")})
    (only,) = check(database, alone).sets
    assert (only.role, only.classes) == ("real", {"sick": 1})


def test_a_check_opens_nothing_outside_of_the_roots(
    database: Database, workspace: Path, tmp_path: Path
) -> None:
    write_images(tmp_path / "outside", 4)
    (workspace / "data").mkdir(parents=True)
    (workspace / "data" / "real").symlink_to(tmp_path / "outside")
    with pytest.raises(InputError, match="root"):
        check(database, FOLDERS)
