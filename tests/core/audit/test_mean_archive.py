"""Mean images on disk: what was written comes back, and nothing else is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.audit.mean_archive import MEANS_FILE, load_mean_images, write_mean_images
from core.audit.result import MeanPicture
from core.errors import InputError


def make_pictures() -> dict[tuple[str, str | None], MeanPicture]:
    rng = np.random.default_rng(0)
    keys = [("real", None), ("real", "../up"), ("gän \n", None), ("index", "index")]
    return {
        key: MeanPicture(255 * rng.random((6, 4, 3)), 80 * rng.random((6, 4, 3)), n)
        for n, key in enumerate(keys, start=3)
    }


def test_pictures_come_back_in_order(tmp_path: Path) -> None:
    pictures = make_pictures()
    write_mean_images(tmp_path / MEANS_FILE, pictures)
    found = load_mean_images(tmp_path)
    assert list(found) == list(pictures) and len(found) == 4
    for key, one in pictures.items():
        assert found[key].n == one.n
        assert found[key].mean.dtype == np.float64
        np.testing.assert_allclose(found[key].mean, one.mean, atol=2e-5)
        np.testing.assert_allclose(found[key].std, one.std, atol=2e-5)
    with pytest.raises(KeyError):
        found["real", "no class"]
    assert [path.name for path in tmp_path.iterdir()] == [MEANS_FILE]


def test_the_file_is_read_anew_when_it_changes(tmp_path: Path) -> None:
    pictures = make_pictures()
    write_mean_images(tmp_path / MEANS_FILE, pictures)
    assert len(load_mean_images(tmp_path)) == 4
    write_mean_images(tmp_path / MEANS_FILE, {("real", None): pictures["real", None]})
    assert list(load_mean_images(tmp_path)) == [("real", None)]


def test_missing_damaged_and_pickled_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="run the audit again"):
        load_mean_images(tmp_path)
    path = tmp_path / MEANS_FILE
    path.write_bytes(b"no archive")
    with pytest.raises(InputError, match="run the audit again"):
        load_mean_images(tmp_path)
    np.savez(path, index=np.array([{"set": "real"}], dtype=object))
    with pytest.raises(InputError, match="run the audit again"):
        load_mean_images(tmp_path)
    write_mean_images(path, make_pictures())
    found = load_mean_images(tmp_path)
    path.unlink()
    with pytest.raises(InputError, match="run the audit again"):
        found["real", None]
