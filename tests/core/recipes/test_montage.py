"""Montages of phantoms whose voxels tell their slice, so that every place of a montage is known."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pandas as pd
import pydicom
import pytest
from PIL import Image
from pydantic import ValidationError
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from core.commands.intensity_option import parse_intensity
from core.config import Settings
from core.datasets.labels import load_labels
from core.errors import CancelledError, ImageReadError, InputError
from core.images.intensity import PRESETS, Intensity, IntensityMode
from core.images.loaded_volume import LoadedVolume
from core.images.montage import choose_slices, find_body, make_montages
from core.images.montage_options import MontageOptions
from core.images.slices import Plane
from core.images.volume import Volume
from core.progress import SilentProgress
from core.recipes.montage_set import make_montage_set

AS_IS = Intensity(mode=IntensityMode.AS_IS)
# Values 0 to 255 stay what they are.
IDENTITY = Intensity(mode=IntensityMode.WINDOW, center=128, width=256)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return dataclasses.replace(Settings.from_environment(), home=tmp_path / "home")


def phantom(n: int, *, rows: int = 16, columns: int = 16, empty: int = 0) -> np.ndarray[Any, Any]:
    """Slices whose value is 100 plus their number; `empty` black ones at either end."""
    values = np.zeros((n, rows, columns), np.uint8)
    values[empty : n - empty] = (100 + np.arange(n))[empty : n - empty, None, None]
    values[empty : n - empty, 0] = 0  # some background in each
    return values


def load(values: Any, spacing: tuple[float, float, float] | None = None) -> LoadedVolume:
    return LoadedVolume(Volume(values, spacing, unit="", bits=8, is_oriented=True))


def test_slices_are_spread_interleaved_and_used_once() -> None:
    chosen = choose_slices(0, 79, slices=4, per_volume=20)
    assert chosen == [tuple(m + 20 * s for s in range(4)) for m in range(20)]
    for n in (4, 7, 10, 33, 80, 81, 300):
        made = choose_slices(5, 4 + n, slices=4, per_volume=20)
        assert len(made) == min(20, n // 4)
        flat = [index for one in made for index in one]
        assert len(set(flat)) == len(flat)
        assert all(5 <= index < 5 + n for index in flat)
        naive = [
            tuple(5 + int((s * len(made) + m + 0.5) / (4 * len(made)) * n) for s in range(4))
            for m in range(len(made))
        ]
        assert made == naive
        # Every quarter of the body is in every montage, to within one slice.
        assert all(
            s * n < (at - 4) * 4 and (at - 5) * 4 < (s + 1) * n for one in made for s, at in enumerate(one)
        )
    assert choose_slices(0, 2, slices=4, per_volume=20) == []


def test_a_montage_holds_the_slices_it_says() -> None:
    montages = make_montages(
        load(phantom(24, empty=4)), MontageOptions(size=32, per_volume=4, intensity=AS_IS)
    )
    assert [one.slices for one in montages] == [tuple(4 + m + 4 * s for s in range(4)) for m in range(4)]
    for one in montages:
        assert one.pixels.shape == (32, 32)
        corners = [one.pixels[y + 8, x + 8] for y in (0, 16) for x in (0, 16)]
        assert corners == [100 + index for index in one.slices]
        # At its own size, a slice comes out as it is.
        assert np.array_equal(one.pixels[:16, :16], phantom(24, empty=4)[one.slices[0]])


def test_the_body_is_where_tissue_is() -> None:
    values = phantom(20, empty=3)
    values[1, 5, 5] = 255  # a spot is no body
    assert find_body(values, Plane.AXIAL) == (3, 16)
    turned = np.ascontiguousarray(values.transpose(1, 0, 2))
    assert find_body(turned, Plane.CORONAL) == (3, 16)
    assert find_body(np.repeat(values[..., None], 3, axis=3), Plane.AXIAL) == (3, 16)
    assert find_body(np.full((5, 8, 8), 9, np.uint8), Plane.AXIAL) is None


@pytest.mark.parametrize(
    ("spacing", "plane", "filled"),
    [
        # A slice of 16 x 16 pixels, each twice as tall as wide, fills half the width of its place.
        ((1.0, 2.0, 1.0), Plane.AXIAL, (32, 16)),
        ((1.0, 1.0, 2.0), Plane.AXIAL, (16, 32)),
        ((9.0, 1.0, 1.0), Plane.AXIAL, (32, 32)),
        (None, Plane.AXIAL, (32, 32)),
        # 24 slices of 2 mm by 16 columns of 1 mm.
        ((2.0, 1.0, 1.0), Plane.CORONAL, (32, round(32 * 16 / 48))),
    ],
)
def test_slices_keep_their_physical_shape(
    spacing: tuple[float, float, float] | None, plane: Plane, filled: tuple[int, int]
) -> None:
    values = np.full((24, 16, 16), 200, np.uint8)
    # Otsu needs something darker than tissue.
    values[0, 0, 0] = 0
    options = MontageOptions(size=64, per_volume=1, plane=plane, intensity=IDENTITY)
    (made,) = make_montages(load(values, spacing), options)
    cell = made.pixels[32:, 32:] > 100
    rows, columns = np.flatnonzero(cell.any(axis=1)), np.flatnonzero(cell.any(axis=0))
    assert (len(rows), len(columns)) == filled
    # In the middle of its place.
    assert abs(rows[0] - (31 - rows[-1])) <= 1
    assert abs(columns[0] - (31 - columns[-1])) <= 1


def test_one_window_serves_all_volumes() -> None:
    """The same tissue has the same grey, whatever else a volume holds."""
    window = Intensity(mode=IntensityMode.WINDOW, center=0, width=2000)
    greys = []
    for brightest in (900, 30_000):
        values = np.full((8, 16, 16), -1000, np.int16)
        values[:, 4:12, 4:12] = 100
        values[:, :2, :2] = brightest
        montage = make_montages(load(values), MontageOptions(size=32, per_volume=1, intensity=window))[0]
        greys.append(int(montage.pixels[8, 8]))
    assert greys[0] == greys[1] == pytest.approx((100 + 1000) / 2000 * 255, abs=1)


@pytest.mark.parametrize(
    ("values", "options", "why"),
    [
        (phantom(8, empty=3), {}, "2 of its 8 axial slices hold tissue, and a montage takes 4"),
        (np.full((9, 4, 4), 7, np.uint8), {}, "no slice of it holds tissue"),
        (phantom(9).astype(np.uint16), {"intensity": AS_IS}, "more than 8 bits"),
    ],
)
def test_volumes_without_montages_say_why(values: Any, options: dict[str, Any], why: str) -> None:
    with pytest.raises(ImageReadError, match=why):
        make_montages(load(values), MontageOptions(**{"intensity": IDENTITY} | options))


def _save_nifti(path: Path, values: Any, spacing: tuple[float, float, float] = (1, 1, 1)) -> None:
    """Slices, rows and columns as the reader gives them: from feet, front and right."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = np.ascontiguousarray(values.transpose(2, 1, 0)[::-1, ::-1])
    slices, rows, columns = spacing
    image = nibabel.Nifti1Image(data, np.diag([columns, rows, slices, 1.0]))
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)


