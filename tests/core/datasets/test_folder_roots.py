"""Folder roots: what can be named, found and listed below them, and how quickly."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

import core.datasets.folder_tree as folder_tree
from core.config import DataRoot, Settings, get_settings
from core.datasets.folder_roots import FolderRef, describe_folder, resolve_file, resolve_folder
from core.datasets.folder_tree import FolderListing, list_label_files, list_subfolders
from core.errors import InputError, OutsideRootError, UnknownNameError

pytestmark = pytest.mark.usefixtures("workspace")

IS_ROOT = getattr(os, "geteuid", lambda: 0)() == 0
# Composed and decomposed umlauts are two names; 255 bytes are the longest.
ODD_NAMES = [
    "a b", " lead", "trail ", "ü", "u\u0308", "new\nline", "tab\there", "-rf", "--", "😀", "a\\b", "..\\..", "...",
    "%2e%2e", "a;b&c", "'\"", "<b>", "ß" * 127, "x" * 255,
]  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    return root


@pytest.fixture
def settings(root: Path) -> Settings:
    return replace(
        get_settings(), data_roots=(DataRoot("data", root), DataRoot("demo", root.parent / "demo"))
    )


def ref(path: str = "", root: str = "data") -> FolderRef:
    return FolderRef(root=root, path=path)


def names(listing: FolderListing) -> list[str]:
    return [one.name for one in listing.subfolders]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ""),
        ("a//b/", "a/b"),
        ("./a/./b", "a/b"),
        (".", ""),
        ("a b/ü\n", "a b/ü\n"),
        ("a\\..\\b", "a\\..\\b"),
    ],
)
def test_paths_are_normalised(given: str, kept: str) -> None:
    assert ref(given).path == kept
    assert FolderRef.model_validate_json(ref(given).model_dump_json()) == ref(kept)


@pytest.mark.parametrize("bad", ["/etc", "//etc", "..", "a/../..", "a/..", "../a", "a\0b", "caf\udce9"])
def test_paths_that_lead_elsewhere_are_refused(bad: str) -> None:
    with pytest.raises(ValidationError):
        ref(bad)


def test_a_reference_is_frozen_and_can_be_a_key() -> None:
    assert len({ref("a"), ref("a/"), ref("b")}) == 2
    with pytest.raises(ValidationError):
        ref("a").path = "/etc"  # type: ignore[misc]
    assert ref().child("a").child("b") == ref("a/b")


def test_a_path_that_slipped_past_validation_is_still_refused(root: Path, settings: Settings) -> None:
    for bad in ("/etc", "../demo", "a/../../demo"):
        with pytest.raises(OutsideRootError):
            resolve_folder(FolderRef.model_construct(root="data", path=bad), settings)


def test_folders_and_files_resolve(root: Path, settings: Settings) -> None:
    (root / "set").mkdir()
    (root / "labels.csv").write_text("file,label\n")
    assert resolve_folder(ref(), settings) == root
    assert resolve_folder(ref("set"), settings) == root / "set"
    assert resolve_file(ref("labels.csv"), settings) == root / "labels.csv"
    with pytest.raises(InputError, match=r"'data/labels\.csv' is not a folder"):
        resolve_folder(ref("labels.csv"), settings)
    with pytest.raises(InputError, match="'data/set' is not a regular file"):
        resolve_file(ref("set"), settings)
    with pytest.raises(InputError, match="'gone' is not there"):
        resolve_folder(ref("gone"), settings)


def test_an_unknown_root_lists_the_known_ones(settings: Settings) -> None:
    with pytest.raises(UnknownNameError, match=r"'other'; known are: data, demo"):
        resolve_folder(ref(root="other"), settings)


def test_a_missing_root_names_the_variable(settings: Settings) -> None:
    with pytest.raises(InputError, match=r"'demo' is not there.*MEDSYN_DATA_ROOTS"):
        list_subfolders(ref(root="demo"), settings)


def test_links_out_are_refused_and_links_within_followed(root: Path, settings: Settings) -> None:
    (root.parent / "outside" / "deep").mkdir(parents=True)
    (root.parent / "outside" / "labels.csv").write_text("file,label\n")
    (root / "set").mkdir()
    (root / "within").symlink_to("set")
    (root / "out").symlink_to(root.parent / "outside")
    (root / "chain").symlink_to("out/deep")
    (root / "labels.csv").symlink_to(root.parent / "outside" / "labels.csv")
    assert resolve_folder(ref("within"), settings) == root / "set"
    for path in ("out", "out/deep", "chain"):
        with pytest.raises(OutsideRootError):
            resolve_folder(ref(path), settings)
    with pytest.raises(OutsideRootError):
        resolve_file(ref("labels.csv"), settings)
    listing = list_subfolders(ref(), settings)
    assert [(one.name, one.pickable) for one in listing.subfolders] == [
        ("chain", False),
        ("out", False),
        ("set", True),
        ("within", True),
    ]
    assert "leads out" in listing.subfolders[0].reason


def test_a_folder_swapped_for_a_link_while_it_is_listed_tells_no_names(
    root: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root.parent / "outside" / "patient name").mkdir(parents=True)
    (root / "set").mkdir()
    scan = os.scandir

    def swap_first(folder: Path) -> object:
        (root / "set").rmdir()
        (root / "set").symlink_to(root.parent / "outside")
        return scan(folder)

    monkeypatch.setattr(folder_tree.os, "scandir", swap_first)
    with pytest.raises(OutsideRootError):
        list_subfolders(ref("set"), settings)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_listed_picked_and_described_as_they_are(
    root: Path, settings: Settings, name: str
) -> None:
    try:
        (root / name / "inner").mkdir(parents=True)
    except OSError:
        pytest.skip("this file system takes no such names")
    if name.startswith("."):
        assert names(list_subfolders(ref(), settings)) == []  # hidden, though it can still be named
    else:
        assert names(list_subfolders(ref(), settings)) == [name]
        assert list_subfolders(ref(), settings).subfolders[0].pickable
    chosen = ref().child(name).child("inner")
    assert resolve_folder(chosen, settings) == root / name / "inner"
    assert describe_folder(root / name / "inner", settings) == chosen
    assert FolderRef.model_validate_json(chosen.model_dump_json()) == chosen


def test_composed_and_decomposed_umlauts_are_two_folders_found_by_either(
    root: Path, settings: Settings
) -> None:
    (root / "Röntgen").mkdir()
    (root / "Ro\u0308ntgen").mkdir(exist_ok=True)
    if len(list(root.iterdir())) == 1:
        pytest.skip("this file system takes them for one name")
    for text in ("RÖNT", "ro\u0308"):
        assert len(list_subfolders(ref(), settings, containing=text).subfolders) == 2
    assert resolve_folder(ref("Röntgen"), settings) != resolve_folder(ref("Ro\u0308ntgen"), settings)


def test_names_that_are_not_utf8_are_shown_and_cannot_be_picked(root: Path, settings: Settings) -> None:
    try:
        (root / os.fsdecode(b"caf\xe9")).mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    (root / os.fsdecode(b"caf\xe9.csv")).touch()
    only = list_subfolders(ref(), settings).subfolders[0]
    assert (only.name, only.pickable) == ("caf\\xe9", False)
    assert "UTF-8" in only.reason
    assert list_label_files(ref(), settings) == ()
    with pytest.raises(InputError, match="UTF-8") as caught:
        describe_folder(root / os.fsdecode(b"caf\xe9"), settings)
    str(caught.value).encode()


def test_order_is_natural_and_ignores_case(root: Path, settings: Settings) -> None:
    for name in ("set 10", "Set 9", "set 1", "alpha", "Beta", "10", "9", "²", "0001", "1"):
        (root / name).mkdir()
    assert names(list_subfolders(ref(), settings)) == [
        "0001", "1", "9", "10", "alpha", "Beta", "set 1", "Set 9", "set 10", "²",
    ]  # fmt: skip


def test_files_are_counted_hidden_things_are_not(root: Path, settings: Settings) -> None:
    for name in ("a.png", "b.png", ".hidden.png"):
        (root / name).touch()
    (root / "linked.png").symlink_to("a.png")
    (root / "dangling.png").symlink_to("gone")
    (root / "circle").symlink_to("circle")
    (root / ".git").mkdir()
    (root / "set").mkdir()
    listing = list_subfolders(ref(), settings)
    assert (names(listing), listing.n_files, listing.truncated) == (["set"], 5, False)


def test_filter_and_limit(root: Path, settings: Settings) -> None:
    for index in range(30):
        (root / f"Set {index}").mkdir()
    listing = list_subfolders(ref(), settings, limit=10)
    assert names(listing) == [f"Set {index}" for index in range(10)]
    assert (listing.truncated, listing.n_subfolders) == (True, 30)
    listing = list_subfolders(ref(), settings, limit=10, containing="t 2")
    assert names(listing) == ["Set 2", *(f"Set {index}" for index in range(20, 29))]
    assert (listing.truncated, listing.n_subfolders) == (True, 11)
    assert names(list_subfolders(ref(), settings, containing="[.*")) == []


@pytest.mark.skipif(IS_ROOT, reason="root may open every folder")
def test_closed_folders_are_shown_and_cannot_be_picked(root: Path, settings: Settings) -> None:
    (root / "closed" / "inner").mkdir(parents=True)
    (root / "closed").chmod(0)
    try:
        only = list_subfolders(ref(), settings).subfolders[0]
        assert (only.pickable, "permissions" in only.reason) == (False, True)
        with pytest.raises(InputError, match="Permission denied"):
            list_subfolders(ref("closed"), settings)
        with pytest.raises(InputError, match="Permission denied"):
            list_subfolders(ref("closed/inner"), settings)
    finally:
        (root / "closed").chmod(0o700)


def test_describing_finds_the_innermost_root(root: Path, settings: Settings) -> None:
    (root / "inner" / "set").mkdir(parents=True)
    (root / "alias").symlink_to("inner/set")
    (root.parent / "linked root").symlink_to(root / "inner")
    assert describe_folder(root, settings) == ref()
    assert describe_folder(root / "alias", settings) == ref("inner/set")
    nested = replace(
        settings, data_roots=(*settings.data_roots, DataRoot("nested", root.parent / "linked root"))
    )
    assert describe_folder(root / "inner" / "set", nested) == ref("set", root="nested")
    assert resolve_folder(ref("set", root="nested"), nested) == root / "inner" / "set"


def test_describing_what_lies_below_no_root_says_what_to_do(root: Path, settings: Settings) -> None:
    outside = root.parent / "root2"
    outside.mkdir()
    (root / "out").symlink_to(outside)
    for path in (outside, root / "out"):
        with pytest.raises(
            InputError, match=r"none of the folder roots \(data, demo\); add .*MEDSYN_DATA_ROOTS"
        ):
            describe_folder(path, settings)
    (root / "circle").symlink_to("circle")
    for path in (root / "gone", root / "circle"):
        with pytest.raises(InputError, match="not there"):
            describe_folder(path, settings)


def test_label_files_are_csv_files_that_resolve(root: Path, settings: Settings) -> None:
    (root.parent / "secret.csv").write_text("file,label\n")
    folder = root / "study ü"
    (folder / "folder.csv").mkdir(parents=True)
    for name in ("labels 10.csv", "labels 9.CSV", "notes.txt", ".hidden.csv"):
        (folder / name).write_text("file,label\n")
    os.mkfifo(folder / "pipe.csv")
    (folder / "linked.csv").symlink_to("labels 10.csv")
    (folder / "out.csv").symlink_to(root.parent / "secret.csv")
    (folder / "dangling.csv").symlink_to("gone.csv")
    (folder / "circle.csv").symlink_to("circle.csv")
    found = list_label_files(ref("study ü"), settings)
    assert found == ("study ü/labels 9.CSV", "study ü/labels 10.csv", "study ü/linked.csv")
    assert [resolve_file(ref(path), settings).name for path in found] == [
        "labels 9.CSV", "labels 10.csv", "labels 10.csv",
    ]  # fmt: skip
    for index in range(60):
        (root / f"{index}.csv").touch()
    assert list_label_files(ref(), settings) == tuple(f"{index}.csv" for index in range(50))


@pytest.mark.alone
def test_a_folder_of_fifty_thousand_files_is_listed_at_once(root: Path, settings: Settings) -> None:
    folder = root / "large"
    (folder / "class").mkdir(parents=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        for index in range(50_000):
            os.close(os.open(f"{index}.png", os.O_CREAT | os.O_WRONLY, dir_fd=handle))
    finally:
        os.close(handle)
    started = time.perf_counter()
    listing = list_subfolders(ref("large"), settings)
    assert time.perf_counter() - started < 1
    assert (names(listing), listing.n_files) == (["class"], 50_000)


@pytest.mark.alone
def test_a_folder_of_twenty_thousand_folders_is_listed_at_once(root: Path, settings: Settings) -> None:
    for index in range(20_000):
        (root / f"case {index}").mkdir()
    started = time.perf_counter()
    listing = list_subfolders(ref(), settings)
    assert time.perf_counter() - started < 1
    assert (listing.n_subfolders, len(listing.subfolders), listing.truncated) == (20_000, 500, True)
    assert names(listing)[:12:11] == ["case 0", "case 11"]
