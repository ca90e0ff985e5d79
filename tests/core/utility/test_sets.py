"""Sets that would make a test worthless are refused, with the reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.config import get_settings
from core.datasets.image_set import Role
from core.datasets.scan import scan_image_set
from core.errors import InputError, TooFewImagesError
from core.progress import SilentProgress
from core.utility.data import choose_channels, load_images
from core.utility.sets import prepare_sets
from tests.core.utility.films import CLASSES, make_sets, scan, write_set
from tests.images import write_png


@pytest.fixture
def folders(tmp_path: Path, workspace: Path) -> dict[str, Path]:
    return {
        name: write_set(tmp_path / name, 8, seed=seed) for seed, name in enumerate(("real", "test", "gan"))
    }


def check(folders: dict[str, Path], *, patients: bool = True) -> tuple[str, ...]:
    return prepare_sets(
        scan(folders["real"], Role.REAL, "real", patients=patients),
        scan(folders["test"], Role.HELDOUT, "heldout", patients=patients),
        [scan(folders["gan"], Role.SYNTHETIC, "gan", patients=False)],
    ).warnings


def test_sets_without_leaks_pass_and_unknown_patients_are_told(folders: dict[str, Path]) -> None:
    assert check(folders) == ()
    warnings = check(folders, patients=False)
    assert len(warnings) == 2
    assert warnings[0].startswith("The real set: the patient of 8 images is not known")


@pytest.mark.parametrize("name", ["real", "gan"])
def test_pixels_of_test_images_in_what_is_trained_on_are_refused(folders: dict[str, Path], name: str) -> None:
    # Another file with the same pixels.
    pixels = np.asarray(Image.open(folders["test"] / "dark" / "000.png"))
    write_png(folders[name] / "light" / "copy.tiff", pixels)
    with pytest.raises(
        InputError, match=r"holds 1 image with the very pixels of test images, among them light/copy"
    ):
        check(folders, patients=False)


def test_patients_in_train_and_test_are_refused(folders: dict[str, Path]) -> None:
    table = folders["test"].parent / "test.csv"
    table.write_text(table.read_text().replace("1-0-2", "0-1-3"))
    with pytest.raises(
        InputError, match="The real set holds 1 image of patients who are also in the test set"
    ):
        check(folders)


def test_classes_must_be_the_same(folders: dict[str, Path]) -> None:
    shutil.copytree(folders["gan"] / "dark", folders["gan"] / "grey")
    with pytest.raises(InputError, match=r"The set 'gan' has other classes .* it has 'grey' besides"):
        check(folders)
    shutil.rmtree(folders["gan"] / "grey")
    shutil.rmtree(folders["gan"] / "dark")
    with pytest.raises(InputError, match="it lacks 'dark'"):
        check(folders)
    shutil.move(folders["gan"] / "light", folders["gan"].parent / "aside")
    shutil.copytree(folders["gan"].parent / "aside", folders["gan"], dirs_exist_ok=True)
    with pytest.raises(InputError, match="No image of the set 'gan' has a class; put its images"):
        check(folders)


def test_a_single_class_and_a_single_test_image_are_refused(folders: dict[str, Path]) -> None:
    for at in (3, 5, 7):
        (folders["test"] / "light" / f"00{at}.png").unlink()
    with pytest.raises(TooFewImagesError, match="one image of the class 'light'"):
        check(folders)
    for folder in folders.values():
        shutil.rmtree(folder / "light")
    with pytest.raises(InputError, match="at least two classes"):
        check(folders)


def test_images_without_a_class_and_repeated_patients_are_told(folders: dict[str, Path]) -> None:
    write_png(folders["gan"] / "loose.png", np.full((8, 8), 7, np.uint8))
    table = folders["test"].parent / "test.csv"
    table.write_text(table.read_text().replace("1-0-2", "1-0-1"))
    warnings = check(folders)
    assert "The set 'gan': 1 image without a class left out." in warnings
    assert any("McNemar" in warning for warning in warnings)


def test_images_are_decoded_alike_in_memory_and_on_disk(
    tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = make_sets(tmp_path)

    def load() -> np.ndarray:
        images = load_images(
            sets.test,
            classes=sets.classes,
            resolution=40,
            channels=choose_channels(sets.real, None),
            settings=get_settings(),
            progress=SilentProgress(),
        )
        assert [CLASSES[label] for label in images.labels] == [item.label for item in sets.test.items]
        return images.pixels

    inside = load()
    assert (inside.shape, inside.dtype) == ((24, 1, 40, 40), np.uint8)
    monkeypatch.setattr("core.utility.data._MOST_BYTES_IN_MEMORY", 0)
    mapped = load()
    assert isinstance(mapped, np.memmap)
    np.testing.assert_array_equal(mapped, inside)
    (kept,) = (workspace / "utility" / "pixels").iterdir()
    monkeypatch.setattr("core.utility.data._fill", None)
    np.testing.assert_array_equal(load(), inside)
    monkeypatch.setattr("core.utility.data._MOST_BYTES_ON_DISK", 30_000)
    with pytest.raises(InputError, match="choose a smaller --resolution"):
        load()
    assert kept.exists()


def test_deep_images_keep_more_than_eight_bits(tmp_path: Path, workspace: Path) -> None:
    for at in range(4):
        ramp = np.linspace(0, 40_000 + at, 64 * 64).reshape(64, 64).astype(np.uint16)
        write_png(tmp_path / "deep" / "ab"[at % 2] / f"{at}.png", ramp)
    deep = scan_image_set(tmp_path / "deep", role=Role.REAL, name="real", settings=get_settings())
    images = load_images(
        deep,
        classes=("a", "b"),
        resolution=64,
        channels=1,
        settings=get_settings(),
        progress=SilentProgress(),
    )
    assert images.pixels.dtype == np.float16
    assert len(np.unique(images.pixels[0])) > 1000
