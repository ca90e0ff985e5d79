"""Sets whose items are volumes: files of one volume, series of DICOM slices, and folders that hold both kinds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from PIL import Image

from core.audit.items import AuditItems, tabulate_items
from core.config import get_settings
from core.datasets.image_set import ImageSet, Role
from core.datasets.item_source import decode_source, load_volume
from core.datasets.scan import scan_image_set
from core.errors import ImageReadError
from core.features.extraction import load_pixels
from core.images.intensity import find_preset
from tests.core.images.dicom.files import make_file


def scan(folder: Path, **options: Any) -> ImageSet:
    return scan_image_set(folder, role=Role.REAL, name="real", **options)


def ramp(n: int = 6, *, step: int = 7, dtype: str = "int16") -> np.ndarray[Any, Any]:
    """Slices of different values, and a corner that tells directions apart."""
    values = np.arange(n * 8 * 10).reshape(n, 8, 10).astype(dtype) * step
    values[:, :2, :3] = 0
    return values


def write_nifti(path: Path, values: np.ndarray[Any, Any]) -> None:
    """Voxels of 1 x 2 x 3 mm whose axes lead to the right, to the front and to the head."""
    nibabel.save(nibabel.Nifti1Image(values, np.diag([1.0, 2.0, 3.0, 1.0])), path)


def write_series(folder: Path, values: np.ndarray[Any, Any], *, series: str, patient: str) -> None:
    """One file a slice, in names whose order says nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, plane in enumerate(values):
        data = make_file(
            plane,
            Modality="CT",
            PatientID=patient,
            SeriesInstanceUID=series,
            ImagePositionPatient=[0, 0, 2.5 * number],
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            PixelSpacing=[0.5, 0.5],
        )
        (folder / f"{(number * 5) % 7}{series[-1]}").write_bytes(data)


def test_every_kind_of_volume_file_is_an_item(tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    write_nifti(tmp_path / "case" / "a.nii.gz", ramp())
    np.save(tmp_path / "b.npy", ramp(5, dtype="uint16"))
    np.savez_compressed(tmp_path / "c.npz", ramp(4, step=1, dtype="float32"))
    pages = [Image.fromarray(page) for page in ramp(3, dtype="uint16")]
    pages[0].save(tmp_path / "d.tif", save_all=True, append_images=pages[1:])
    (tmp_path / "e").write_bytes(make_file(ramp(2, dtype="uint16"), NumberOfFrames=2))
    found = scan(tmp_path)
    assert found.has_volumes
    assert not found.unreadable
    assert {item.id: (item.facts.format, item.facts.slices) for item in found.items} == {
        "b.npy": ("NPY", 5),
        "c.npz": ("NPZ", 4),
        "case/a.nii.gz": ("NIfTI", 10),
        "d.tif": ("TIFF", 3),
        "e": ("DICOM", 2),
    }
    nifti = found.items[2]
    assert (nifti.label, nifti.facts.spacing_mm, nifti.facts.bit_depth) == ("case", (3.0, 2.0, 1.0), 16)
    # From what was kept, the same facts come back.
    assert scan(tmp_path) == found


def test_equal_voxels_in_other_files_are_duplicates(tmp_path: Path) -> None:
    values = ramp(5, dtype="uint16")
    np.save(tmp_path / "a.npy", values)
    np.savez(tmp_path / "b.npz", values)
    np.save(tmp_path / "c.npy", values + np.uint16(1))
    first, second, third = scan(tmp_path).items
    assert first.pixel_digest == second.pixel_digest != third.pixel_digest
    assert first.digest != second.digest


def test_slices_are_pictures_until_they_are_joined(tmp_path: Path) -> None:
    one, other = ramp(6), ramp(4, step=3)
    write_series(tmp_path / "sick" / "p1", one, series="1.2.1", patient="DOE")
    write_series(tmp_path / "sick" / "p2", other, series="1.2.2", patient="ROE")
    (tmp_path / "sick" / "p2" / "scout").write_bytes(make_file(ramp(1)[0], SeriesInstanceUID="1.2.9"))
    pictures = scan(tmp_path)
    assert len(pictures) == 11
    assert not pictures.has_volumes

    joined = scan(tmp_path, join_slices=True)
    assert [item.id for item in joined.items] == ["sick/p1", "sick/p2/02"]
    assert [(bad.id, bad.reason) for bad in joined.unreadable] == [
        ("sick/p2/scout", "it is one picture in a set of volumes")
    ]
    assert [item.facts.slices for item in joined.items] == [6, 4]
    assert {item.label for item in joined.items} == {"sick"}
    assert joined.items[0].facts.spacing_mm == (2.5, 0.5, 0.5)
    patients = [item.patient for item in joined.items]
    assert len(set(patients)) == 2
    assert set(patients) <= {item.patient for item in pictures.items}
    settings = get_settings()
    for item, values in zip(joined.items, (one, other), strict=True):
        np.testing.assert_array_equal(load_volume(item.source, settings).volume.values, values)


def test_a_series_is_known_by_all_of_its_slices(tmp_path: Path) -> None:
    for name, step in (("a", 2), ("b", 3)):
        write_series(tmp_path / name, ramp(4, step=step), series=f"1.2.{step}", patient=name)
    before = scan(tmp_path, join_slices=True)
    item = before.items[0]
    part = item.parts[2]
    part.write_bytes(make_file(ramp(1)[0] + np.int16(9), SeriesInstanceUID="1.2.2", PatientID="a"))
    with pytest.raises(ImageReadError, match="changed since it was scanned"):
        load_volume(item.source, get_settings())


def test_volumes_and_pictures_do_not_mix(tmp_path: Path) -> None:
    for number in range(3):
        Image.fromarray(ramp(1, step=number, dtype="uint8")[0]).save(tmp_path / f"{number}.png")
    np.save(tmp_path / "volume.npy", ramp())
    found = scan(tmp_path)
    assert len(found) == 3
    assert [(bad.id, bad.reason) for bad in found.unreadable] == [
        ("volume.npy", "it is a volume in a set of pictures")
    ]


def test_everything_that_looks_at_pictures_sees_a_montage_by_the_policy(tmp_path: Path) -> None:
    for name, step in (("a", 2), ("b", 5)):
        write_nifti(tmp_path / f"{name}.nii", ramp(10, step=step))
    settings = get_settings()
    soft = scan(tmp_path, intensity=find_preset("soft-tissue")).items[0]
    lung = scan(tmp_path, intensity=find_preset("lung")).items[0]
    picture = decode_source(soft.source, settings, intensity=soft.intensity).pixels
    # Ten axial slices: the nine of a 3 x 3 square, spread over all of them, each as the window shows it.
    assert picture.shape[0] == picture.shape[1]
    np.testing.assert_array_equal(load_pixels(soft, num_channels=None, settings=settings)[..., 0], picture)
    other = load_pixels(lung, num_channels=None, settings=settings)[..., 0]
    assert other.shape == picture.shape
    assert np.abs(other - picture).max() > 50


def test_an_audit_finds_the_files_of_a_series_again(tmp_path: Path) -> None:
    for name, step in (("a", 2), ("b", 3)):
        write_series(tmp_path / name, ramp(4, step=step), series=f"1.2.{step}", patient=name)
    found = scan(tmp_path, join_slices=True)
    items = AuditItems.from_table(tabulate_items([found]))
    for item_id, item in zip(items.table.column("id").to_pylist(), found.items, strict=True):
        again = items[item_id]
        assert (again.source, again.slices) == (item.source, 4)
    assert "parts" not in items.to_pandas()
