"""Image sets: what is read, in which order, and what is left out with its reason."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import core.datasets.entry_reading as entry_reading
import core.datasets.scan as scan_module
from core.config import Settings, get_settings
from core.datasets.image_set import ImageSet, Role, find_duplicates
from core.datasets.labels import load_labels
from core.datasets.listing import list_files
from core.datasets.scan import scan_image_set
from core.errors import CancelledError, ImageSetError, InputError, OutsideRootError
from core.progress import SilentProgress
from tests.images import write_images, write_png

pytestmark = pytest.mark.usefixtures("workspace")


def scan(folder: Path, **options: object) -> ImageSet:
    return scan_image_set(folder, role=Role.REAL, name="real", **options)  # type: ignore[arg-type]


def test_order_is_that_of_ids_and_classes_are_sub_folders(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "set", 9, classes=("b", "a", "c/deep"))
    found = scan(folder)
    ids = [item.id for item in found.items]
    assert ids == sorted(ids)
    assert len(ids) == 9
    assert found.classes == ("a", "b", "c")
    assert found.count_classes() == {"a": 3, "b": 3, "c": 3}


def test_names_with_spaces_umlauts_and_newlines(tmp_path: Path) -> None:
    folder = tmp_path / "Röntgen set"
    for index, name in enumerate(["a b.png", "ü.png", "new\nline.png", "=sum.png"]):
        write_png(folder / name, np.full((4, 4), index, np.uint8))
    assert {item.id for item in scan(folder).items} == {"a b.png", "ü.png", "new\nline.png", "=sum.png"}


def test_a_name_that_is_not_utf8_still_fits_into_json(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "set", 2)
    try:
        (folder / b"caf\xe9.png".decode("utf-8", "surrogateescape")).write_bytes(
            (folder / "0000.png").read_bytes()
        )
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    found = scan(folder)
    assert "caf\\xe9.png" in [item.id for item in found.items]
    assert len(found.digest) == 64


def test_bad_files_are_listed_with_reasons_and_hidden_ones_passed_over(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "set", 3)
    (folder / "empty.png").touch()
    (folder / "notes.txt").write_text("hello")
    (folder / "cut.png").write_bytes((folder / "0000.png").read_bytes()[:-30])
    (folder / ".DS_Store").write_bytes(b"x")
    write_png(folder / ".cache" / "thumb.png", np.zeros((4, 4), np.uint8))
    found = scan(folder)
    assert len(found) == 3
    assert [bad.id for bad in found.unreadable] == ["cut.png", "empty.png", "notes.txt"]
    assert "empty" in found.unreadable[1].reason
    assert "text" in found.unreadable[2].reason


def test_content_decides_not_the_name(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "set", 2)
    (folder / "0000.png").rename(folder / "no_extension")
    assert {item.id for item in scan(folder).items} == {"0001.png", "no_extension"}


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_images_end_the_scan(tmp_path: Path, n: int) -> None:
    folder = write_images(tmp_path / "set", n)
    folder.mkdir(exist_ok=True)
    (folder / "bad.png").touch()
    with pytest.raises(ImageSetError, match=rf"{n} readable image.*bad\.png: the file is empty"):
        scan(folder)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageSetError, match=r"not there.*nowhere"):
        scan(tmp_path / "nowhere")


def test_class_names_keep_and_complain(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "set", 9, classes=("a", "b", "c"))
    assert scan(folder, class_names=("a", "c")).classes == ("a", "c")
    with pytest.raises(ImageSetError, match=r"no class 'd'; its classes are: a, b, c"):
        scan(folder, class_names=("a", "d"))


def test_a_second_scan_decodes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_images(tmp_path / "set", 6)
    first = scan(folder)
    moved = folder.rename(tmp_path / "moved")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr(entry_reading, "decode_image", refuse)
    second = scan(moved)
    assert [item.digest for item in second.items] == [item.digest for item in first.items]
    assert [item.facts for item in second.items] == [item.facts for item in first.items]
    assert second.digest == first.digest


def test_same_name_with_other_content_is_another_set(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "set", 3, seed=1)
    first = scan(folder)
    shutil.rmtree(folder)
    write_images(folder, 3, seed=2)
    assert scan(folder).digest != first.digest


def test_limits_apply_also_to_what_was_scanned_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_images(tmp_path / "set", 3, size=32)
    write_png(folder / "small.png", np.zeros((4, 4), np.uint8))
    write_png(folder / "small2.png", np.ones((4, 4), np.uint8))
    assert len(scan(folder)) == 5
    monkeypatch.setenv("MEDSYN_MAX_PIXELS", "100")
    get_settings.cache_clear()
    found = scan(folder)
    assert [item.id for item in found.items] == ["small.png", "small2.png"]
    assert "over the limit of 100" in found.unreadable[0].reason


def test_duplicates_within_and_across_sets(tmp_path: Path) -> None:
    real = write_images(tmp_path / "real", 4, seed=1)
    shutil.copy(real / "0001.png", real / "again.png")
    synthetic = write_images(tmp_path / "synthetic", 4, seed=2)
    from PIL import Image

    Image.open(real / "0002.png").save(synthetic / "other_format.bmp")
    sets = [scan(real), scan_image_set(synthetic, role=Role.SYNTHETIC, name="gan")]
    groups = {group.members: group.same_bytes for group in find_duplicates(sets)}
    assert groups == {
        (("real", "0001.png"), ("real", "again.png")): True,
        (("real", "0002.png"), ("gan", "other_format.bmp")): False,
    }


def test_labels_csv_gives_classes_and_patients(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "set", 4)
    table = tmp_path / "labels.csv"
    table.write_text("File,Label,Patient\n0000.png,a,p1\nset/0001.png,b,p1\n./0002.png,a,p2\nelse.png,a,p3\n")
    found = scan(folder, labels=load_labels(table))
    assert [(item.label, item.patient) for item in found.items] == [
        ("a", "p1"),
        ("b", "p1"),
        ("a", "p2"),
        (None, None),
    ]
    assert found.warnings == ("1 of 4 images have no class in labels.csv.",)


def test_patients_alone_leave_classes_to_folders(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "set", 4, classes=("x", "y"))
    table = tmp_path / "patients.csv"
    table.write_text("file,patient\nx/0000.png,p1\n")
    found = scan(folder, labels=load_labels(table))
    assert found.classes == ("x", "y")
    assert [item.patient for item in found.items] == ["p1", None, None, None]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name,label\nx,a\n", "needs a column 'file'"),
        ("file,note\nx,a\n", "one of 'label', 'patient'"),
        ("file,label\nx,a\nx,b\n", r"twice for one file \(line 3\)"),
        ("file,label\nx,a, left\n", "Line 2.*3 fields"),
        ("", "needs a column 'file'"),
        ('file,label\n"x,a\n', "damaged"),
    ],
    ids=["no-file", "no-label", "twice", "comma", "empty", "quote"],
)
def test_bad_labels_say_what_to_change(tmp_path: Path, text: str, reason: str) -> None:
    table = tmp_path / "labels.csv"
    table.write_text(text)
    with pytest.raises(ImageSetError, match=reason):
        load_labels(table)


def test_scanning_counts_every_file_and_can_be_cancelled(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "set", 6)
    shutil.copy(folder / "0001.png", folder / "copy.png")
    (folder / "bad.png").touch()

    class Counting(SilentProgress):
        total = done = 0

        def start(self, stage: str, total: int, unit: str = "images") -> None:
            self.total = total

        def advance(self, steps: int = 1) -> None:
            self.done += steps

    progress = Counting()
    scan(folder, progress=progress)
    assert (progress.total, progress.done) == (8, 8)

    class Cancelling(SilentProgress):
        def advance(self, steps: int = 1) -> None:
            raise CancelledError("stop")

    with pytest.raises(CancelledError):
        scan(folder, progress=Cancelling())


def test_a_labels_file_without_a_header_does_not_show_its_first_row(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("0000.png,SECRET^NAME\n")
    with pytest.raises(ImageSetError) as caught:
        load_labels(table)
    assert "SECRET" not in str(caught.value)


def test_trailing_commas_and_roundabout_paths_in_a_labels_file(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "sets" / "real", 2)
    table = tmp_path / "tables" / "labels.csv"
    table.parent.mkdir()
    table.write_text("file,label\n../sets/real//0000.png,a,\n0001.png,b,\n")
    assert [item.label for item in scan(folder, labels=load_labels(table)).items] == ["a", "b"]


def test_linked_folders_are_read_and_links_in_a_circle_are_listed(tmp_path: Path) -> None:
    elsewhere = write_images(tmp_path / "elsewhere", 3)
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "class").symlink_to(elsewhere, target_is_directory=True)
    (elsewhere / "round").symlink_to(folder, target_is_directory=True)
    found = scan(folder)
    assert [item.id for item in found.items] == ["class/0000.png", "class/0001.png", "class/0002.png"]
    assert [(bad.id, "link" in bad.reason) for bad in found.unreadable] == [("class/round", True)]


def test_hidden_files_are_counted(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "set", 2)
    shutil.copy(folder / "0000.png", folder / ".0000.png")
    write_images(folder / ".hidden", 2)
    (folder / ".DS_Store").touch()
    assert scan(folder).warnings == (
        "2 hidden files or folders were passed over (names that begin with a dot).",
    )


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root may open every folder")
def test_a_folder_that_cannot_be_opened_is_listed(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "set", 2)
    closed = write_images(folder / "closed", 2)
    closed.chmod(0)
    try:
        assert [bad.id for bad in scan(folder).unreadable] == ["closed"]
    finally:
        closed.chmod(0o700)


def test_a_name_too_long_for_the_disk_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ImageSetError, match="not there"):
        scan(tmp_path / ("a" * 300))


def confined(*roots: Path) -> Settings:
    return replace(get_settings(), confined_to=roots)


def test_links_out_of_the_root_are_listed_and_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    folder = write_images(root / "set", 3)
    outside = write_images(tmp_path / "outside", 2, seed=5)
    write_images(root / "shared", 2, seed=6)
    (folder / "out.png").symlink_to(outside / "0000.png")
    (folder / "class").symlink_to(outside)
    (folder / "chain").symlink_to(root / "hop")
    (root / "hop").symlink_to(outside)
    (folder / "within").symlink_to("../shared")
    (folder / "dangling.png").symlink_to("gone.png")
    found = scan(folder, settings=confined(root))
    assert [item.id for item in found.items] == [
        "0000.png", "0001.png", "0002.png", "within/0000.png", "within/0001.png",
    ]  # fmt: skip
    assert {bad.id: bad.reason for bad in found.unreadable} == {
        "out.png": "it is a link that leads out of its folder root",
        "class": "it is a link that leads out of its folder root",
        "chain": "it is a link that leads out of its folder root",
        "dangling.png": "it is not a regular file, or a link that leads nowhere",
    }
    # Without roots, links are followed as ever.
    assert len(scan(folder)) == 10


def test_confined_and_free_scans_are_equal_where_nothing_leads_out(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "set", 6, classes=("a", "b"))
    (folder / "bad.png").touch()
    assert scan(folder, settings=confined(tmp_path)) == scan(folder)


@pytest.mark.parametrize("through", ["name", "link"])
def test_a_set_outside_of_the_roots_is_refused(tmp_path: Path, through: str) -> None:
    folder = write_images(tmp_path / "outside", 2)
    (tmp_path / "root").mkdir()
    if through == "link":
        (tmp_path / "root" / "set").symlink_to(folder)
        folder = tmp_path / "root" / "set"
    with pytest.raises(ImageSetError, match=r"outside the folder roots.*MEDSYN_DATA_ROOTS"):
        scan(folder, settings=confined(tmp_path / "root"))


def test_a_file_swapped_for_a_link_after_listing_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_images(tmp_path / "root" / "set", 4)
    outside = write_images(tmp_path / "outside", 1, seed=5)
    listed = scan_module.list_files

    def list_then_swap(*arguments: Path, **options: tuple[Path, ...]) -> object:
        found = listed(*arguments, **options)
        (folder / "0002.png").unlink()
        (folder / "0002.png").symlink_to(outside / "0000.png")
        return found

    monkeypatch.setattr(scan_module, "list_files", list_then_swap)
    found = scan(folder, settings=confined(tmp_path / "root"))
    assert [item.id for item in found.items] == ["0000.png", "0001.png", "0003.png"]
    assert [(bad.id, "outside its folder root" in bad.reason) for bad in found.unreadable] == [
        ("0002.png", True)
    ]


def test_a_folder_swapped_for_a_link_while_it_is_listed_tells_no_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_images(tmp_path / "root" / "set", 3, classes=("a",))
    outside = write_images(tmp_path / "outside", 1, seed=5)
    walk = os.walk

    def walk_and_swap(top: Path, **options: object) -> Iterator[tuple[str, list[str], list[str]]]:
        for entry in walk(top, **options):  # type: ignore[call-overload]
            yield entry
            if not (folder / "a").is_symlink():
                (folder / "a").rename(tmp_path / "moved")
                (folder / "a").symlink_to(outside)

    monkeypatch.setattr("core.datasets.listing.os.walk", walk_and_swap)
    files, closed, _ = list_files(folder, confined_to=(tmp_path / "root",))
    assert files == []
    assert [bad.id for bad in closed] == ["a"]


def test_labels_are_confined_too(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.csv").write_text("file,label\nx.png,a\n")
    (root / "own.csv").write_text("\ufefffile,label\nx.png,ü\n", encoding="utf-8")
    (root / "out.csv").symlink_to(tmp_path / "secret.csv")
    (root / "within.csv").symlink_to("own.csv")
    assert load_labels(root / "within.csv", (root,)).rows == load_labels(root / "own.csv").rows
    assert load_labels(root / "out.csv").rows["x.png"].label == "a"
    for path in (root / "out.csv", tmp_path / "secret.csv"):
        with pytest.raises(OutsideRootError):
            load_labels(path, (root,))
    with pytest.raises(ImageSetError, match="cannot be read as a CSV"):
        load_labels(root / "gone.csv", (root,))
    with pytest.raises(InputError, match="not a regular file"):
        load_labels(root, (root,))


def test_labels_may_come_out_of_a_pipe_on_the_command_line(tmp_path: Path) -> None:
    pipe = tmp_path / "labels"
    os.mkfifo(pipe)
    writing = threading.Thread(target=pipe.write_text, args=("file,label\nx.png,a\n",))
    writing.start()
    assert load_labels(pipe).rows["x.png"].label == "a"
    writing.join()
