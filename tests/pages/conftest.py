"""Workspaces in the states that pages meet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.db.database import open_database
from core.db.studies import StudyRecord, save_study
from core.jobs import queue
from tests.experiments import keep_classified_study
from tests.images import write_images
from tests.studies import keep_audit, keep_study


@pytest.fixture
def study(workspace: Path) -> Iterator[StudyRecord]:
    """A saved study without an audit."""
    yield keep_study()
    open_database(get_settings()).close()


@pytest.fixture
def audit_id(study: StudyRecord) -> str:
    """An audit of that study."""
    return keep_audit(study)


@pytest.fixture(scope="session")
def two_sets_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A workspace with an audit of two synthetic sets in two classes, made once."""
    home = tmp_path_factory.mktemp("two") / "workspace"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSYN_HOME", str(home))
        patch.setenv("MEDSYN_OFFLINE", "1")
        get_settings.cache_clear()
        refs = {}
        for seed, name in enumerate(("real", "gan", "ddpm")):
            write_images(home / "data" / name, 16 - 2 * seed, seed=seed, classes=("a", "b"))
            refs[name] = FolderRef(root="data", path=name)
        sets = tuple(SyntheticFolder(name=name, folder=refs[name]) for name in ("gan", "ddpm"))
        folders = StudyFolders(real=refs["real"], synthetic=sets)
        study = save_study(open_database(get_settings()), name="Two", folders=folders)
        audit_id = keep_audit(study)
        open_database(get_settings()).close()
    get_settings.cache_clear()
    yield home, audit_id


@pytest.fixture
def two_sets(
    two_sets_home: tuple[Path, str], workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """That audit, to be looked at and left as it is."""
    home, audit_id = two_sets_home
    monkeypatch.setenv("MEDSYN_HOME", str(home))
    get_settings.cache_clear()
    yield audit_id
    open_database(get_settings()).close()
    get_settings.cache_clear()


@pytest.fixture
def mixed_sets(workspace: Path) -> Iterator[str]:
    """An audit of a set that lacks a class, and of one of another image size."""
    data = get_settings().home / "data"
    sizes = {"real": ("a", "b"), "glioma": ("a",), "both": ("a", "b")}
    for seed, (name, classes) in enumerate(sizes.items()):
        side = 48 if name == "both" else 32
        write_images(data / name, 14 - seed, seed=seed, size=side, classes=classes)
    sets = tuple(
        SyntheticFolder(name=name, folder=FolderRef(root="data", path=name)) for name in ("glioma", "both")
    )
    folders = StudyFolders(real=FolderRef(root="data", path="real"), synthetic=sets)
    yield keep_audit(save_study(open_database(get_settings()), name="Mixed", folders=folders))
    open_database(get_settings()).close()


@pytest.fixture(params=["file", "server"])
def failing_database(
    request: pytest.FixtureRequest, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workspace whose database does not answer."""
    if request.param == "server":
        monkeypatch.setenv("MEDSYN_DATABASE_URL", "postgresql://me:secret@127.0.0.1:9/none")
    else:
        workspace.mkdir()
        (workspace / "medsynaudit.sqlite3").write_bytes(b"not a database" * 100)
    get_settings.cache_clear()


class IdleBackend:
    """Takes jobs and never works on them."""

    host = "here"

    def __init__(self, _settings: object) -> None:
        pass

    def start(self, _job: object) -> tuple[int, float]:
        return 1, 1.0

    def find_end(self, _job: object) -> None:
        return None

    def interrupt(self, _job: object, *, force: bool) -> None:
        return None


@pytest.fixture
def idle_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs are queued and taken, and stay where they are."""
    monkeypatch.setattr(queue, "LocalBackend", IdleBackend)


@pytest.fixture
def classified(workspace: Path, idle_jobs: None) -> Iterator[StudyRecord]:
    """A study with 24 held-out images and 12 of each of two synthetic sets, in two classes."""
    yield keep_classified_study()
    open_database(get_settings()).close()
