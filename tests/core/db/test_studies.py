"""Studies: unique names, changes, removal and its undoing."""

from __future__ import annotations

import pytest

from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.db.database import Database
from core.db.studies import find_study, list_studies, load_study, remove_study, restore_study, save_study
from core.errors import InputError, UnknownNameError


def folders(name: str = "gan") -> StudyFolders:
    return StudyFolders(
        real=FolderRef(root="data", path="Röntgen/Zeile\neins"),
        heldout=FolderRef(root="other", path=""),
        synthetic=(SyntheticFolder(name=name, folder=FolderRef(root="data", path="gan")),),
    )


def test_a_study_comes_back_as_it_was_saved(database: Database) -> None:
    saved = save_study(database, name="  Chest   films ", folders=folders())
    assert saved.name == "Chest films"
    assert load_study(database, saved.id) == saved
    assert list_studies(database) == (saved,)


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\x07b"])
def test_names_are_checked(database: Database, name: str) -> None:
    with pytest.raises(InputError, match="1 to 80 printable characters"):
        save_study(database, name=name, folders=folders())


def test_names_are_unique_whatever_their_case(database: Database) -> None:
    first = save_study(database, name="Straße", folders=folders())
    with pytest.raises(InputError, match="called 'Straße' already"):
        save_study(database, name="STRASSE", folders=folders())
    changed = save_study(database, name="STRASSE", folders=folders(), study_id=first.id)
    assert (changed.id, changed.name) == (first.id, "STRASSE")


def test_a_change_is_dated_and_none_is_not(database: Database) -> None:
    first = save_study(database, name="A", folders=folders())
    assert save_study(database, name="A", folders=folders(), study_id=first.id).updated_at == first.updated_at
    changed = save_study(database, name="A", folders=folders("ddpm"), study_id=first.id)
    assert changed.updated_at > first.updated_at
    assert changed.created_at == first.created_at


def test_removing_can_be_undone_unless_the_name_is_taken(database: Database) -> None:
    first = save_study(database, name="A", folders=folders())
    remove_study(database, first.id)
    assert list_studies(database) == ()
    assert [one.id for one in list_studies(database, removed=True)] == [first.id]
    assert restore_study(database, first.id).removed_at is None
    assert list_studies(database) == (first,)
    remove_study(database, first.id)
    save_study(database, name="a", folders=folders())
    with pytest.raises(InputError, match="rename that one first"):
        restore_study(database, first.id)


def test_studies_are_found_by_name_or_id(database: Database) -> None:
    saved = save_study(database, name="Chest films", folders=folders())
    assert find_study(database, "chest FILMS") == saved
    assert find_study(database, saved.id) == saved
    with pytest.raises(UnknownNameError, match="there are: 'Chest films'"):
        find_study(database, "brain")


def test_a_study_that_is_not_there(database: Database) -> None:
    for ask in (load_study, remove_study, restore_study):
        with pytest.raises(UnknownNameError, match="no study 'zz'"):
            ask(database, "zz")
    with pytest.raises(UnknownNameError, match="no study 'zz'"):
        save_study(database, name="A", folders=folders(), study_id="zz")
