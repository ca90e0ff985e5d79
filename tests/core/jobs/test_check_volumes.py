"""The check of every file: volumes, series of DICOM slices, and slices beside volumes."""

from __future__ import annotations

from pathlib import Path

from core.config import get_settings
from core.datasets.dicom_series import DicomSeries
from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.db.database import Database
from core.db.jobs import add_job
from core.jobs.check_job import CheckPayload, StudyCheck
from core.jobs.kinds import JOB_KINDS
from core.progress import SilentProgress
from tests.volumes import write_series, write_volumes

REAL = FolderRef(root="data", path="real")
GAN = SyntheticFolder(name="gan", folder=FolderRef(root="data", path="gan"))
SERIES = DicomSeries(n_series=2, n_slices=6, n_read=6)


def check(database: Database, *, synthetic: tuple[SyntheticFolder, ...] = (GAN,)) -> StudyCheck:
    folders = StudyFolders(real=REAL, synthetic=synthetic)
    payload = CheckPayload(folders=folders).model_dump(mode="json")
    job = add_job(database, kind="check", title="Check", payload=payload)
    found = JOB_KINDS["check"].run(job, database=database, settings=get_settings(), progress=SilentProgress())
    return StudyCheck.model_validate(found)


def test_slices_are_counted_as_images_and_their_series_told(database: Database, workspace: Path) -> None:
    write_series(workspace / "data" / "real", 2)
    write_series(workspace / "data" / "gan", 2, seed=1)
    found = check(database)
    assert [one.n for one in found.sets] == [6, 6]
    assert found.series == {"real": SERIES, "gan": SERIES}
    alone = check(database, synthetic=())
    assert ([one.n for one in alone.sets], alone.series) == ([6], {"real": SERIES})


def test_volumes_have_no_series(database: Database, workspace: Path) -> None:
    write_volumes(workspace / "data" / "real", 3)
    write_volumes(workspace / "data" / "gan", 2, seed=1)
    found = check(database)
    assert [(one.n, one.slices) for one in found.sets] == [(3, (5, 5)), (2, (5, 5))]
    assert found.series == {}


def test_slices_beside_volumes_are_read_as_volumes(database: Database, workspace: Path) -> None:
    write_series(workspace / "data" / "real", 2)
    write_volumes(workspace / "data" / "gan", 2, seed=1)
    found = check(database)
    assert [(one.n, one.slices) for one in found.sets] == [(2, (3, 3)), (2, (5, 5))]
    assert found.series == {"real": SERIES}
