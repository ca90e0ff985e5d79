"""Exports follow the intensity policy, say it, and tell volumes from pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image

from core.cli import main
from core.config import get_settings
from core.datasets.image_set import Role
from core.datasets.item_source import decode_source
from core.datasets.scan import scan_image_set
from tests.volumes import NARROW, write_deep, write_series, write_volumes

pytestmark = pytest.mark.usefixtures("workspace")
WINDOW = ["--intensity", "window:1000/400"]


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


def export(real: Path, output: Path, *options: object) -> tuple[pd.DataFrame, str]:
    places = ["--real", real, "--output", output, "--extractor", "pixels", "--resolution", 8, "--workers", 0]
    assert call("dataset", "export", *places, *options) == 0
    path = output / "embeddings.parquet"
    return pd.read_parquet(path), pq.read_schema(path).metadata[b"medsynaudit.space"].decode()


def test_features_pictures_and_their_record_follow_the_policy(tmp_path: Path) -> None:
    real = write_deep(tmp_path / "real", 3)
    usual, space = export(real, tmp_path / "usual", "--with-images")
    narrow, other = export(real, tmp_path / "narrow", "--with-images", *WINDOW)
    assert list(usual["id"]) == list(narrow["id"])
    assert "slices" not in usual
    assert np.abs(np.stack(usual["embedding"]) - np.stack(narrow["embedding"])).mean() > 0.05
    assert "center" not in space
    assert "center 1000, width 400" in other
    pictures = [
        np.asarray(Image.open(tmp_path / n / usual["path"][0])).astype(float) for n in ("usual", "narrow")
    ]
    assert np.abs(pictures[0] - pictures[1]).mean() > 20
    # Pictures of one policy are not taken for those of another.
    places = ["--real", real, "--output", tmp_path / "usual", "--extractor", "pixels", "--resolution", 8]
    assert call("dataset", "export", *places, "--with-images", *WINDOW) != 0


@pytest.mark.parametrize(("write", "step_mm"), [(write_volumes, 2.0), (write_series, 2.0)])
def test_volumes_bring_slices_spacing_and_montages(tmp_path: Path, write: Any, step_mm: float) -> None:
    real = write(tmp_path / "real", 2)
    table, space = export(real, tmp_path / "out", "--with-images", "--join-slices", *WINDOW)
    found = scan_image_set(
        real, role=Role.REAL, name="real", join_slices=True, intensity=NARROW, settings=get_settings()
    )
    assert list(table["slices"]) == [item.facts.slices for item in found.items]
    assert table["spacing_mm"][0].tolist() == [step_mm, 1.0, 1.0]
    assert "tri-planar" in space
    for item, path in zip(found.items, table["path"], strict=True):
        montage = decode_source(item.source, get_settings(), intensity=NARROW)
        np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out" / path)), montage.pixels)
    seen, view = export(real, tmp_path / "montages", "--join-slices", "--volume-view", "montage", *WINDOW)
    assert "montage" in view
    assert np.abs(np.stack(seen["embedding"]) - np.stack(table["embedding"])).max() > 1e-3


def test_extract_follows_the_policy(tmp_path: Path) -> None:
    real = write_deep(tmp_path / "real", 3)
    frames = []
    for name, options in (("usual", []), ("narrow", WINDOW)):
        path = tmp_path / f"{name}.parquet"
        assert call("extract", "--images", real, "--output", path, "--extractor", "pixels", *options) == 0
        frames.append(pd.read_parquet(path))
        said = pq.read_schema(path).metadata[b"medsynaudit.space"].decode()
        assert ("center 1000, width 400" in said) == (name == "narrow")
    assert np.abs(np.stack(frames[0]["features"]) - np.stack(frames[1]["features"])).mean() > 0.05