def _save_dicom(folder: Path, values: Any, patient: str) -> None:
    """Slices under names that tell nothing of their order."""
    folder.mkdir(parents=True)
    for index, pixels in enumerate(values):
        one = pydicom.Dataset()
        one.file_meta = pydicom.dataset.FileMetaDataset()
        one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID = CTImageStorage
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID = f"1.2.3.{index + 1}"
        one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        one.PatientID, one.Modality, one.SeriesInstanceUID = patient, "CT", "1.2.4"
        one.Rows, one.Columns = pixels.shape
        one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
        one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 12, 11, 0
        one.RescaleSlope, one.RescaleIntercept = 1, -1024
        one.PixelSpacing = [1, 1]
        one.ImageOrientationPatient, one.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 3 * index]
        one.PixelData = (pixels.astype(np.uint16) + 1024).tobytes()
        one.save_as(folder / f"{(index * 7) % 31:02d}", enforce_file_format=True)


def test_a_folder_of_every_format(tmp_path: Path, settings: Settings) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    _save_nifti(source / "one" / "a.nii.gz", phantom(8))
    _save_dicom(source / "two" / "series", phantom(9), "Doe^Jane")
    np.save(source / "two" / "b.npy", phantom(12))
    np.savez(source / "two" / "c.npz", phantom(4))
    Image.fromarray(phantom(9)[0]).save(source / "two" / "picture.png")
    (source / "notes.txt").write_text("none")
    pages = [Image.fromarray(page) for page in phantom(5)]
    pages[0].save(source / "stack.tif", save_all=True, append_images=pages[1:])
    np.save(source / "thin.npy", phantom(3))
    options = MontageOptions(size=32, per_volume=2, intensity=IDENTITY)
    report = make_montage_set(source, out, options=options, settings=settings, with_classes=True)
    made = {one["name"]: one["n_montages"] for one in report.volumes}
    assert made == {"one-a": 2, "two-series": 2, "two-b": 2, "two-c": 1, "stack": 1}
    assert [file for file, _ in report.left_out] == ["notes.txt", "two/picture.png", "thin.npy"]
    table = pd.read_csv(out / "labels.csv")
    assert len(table) == report.n_montages == 8
    for row in table.itertuples():
        written = np.asarray(Image.open(out / row.file))
        slices = [int(index) for index in row.slices.split()]
        assert [written[y + 8, x + 8] for y in (0, 16) for x in (0, 16)] == [100 + at for at in slices]
    labels = load_labels(out / "labels.csv")
    assert labels.rows["montages/one/one-a_01.png"].label == "one"
    assert labels.rows["montages/one/one-a_01.png"].patient == "one-a"
    hashed = labels.rows["montages/two/two-series_02.png"].patient
    assert hashed is not None
    assert len(hashed) == 32
    document = (out / "report.json").read_text()
    assert "Doe" not in document + (out / "labels.csv").read_text()
    assert json.loads(document)["intensity"] == "window: center 128, width 256"
    assert any("different units (HU, no unit)" in warning for warning in report.warnings)
    # Those of TIFF and NumPy files; the stack of 5 slices and the archive of 4 make one montage each.
    assert any("The spacing of 3 of 5 volumes is not known" in warning for warning in report.warnings)
    assert any("2 of 5 volumes gave fewer than 2 montages" in warning for warning in report.warnings)


