"""Groups by columns of the labels CSV: chosen when an audit is set up, and like a class where it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.audit.protocol import Protocol
from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.db.database import open_database
from core.db.jobs import list_jobs
from core.db.studies import StudyRecord, save_study
from core.jobs.audit_job import AuditPayload
from tests.images import write_images
from tests.pages.frame import run_frame
from tests.studies import keep_audit


@pytest.fixture
def grouped(workspace: Path) -> Iterator[StudyRecord]:
    """A study whose labels CSV names the sex of every image, and lies beside the folders."""
    data, lines = get_settings().home / "data", ["file,patient,Sex,view"]
    for seed, name in enumerate(("real", "gan")):
        folder = write_images(data / name, 22, seed=seed, classes=("a", "b"))
        for at, path in enumerate(sorted(folder.rglob("*.png"))):
            lines.append(f"{path.relative_to(data).as_posix()},{name}{at},{'FM'[at % 2]},PA")
    (data / "labels.csv").write_text("\n".join(lines) + "\n")
    folders = StudyFolders(
        real=FolderRef(root="data", path="real"),
        synthetic=(SyntheticFolder(name="gan", folder=FolderRef(root="data", path="gan")),),
        labels=FolderRef(root="data", path="labels.csv"),
    )
    yield save_study(open_database(get_settings()), name="Grouped", folders=folders)
    open_database(get_settings()).close()


def test_the_columns_of_the_labels_can_be_chosen(grouped: StudyRecord, idle_jobs: None) -> None:
    app = run_frame("audit/launch.py")
    chooser = next(one for one in app.multiselect if one.label == "Groups by")
    assert chooser.options == ["Sex", "view"]
    chooser.set_value(["Sex"])
    next(one for one in app.button if one.label == "Run audit").click().run()
    assert not app.exception
    (job,) = list_jobs(open_database(get_settings()))
    assert AuditPayload.model_validate(job.payload).protocol == Protocol(group_by=("Sex",))


def test_without_labels_there_is_nothing_to_choose(study: StudyRecord, idle_jobs: None) -> None:
    chooser = next(one for one in run_frame("audit/launch.py").multiselect if one.label == "Groups by")
    # Not greyed out: why there is nothing has to be readable.
    assert chooser.options == []
    assert chooser.placeholder == "No further column in the study's labels CSV"


def test_a_group_is_shown_like_a_class_and_told_from_classes(grouped: StudyRecord) -> None:
    keep_audit(grouped, Protocol(extractors=("pixels",), group_by=("sex",)))
    app = run_frame("audit/compare.py")
    assert not app.exception
    chooser = next(one for one in app.selectbox if one.label == "Class or group")
    assert chooser.options == ["Every class", "a", "b", "Sex=F", "Sex=M"]
    for page in ("audit/compare.py", "audit/mean_images.py", "audit/quality.py"):
        app = run_frame(page)
        next(one for one in app.selectbox if one.label == "Class or group").set_value("group:Sex=M")
        app.run()
        assert "group:Sex=M" in app.query_params["class"]
        assert not app.exception
        assert not app.error
