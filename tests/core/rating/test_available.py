"""How many images there are, and how a session is spread over them by default."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.errors import InputError
from core.rating.available import AvailableImages, count_available, propose_counts, spread_over_classes
from core.rating.design import RealSource, SessionDesign, Task
from tests.images import write_images

REFS = {name: FolderRef(root="data", path=name) for name in ("real", "heldout", "gan", "ddpm")}
FOLDERS = StudyFolders(
    real=REFS["real"],
    heldout=REFS["heldout"],
    synthetic=tuple(SyntheticFolder(name=name, folder=REFS[name]) for name in ("gan", "ddpm")),
)
HUNDREDS = AvailableImages(
    train={"a": 900, "b": 900},
    heldout={"a": 200, "b": 100},
    synthetic={"gan": {"a": 100, "b": 100}, "ddpm": {"a": 100, "b": 100}, "vae": {"a": 100, "b": 100}},
)


def count(counts: tuple, which: str | None) -> Counter:  # type: ignore[type-arg]  # of classes
    return Counter({one.class_name: one.n for one in counts if one.synthetic == which})


def test_files_are_counted_by_sub_folder(workspace: Path) -> None:
    data = get_settings().home / "data"
    write_images(data / "real", 7, classes=("a", "b"))
    write_images(data / "heldout", 3)
    write_images(data / "gan", 4, classes=("b",))
    write_images(data / "ddpm", 2)
    found = count_available(FOLDERS, get_settings())
    assert found.train == {"a": 4, "b": 3} and found.heldout == {None: 3}
    assert found.synthetic == {"gan": {"b": 4}, "ddpm": {None: 2}}
    # Two sets have no classes: the others' cannot be matched.
    assert found.classes == () and found.merge_classes().synthetic == {"gan": {None: 4}, "ddpm": {None: 2}}
    assert HUNDREDS.classes == ("a", "b") and HUNDREDS.merge_classes().train == {None: 1800}
    assert found.real(RealSource.HELDOUT) == {None: 3}
    assert found.real(RealSource.TRAIN) == {"a": 4, "b": 3}


def test_a_labels_csv_names_the_classes(workspace: Path) -> None:
    data = get_settings().home / "data"
    for name in ("real", "gan", "ddpm"):
        write_images(data / name, 3)
    (data / "labels.csv").write_text("file,label\nreal/0000.png,x\ngan/0001.png,y\n")
    folders = FOLDERS.model_copy(
        update={"labels": FolderRef(root="data", path="labels.csv"), "heldout": None}
    )
    found = count_available(folders, get_settings())
    assert found.train == {"x": 1, None: 2} and found.heldout == {}
    assert found.synthetic == {"gan": {"y": 1, None: 2}, "ddpm": {None: 3}}


def test_a_folder_that_is_gone_is_named(workspace: Path) -> None:
    write_images(get_settings().home / "data" / "real", 2)
    with pytest.raises(InputError, match="heldout"):
        count_available(FOLDERS, get_settings())


def test_half_is_real_and_both_halves_are_even() -> None:
    counts = propose_counts(
        HUNDREDS, synthetic=["gan", "ddpm", "vae"], classes=["a", "b"], real_source=RealSource.HELDOUT
    )
    assert count(counts, None) == {"a": 15, "b": 15}
    each = [count(counts, name) for name in ("gan", "ddpm", "vae")]
    assert [one.total() for one in each] == [10, 10, 10] and sum(each, Counter()) == {"a": 15, "b": 15}
    assert SessionDesign(counts=counts).n_trials == 60


def test_sets_without_a_class_give_what_they_have() -> None:
    scarce = AvailableImages(
        train={"a": 3, "b": 50}, heldout={}, synthetic={"gan": {"b": 4}, "vae": {"a": 9}}
    )
    counts = propose_counts(
        scarce, synthetic=["gan", "vae"], classes=["a", "b"], real_source=RealSource.TRAIN
    )
    assert count(counts, None) == {"a": 3, "b": 27}
    assert count(counts, "gan") == {"b": 4} and count(counts, "vae") == {"a": 9}


def test_pairs_take_as_many_real_images_of_each_class() -> None:
    scarce = AvailableImages(train={}, heldout={"a": 20, "b": 5}, synthetic=HUNDREDS.synthetic)
    counts = propose_counts(
        scarce, synthetic=["gan", "vae"], classes=["a", "b"], real_source=RealSource.HELDOUT, task=Task.PAIR
    )
    fakes = count(counts, "gan") + count(counts, "vae")
    assert count(counts, None) == fakes == {"a": 20, "b": 5}


def test_nothing_is_proposed_where_nothing_is() -> None:
    assert propose_counts(HUNDREDS, synthetic=[], classes=["c"], real_source=RealSource.TRAIN) == ()


def test_a_number_is_spread_evenly_below_its_caps() -> None:
    assert spread_over_classes({"a": 9, "b": 1, None: 9}, 8) == {"a": 4, "b": 1, None: 3}
    assert spread_over_classes({"a": 2}, 5) == {"a": 2}
