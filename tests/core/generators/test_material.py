"""What training images offer before any is opened, and what speaks against training on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.errors import ImageSetError, InputError, TooFewImagesError
from core.generators.cautions import check_material, find_cautions
from core.generators.dcgan_options import DcganOptions
from core.generators.material import TrainingMaterial, look_at_material
from tests.images import write_images

REAL = FolderRef(root="data", path="real")
PLENTY = TrainingMaterial(n_files=5_000, classes={"a": 2_500, "b": 2_500}, n_unlabelled=0, largest_px=64)
FINE = DcganOptions(size_px=64, n_images=100_000, batch_size=32)


def test_folders_are_classes_and_files_beside_them_have_none(workspace: Path) -> None:
    write_images(workspace / "data" / "real", 5, classes=("b", "a"), size=40)
    write_images(workspace / "data" / "real", 2)
    found = look_at_material(REAL, None, get_settings())
    assert (found.n_files, dict(found.classes), found.n_unlabelled) == (7, {"a": 2, "b": 3}, 2)
    assert list(found.classes) == ["a", "b"] and found.largest_px == 40
    assert (found.count(), found.count(("a",)), found.count(("a", "b", "gone"))) == (7, 2, 5)


def test_labels_name_classes_where_they_have_them(workspace: Path) -> None:
    write_images(workspace / "data" / "real", 4, classes=("x",))
    csv = workspace / "data" / "labels.csv"
    csv.write_text("file,label\n0000.png,sick\n0001.png,well\n0002.png,sick\n")
    labels = FolderRef(root="data", path="labels.csv")
    found = look_at_material(REAL, labels, get_settings())
    assert (dict(found.classes), found.n_unlabelled) == ({"sick": 2, "well": 1}, 1)
    csv.write_text("file,patient\n0000.png,7\n")
    assert dict(look_at_material(REAL, labels, get_settings()).classes) == {"x": 4}


def test_folders_outside_are_refused(workspace: Path, tmp_path: Path) -> None:
    write_images(tmp_path / "outside", 3)
    (workspace / "data").mkdir(parents=True)
    (workspace / "data" / "real").symlink_to(tmp_path / "outside")
    with pytest.raises(InputError):
        look_at_material(REAL, None, get_settings())


def test_enough_images_are_no_reason_to_warn() -> None:
    for options in (FINE, FINE.model_copy(update={"is_conditional": True, "classes": ("b",)})):
        check_material(options, PLENTY)
        assert find_cautions(options, PLENTY) == ()


@pytest.mark.parametrize(
    ("changes", "material", "words"),
    [
        (
            {"batch_size": 5_001, "n_images": 100_000},
            {},
            "A batch of 5,001 images is more than the 5,000 files",
        ),
        ({"n_images": 5_001_000}, {}, "Each of 5,000 files is shown 1,000 times"),
        ({"n_images": 4_900}, {}, "Only 4,928 images are shown"),
        ({"size_px": 128}, {"n_files": 999, "largest_px": 128}, "999 files are few for images of 128 pixels"),
        ({}, {"largest_px": 63}, "63 pixels at most, and are enlarged to 64"),
        ({"is_conditional": True}, {"n_unlabelled": 1}, "1 of 5,000 files has no class"),
        ({"is_conditional": True}, {"classes": {"a": 4_991, "b": 9}}, "Few files of b (9)"),
    ],
)
def test_each_caution_is_said_alone(
    changes: dict[str, object], material: dict[str, object], words: str
) -> None:
    from dataclasses import replace

    options, seen = FINE.model_copy(update=changes), replace(PLENTY, **material)
    check_material(options, seen)
    (caution,) = find_cautions(options, seen)
    assert words in caution


def test_what_training_would_refuse_is_refused_before() -> None:
    few = TrainingMaterial(n_files=7, classes={}, n_unlabelled=7, largest_px=64)
    with pytest.raises(TooFewImagesError, match="at least 8 training images, and there are 7"):
        check_material(FINE, few)
    with pytest.raises(ImageSetError, match="no class 'c'; its classes are: 'a', 'b'"):
        check_material(FINE.model_copy(update={"classes": ("a", "c")}), PLENTY)
    single = TrainingMaterial(n_files=101, classes={"a": 100, "b": 1}, n_unlabelled=0, largest_px=64)
    check_material(FINE, single)
    with pytest.raises(TooFewImagesError, match="The class 'b' has 1 training image"):
        check_material(FINE.model_copy(update={"is_conditional": True}), single)
    check_material(FINE.model_copy(update={"is_conditional": True, "classes": ("a",)}), single)
