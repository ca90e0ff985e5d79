"""The first look at a folder: what is counted, what is shown, and that nothing bad is opened."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import core.datasets.preview as preview_module
from core.config import DataRoot, Settings, get_settings
from core.datasets.dicom_series import DicomSeries
from core.datasets.folder_roots import FolderRef
from core.datasets.image_set import Role
from core.datasets.preview import FolderPreview, preview_folder
from core.datasets.scan import scan_image_set
from core.errors import InputError, OutsideRootError
from tests.images import write_images, write_png
from tests.volumes import write_series, write_volumes

pytestmark = pytest.mark.usefixtures("workspace")


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


def preview(settings: Settings, path: str = "set", **options: float) -> FolderPreview:
    return preview_folder(FolderRef(root="data", path=path), settings, **{"budget_s": 60, **options})  # type: ignore[arg-type]


def open_png(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    assert picture.format == "PNG"
    return picture


def test_counts_classes_and_samples_spread_over_them(root: Path, settings: Settings) -> None:
    write_images(root / "set" / "large", 40, seed=1)
    write_images(root / "set" / "small", 2, seed=2)
    write_images(root / "set" / "deep" / "er", 20, seed=3)
    write_images(root / "set", 10, seed=4)
    found = preview(settings)
    assert (found.n_files, found.n_looked_at, len(found.thumbnails)) == (72, 12, 12)
    assert found.classes == {None: 10, "deep": 20, "large": 40, "small": 2}
    labels = [one.label for one in found.thumbnails]
    assert {label: labels.count(label) for label in set(labels)} == {
        None: 4,
        "deep": 3,
        "large": 3,
        "small": 2,
    }
    large = [int(one.id[6:10]) for one in found.thumbnails if one.label == "large"]
    assert large == [6, 20, 33]
    assert (found.formats, found.widths, found.heights) == ({"PNG": 12}, (32, 32), (32, 32))
    assert found.problems == ()
    assert found == preview(settings)


def test_more_classes_than_samples(root: Path, settings: Settings) -> None:
    write_images(root / "set", 60, classes=tuple(f"c{index:02d}" for index in range(30)))
    found = preview(settings, n_samples=5)
    assert [one.label for one in found.thumbnails] == ["c03", "c09", "c15", "c21", "c27"]
    assert preview(settings, n_samples=0).thumbnails == ()


def test_the_counts_are_those_of_a_scan(root: Path, settings: Settings) -> None:
    folder = write_images(root / "set", 12, classes=("b", "a"))
    (folder / "bad.png").touch()
    write_png(folder / ".hidden.png", np.zeros((4, 4), np.uint8))
    found = preview(settings, n_samples=100)
    scanned = scan_image_set(folder, role=Role.REAL, name="real", settings=settings)
    assert {label: n for label, n in found.classes.items() if label} == scanned.count_classes()
    assert found.problems == scanned.unreadable
    assert found.n_hidden == 1
    assert [one.id for one in found.thumbnails] == [item.id for item in scanned.items]


@pytest.mark.parametrize(
    ("shape", "small"),
    [((400, 200), (160, 80)), ((100, 1000), (16, 160)), ((40, 60), (40, 60)), ((1, 3000), (1, 160))],
)
def test_thumbnails_keep_the_shape_and_are_not_enlarged(
    root: Path, settings: Settings, shape: tuple[int, int], small: tuple[int, int]
) -> None:
    write_png(root / "set" / "a.png", np.full(shape, 99, np.uint8))
    (only,) = preview(settings).thumbnails
    assert (only.height, only.width) == shape
    picture = open_png(only.png)
    assert (picture.height, picture.width) == small
    assert picture.getextrema() == (99, 99)
    assert max(open_png(preview(settings, thumbnail_px=8).thumbnails[0].png).size) == 8


def test_deep_images_are_scaled_by_their_own_range_and_colour_stays(root: Path, settings: Settings) -> None:
    ramp = np.linspace(1000, 5000, 64 * 64).astype(np.uint16).reshape(64, 64)
    write_png(root / "set" / "deep.png", ramp)
    np.save(root / "set" / "float.npy", ramp.astype(np.float64))
    write_png(root / "set" / "red.png", np.full((8, 8, 3), (200, 10, 30), np.uint8))
    deep, real, red = preview(settings).thumbnails
    for one in (deep, real):
        assert open_png(one.png).mode == "L"
        assert open_png(one.png).getextrema() == (0, 255)
    assert open_png(red.png).getpixel((0, 0)) == (200, 10, 30)


def test_bad_files_give_reasons(root: Path, settings: Settings) -> None:
    folder = write_images(root / "set", 3)
    (folder / "empty.png").touch()
    (folder / "notes.txt").write_text("hello")
    (folder / "cut.png").write_bytes((folder / "0000.png").read_bytes()[:-30])
    (folder / "huge.png").write_bytes((folder / "0000.png").read_bytes() + b"\0" * 5000)
    write_png(folder / "wide.png", np.zeros((1, 2000), np.uint8))
    os.mkfifo(folder / "pipe.png")
    (folder / "dangling.png").symlink_to("gone.png")
    found = preview(replace(settings, max_pixels=1999, max_file_bytes=4000))
    assert [one.id for one in found.thumbnails] == ["0000.png", "0001.png", "0002.png"]
    reasons = {bad.id: bad.reason for bad in found.problems}
    assert list(reasons) == sorted(
        ["cut.png", "dangling.png", "empty.png", "huge.png", "notes.txt", "pipe.png", "wide.png"]
    )
    assert "MEDSYN_MAX_FILE_BYTES" in reasons["huge.png"]
    assert "over the limit of 1,999" in reasons["wide.png"]


def test_links_out_are_problems_and_never_shown(root: Path, settings: Settings) -> None:
    outside = write_images(root.parent / "outside", 3, seed=7)
    folder = write_images(root / "set", 2)
    (folder / "out.png").symlink_to(outside / "0000.png")
    (folder / "class").symlink_to(outside)
    found = preview(settings)
    assert (found.n_files, [one.id for one in found.thumbnails]) == (2, ["0000.png", "0001.png"])
    assert [(bad.id, "leads out" in bad.reason) for bad in found.problems] == [
        ("class", True),
        ("out.png", True),
    ]
    (root / "linked set").symlink_to(outside)
    with pytest.raises(OutsideRootError):
        preview(settings, "linked set")
    with pytest.raises(InputError, match="not there"):
        preview(settings, "gone")


def test_a_file_swapped_after_listing_is_not_shown(
    root: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = write_images(root.parent / "outside", 1, seed=7)
    folder = write_images(root / "set", 3)
    listed = preview_module.list_files

    def list_then_swap(*arguments: Path, **options: tuple[Path, ...]) -> object:
        found = listed(*arguments, **options)
        (folder / "0001.png").unlink()
        (folder / "0001.png").symlink_to(outside / "0000.png")
        return found

    monkeypatch.setattr(preview_module, "list_files", list_then_swap)
    found = preview(settings)
    assert [one.id for one in found.thumbnails] == ["0000.png", "0002.png"]
    assert [(bad.id, "outside its folder root" in bad.reason) for bad in found.problems] == [
        ("0001.png", True)
    ]


def test_roots_that_are_links_work(root: Path, settings: Settings) -> None:
    write_images(root / "set", 3)
    alias = root.with_name("alias")
    alias.symlink_to(root)
    found = preview(replace(settings, data_roots=(DataRoot("data", alias),)))
    assert len(found.thumbnails) == 3


def test_time_is_kept_and_every_class_is_seen_first(
    root: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_images(root / "set", 40, classes=("a", "b", "c", "d"))
    clock = iter(range(100))
    monkeypatch.setattr(preview_module.time, "monotonic", lambda: float(next(clock)))
    # The clock reads 0 at the start; one second passes before each file from the second on.
    found = preview(settings, budget_s=4)
    assert found.n_looked_at == 4
    assert [one.label for one in found.thumbnails] == ["a", "b", "c", "d"]
    assert preview(settings, budget_s=0).n_looked_at == 1


def test_warnings(root: Path, settings: Settings) -> None:
    (root / "set").mkdir()
    assert preview(settings).warnings == (
        "The folder holds no files; an image set needs at least two images.",
    )
    (root / "set" / "a.png").touch()
    assert preview(settings).warnings == (
        "The folder holds one file; an image set needs at least two images.",
        "None of the files looked at (1 of 1) can be read as an image.",
    )
    write_images(root / "same", 20, classes=("a", "b"))
    assert preview(settings, "same").warnings == ()
    mixed = write_images(root / "mixed", 9, classes=("a", "b"), size=16)
    write_png(mixed / "deep.png", np.zeros((8, 20), np.uint16))
    write_png(mixed / "colour.png", np.eye(16, dtype=np.uint8)[..., None] * np.array([1, 2, 3], np.uint8))
    assert preview(settings, "mixed").warnings == (
        "The images looked at have 2 sizes, from 16×16 to 20×8.",
        "The images looked at differ in depth or colour: 8-bit grey, 8-bit colour, 16-bit grey.",
        "Fewer than 10 files in a (5), b (4); values of so small a class are uncertain.",
    )
    write_images(root / "many", 14, classes=tuple("abcdefg"))
    assert "a (2), b (2), c (2), d (2), e (2) and 2 more;" in preview(settings, "many").warnings[0]


@pytest.mark.parametrize("name", ["a b", "ü", "u\u0308", "new\nline", "-rf", "😀", "x" * 255, b"caf\xe9"])
def test_odd_names_of_classes_and_files(root: Path, settings: Settings, name: str | bytes) -> None:
    text = os.fsdecode(name)
    shown = os.fsencode(name).decode("utf-8", "backslashreplace")
    try:
        write_images(root / "set" / text, 2)
        (root / "set" / text / "0001.png").rename(root / "set" / text / text)
    except OSError:
        pytest.skip("this file system takes no such names")
    found = preview(settings)
    assert found.classes == {shown: 2}
    assert {one.id for one in found.thumbnails} == {f"{shown}/0000.png", f"{shown}/{shown}"}


@pytest.mark.alone
def test_a_folder_of_fifty_thousand_files(root: Path, settings: Settings) -> None:
    folder = write_images(root / "set", 1)
    for index in range(1, 50_000):
        os.link(folder / "0000.png", f"{folder}/{index:05d}.png")
    started = time.perf_counter()
    found = preview(settings, budget_s=1.5)
    assert time.perf_counter() - started < 5
    assert (found.n_files, len(found.thumbnails)) == (50_000, 12)


def test_the_broken_corpus_gives_reasons_and_never_raises(shared_data: Path, settings: Settings) -> None:
    beside = replace(settings, data_roots=(DataRoot("shared", shared_data),))
    found = preview_folder(FolderRef(root="shared", path="broken"), beside, n_samples=500, budget_s=60)
    assert found.n_looked_at == found.n_files > 50
    assert len(found.thumbnails) + len(found.problems) == found.n_looked_at
    assert len(found.problems) > 20
    for one in found.thumbnails:
        open_png(one.png).load()


def test_no_torch_is_imported() -> None:
    code = "import core.datasets.preview, sys; print(sorted({'torch', 'sklearn', 'streamlit'} & set(sys.modules)))"
    top = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=top, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_volumes_are_recognised_and_shown_by_their_middle_slices(root: Path, settings: Settings) -> None:
    write_volumes(root / "set", 3, shape=(5, 8, 10))
    write_volumes(root / "set" / "b", 1, shape=(7, 8, 9))
    found = preview(settings)
    assert (found.n_volumes, found.slices, found.heights, found.widths) == (4, (5, 7), (8, 8), (9, 10))
    assert (found.formats, found.series, found.problems) == ({"NIfTI": 4}, None, ())
    assert not any("sizes" in one for one in found.warnings)
    # 1 x 1 mm in a slice of 8 x 10.
    assert open_png(found.thumbnails[0].png).size == (10, 8)
    write_images(root / "set", 2)
    mixed = preview(settings)
    assert mixed.n_volumes == 4
    assert any("4 of the 6 files looked at are volumes" in one for one in mixed.warnings)


def test_slices_of_dicom_series_are_counted(
    root: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_series(root / "set", 4, n_slices=3)
    found = preview(settings)
    assert found.series == DicomSeries(n_series=4, n_slices=12, n_read=12)
    assert (found.n_volumes, found.formats) == (0, {"DICOM": 12})
    monkeypatch.setattr(preview_module, "_MOST_HEADERS", 6)
    assert preview(settings).series == DicomSeries(n_series=2, n_slices=6, n_read=6)
    write_images(root / "other", 2)
    assert preview(settings, "other").series is None