class _Stopping(SilentProgress):
    def __init__(self, stage: str, after: int) -> None:
        self.stage, self.left, self.current = stage, after, ""

    def start(self, stage: str, total: int, unit: str = "images") -> None:
        self.current = stage

    def advance(self, steps: int = 1) -> None:
        self.left -= self.current == self.stage
        if self.left < 0:
            raise CancelledError


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_a_stopped_run_goes_on_to_the_same_files(tmp_path: Path, settings: Settings) -> None:
    source = tmp_path / "in"
    for name in ("a", "b", "c"):
        _save_nifti(source / f"{name}.nii", phantom(8 + len(name)))
    options = MontageOptions(size=32, intensity=IDENTITY)
    make_montage_set(source, tmp_path / "at-once", options=options, settings=settings)
    stopped = tmp_path / "stopped"
    with pytest.raises(CancelledError):
        progress = _Stopping("Making montages", after=1)
        make_montage_set(source, stopped, options=options, settings=settings, progress=progress)
    assert set(pd.read_csv(stopped / "labels.csv")["volume"]) == {"a", "b"}
    assert not json.loads((stopped / "report.json").read_text())["is_complete"]
    (stopped / "montages" / "b_01.png").unlink()
    written_ns = (stopped / "montages" / "a_01.png").stat().st_mtime_ns
    make_montage_set(source, stopped, options=options, settings=settings)
    assert _files(stopped) == _files(tmp_path / "at-once")
    assert (stopped / "montages" / "a_01.png").stat().st_mtime_ns == written_ns
    with pytest.raises(InputError, match="other options"):
        other = MontageOptions(size=64, intensity=IDENTITY)
        make_montage_set(source, stopped, options=other, settings=settings)
    _save_nifti(source / "a.nii", phantom(30))
    with pytest.raises(InputError, match="a has changed since"):
        make_montage_set(source, stopped, options=options, settings=settings)


def test_nothing_to_make_is_said(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("none")
    options = MontageOptions()
    with pytest.raises(InputError, match=r"No montage could be made .*notes.txt: it is no DICOM"):
        make_montage_set(tmp_path / "in", tmp_path / "out", options=options, settings=settings)
    with pytest.raises(InputError, match="not there"):
        make_montage_set(tmp_path / "gone", tmp_path / "out2", options=options, settings=settings)


@pytest.mark.parametrize("wrong", [{"slices": 5}, {"slices": 0}, {"per_volume": 0}, {"size": 3}])
def test_options_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MontageOptions(**wrong)


def test_intensity_in_a_few_words() -> None:
    assert parse_intensity("lung") == PRESETS["lung"]
    window = parse_intensity("window:-600/1500")
    assert (window.mode, window.center, window.width) == (IntensityMode.WINDOW, -600, 1500)
    cut = parse_intensity("percentile:1/99.5")
    assert (cut.mode, cut.low, cut.high) == (IntensityMode.PERCENTILE, 1, 99.5)
    assert parse_intensity("minmax").mode is IntensityMode.MINMAX
    for wrong in ("", "window", "window:1", "lungs", "percentile:a/b"):
        with pytest.raises(InputError, match="--intensity takes"):
            parse_intensity(wrong)
    with pytest.raises(ValidationError):
        parse_intensity("window:0/-5")
