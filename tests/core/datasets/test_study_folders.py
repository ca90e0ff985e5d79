"""A study by roots: the same rules as by paths, there and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.datasets.study import Study
from core.datasets.study_folders import (
    StudyFolders,
    SyntheticFolder,
    add_synthetic,
    confine_to_roots,
    find_free_name,
    remove_synthetic,
)
from core.errors import InputError
from tests.studies import small_folders


def test_there_and_back(workspace: Path) -> None:
    folders = small_folders(workspace / "data")
    (workspace / "data" / "labels.csv").write_text("file,label\n")
    folders = folders.model_copy(
        update={"heldout": folders.real, "labels": FolderRef(root="data", path="labels.csv")}
    )
    study = folders.resolve(get_settings())
    assert study.real == (workspace / "data" / "real").resolve()
    assert study.labels == (workspace / "data" / "labels.csv").resolve()
    assert StudyFolders.describe(study, get_settings()) == folders


def test_folders_outside_of_every_root_are_refused(workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    study = Study.from_folders(real=tmp_path / "elsewhere", synthetic={"gan": tmp_path / "elsewhere"})
    with pytest.raises(InputError, match="MEDSYN_DATA_ROOTS"):
        StudyFolders.describe(study, get_settings())


def test_the_rules_of_names_are_those_of_a_study(workspace: Path) -> None:
    folders = small_folders(workspace / "data")
    with pytest.raises(ValidationError, match="must start with a letter"):
        SyntheticFolder(name="/etc", folder=folders.real)
    twice = (folders.synthetic[0], SyntheticFolder(name="GAN", folder=folders.real))
    with pytest.raises(ValidationError, match="Two synthetic sets"):
        StudyFolders(real=folders.real, synthetic=twice)


def test_a_study_may_begin_without_synthetic_sets_but_compares_nothing(workspace: Path) -> None:
    folders = small_folders(workspace / "data")
    alone = StudyFolders(real=folders.real, synthetic=())
    with pytest.raises(InputError, match="no synthetic set yet"):
        alone.resolve(get_settings())
    grown = add_synthetic(alone, "gan", folders.synthetic[0].folder)
    assert grown.resolve(get_settings()).synthetic[0].name == "gan"


def test_a_set_is_added_once_and_under_a_name_of_its_own(workspace: Path) -> None:
    folders = small_folders(workspace / "data")
    there = folders.synthetic[0]
    with pytest.raises(InputError, match="has these images already"):
        add_synthetic(folders, "other", there.folder)
    with pytest.raises(InputError, match="Two synthetic sets"):
        add_synthetic(folders, there.name.upper(), folders.real)
    with pytest.raises(InputError, match="must start with a letter"):
        add_synthetic(folders, "/etc", folders.real)
    assert add_synthetic(folders, "other", folders.real).synthetic[:-1] == folders.synthetic


def test_jobs_are_confined_to_all_roots(workspace: Path) -> None:
    (workspace / "data").parent.mkdir(parents=True, exist_ok=True)
    confined = confine_to_roots(get_settings()).confined_to
    parts = ("data", "demo/study", "generated")
    assert confined == tuple((workspace / part).resolve() for part in parts)


def test_a_root_that_links_to_itself_breaks_nothing(workspace: Path) -> None:
    workspace.mkdir(parents=True)
    (workspace / "data").symlink_to(workspace / "data")
    assert len(confine_to_roots(get_settings()).confined_to) == 3


def test_a_set_finds_a_free_name_and_goes_again() -> None:
    first, second = FolderRef(root="generated", path="a"), FolderRef(root="generated", path="b")
    folders = StudyFolders(real=FolderRef(root="data", path="real"), synthetic=())
    assert remove_synthetic(folders, first) == folders
    assert find_free_name(folders, "a/b: real?") == "a-b- real"
    one = add_synthetic(folders, find_free_name(folders, "GAN"), first)
    assert find_free_name(one, "gan") == "gan 2"
    two = add_synthetic(one, find_free_name(one, "gan"), second)
    assert find_free_name(two, "GAN") == "GAN 3"
    assert remove_synthetic(two, second) == one and remove_synthetic(one, first) == folders
    # A name that is as long as may be leaves room for its number.
    long = add_synthetic(folders, "x" * 80, first)
    assert find_free_name(long, "x" * 80) == "x" * 76 + " 2"
