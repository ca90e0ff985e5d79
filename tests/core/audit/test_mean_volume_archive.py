"""Mean volumes on disk and as NIfTI: what was written comes back, and nothing else is read."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from core.audit.mean_volume import MeanVolume
from core.audit.mean_volume_archive import VOLUMES_FOLDER, load_mean_volumes, write_mean_volumes
from core.errors import InputError
from core.images.volume_reading import decode_volume
from core.report.mean_volume_download import encode_nifti, pack_mean_volumes


def make(seed: int, channels: int = 1, **says: object) -> MeanVolume:
    rng = np.random.default_rng(seed)
    mean, std = rng.uniform(0, 255, (2, 3, 4, 5, channels)).astype(np.float32)
    return MeanVolume(mean, std, seed + 2, **says)  # type: ignore[arg-type]


def make_volumes() -> dict[tuple[str, str | None], MeanVolume]:
    return {
        ("real", None): make(0, spacing_mm=(2.0, 1.0, 0.5), is_oriented=True),
        ("real", "../up"): make(1, 3),
        ("gän \udcff", None): make(2, spacing_mm=None),
    }


def test_volumes_come_back_in_order(tmp_path: Path) -> None:
    volumes = make_volumes()
    write_mean_volumes(tmp_path / VOLUMES_FOLDER, volumes)
    found = load_mean_volumes(tmp_path)
    assert list(found) == list(volumes) and len(found) == 3
    for key, one in volumes.items():
        again = found[key]
        assert (again.n, again.spacing_mm, again.is_oriented) == (one.n, one.spacing_mm, one.is_oriented)
        np.testing.assert_array_equal(again.mean, one.mean)
        np.testing.assert_allclose(again.std, one.std, rtol=1e-3)
    with pytest.raises(KeyError):
        found["real", "none"]
    assert [path.name for path in tmp_path.iterdir()] == [VOLUMES_FOLDER]


def test_what_is_there_can_be_written_anew_from_itself(tmp_path: Path) -> None:
    write_mean_volumes(tmp_path / VOLUMES_FOLDER, make_volumes())
    found = load_mean_volumes(tmp_path)
    part = {key: found[key] for key in list(found)[1:]}
    write_mean_volumes(tmp_path / VOLUMES_FOLDER, part)
    again = load_mean_volumes(tmp_path)
    assert list(again) == list(part)
    np.testing.assert_array_equal(again["real", "../up"].mean, make(1, 3).mean)


@pytest.mark.parametrize("damage", ["cut", "gone", "objects", "whole numbers", "flat"])
def test_damaged_and_pickled_arrays_are_refused(tmp_path: Path, damage: str) -> None:
    write_mean_volumes(tmp_path / VOLUMES_FOLDER, make_volumes())
    path = tmp_path / VOLUMES_FOLDER / "mean_0.npy"
    match damage:
        case "cut":
            path.write_bytes(path.read_bytes()[:100])
        case "gone":
            path.unlink()
        case "objects":
            np.save(path, np.array([{"a": 1}], dtype=object))
        case "whole numbers":
            np.save(path, np.zeros((3, 4, 5, 1), np.int32))
        case "flat":
            np.save(path, np.zeros((3, 4), np.float32))
    with pytest.raises(InputError, match="run it again"):
        load_mean_volumes(tmp_path)["real", None]


@pytest.mark.parametrize("text", ["", "[1]", '[{"set": "real"}]', "{"])
def test_a_damaged_index_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="run it again"):
        load_mean_volumes(tmp_path)
    write_mean_volumes(tmp_path / VOLUMES_FOLDER, make_volumes())
    (tmp_path / VOLUMES_FOLDER / "index.json").write_text(text)
    with pytest.raises(InputError, match="run it again"):
        load_mean_volumes(tmp_path)


@pytest.mark.parametrize("is_oriented", [True, False])
@pytest.mark.parametrize("spacing", [(2.0, 1.0, 0.5), None])
def test_nifti_files_hold_every_voxel_where_it_was(
    is_oriented: bool, spacing: tuple[float, float, float] | None
) -> None:
    one = make(3, spacing_mm=spacing, is_oriented=is_oriented)
    again = decode_volume(encode_nifti(one.mean, one), max_pixels=10**6).volume
    np.testing.assert_array_equal(again.values, one.mean[..., 0])
    assert again.spacing_mm == (spacing or (1.0, 1.0, 1.0))
    assert again.is_oriented == is_oriented


def test_colour_is_rounded_to_bytes() -> None:
    one = make(4, 3, is_oriented=True)
    again = decode_volume(encode_nifti(one.mean, one), max_pixels=10**6).volume
    np.testing.assert_array_equal(again.values, np.rint(one.mean))


def test_a_download_says_whose_each_file_is() -> None:
    real, gan = make(0, spacing_mm=(2.0, 1.0, 0.5), is_oriented=True), make(1)
    data = pack_mean_volumes({"real": real, "../gan": gan}, class_name="a")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == [
            "index.json",
            "00-mean.nii.gz",
            "00-standard-deviation.nii.gz",
            "01-mean.nii.gz",
            "01-standard-deviation.nii.gz",
            "01-difference.nii.gz",
        ]
        index = json.loads(archive.read("index.json"))
        difference = decode_volume(archive.read("01-difference.nii.gz"), max_pixels=10**6).volume.values
    assert [one["name"] for one in index["sets"]] == ["real", "../gan"] and index["class"] == "a"
    assert index["sets"][0]["spacing_mm"] == [2.0, 1.0, 0.5]
    np.testing.assert_allclose(difference, (gan.mean - real.mean)[..., 0], atol=1e-4)
