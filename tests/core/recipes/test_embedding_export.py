"""The table for viewers of embeddings, read back by pandas and pyarrow."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from core.audit.items import tabulate_items
from core.cli import main
from core.config import Settings, get_settings
from core.datasets.image_set import ImageSet, Role
from core.datasets.labels import load_labels
from core.datasets.scan import scan_image_set
from core.errors import InputError
from core.features.base import Device, ExtractorOptions, Precision, ResizeMode
from core.features.extraction import extract_features
from core.features.registry import load_extractor
from core.recipes.embedding_export import export_embeddings

OPTIONS = ExtractorOptions(resize=ResizeMode.CLEAN, device=Device.CPU, precision=Precision.FP32)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return dataclasses.replace(Settings.from_environment(), home=tmp_path / "home")


@pytest.fixture
def sets(tmp_path: Path, settings: Settings) -> list[ImageSet]:
    """Real 16-bit films of two patients, and a synthetic set in colour."""
    random = np.random.default_rng(0)
    for folder, shape, kind in (("train", (40, 36), np.uint16), ("gan", (36, 36, 3), np.uint8)):
        for label in ("A", "B"):
            (tmp_path / folder / label).mkdir(parents=True)
            for number in range(2):
                pixels = random.integers(0, 250, shape).astype(kind) * (200 if kind == np.uint16 else 1)
                Image.fromarray(pixels).save(tmp_path / folder / label / f"Doe_{number}.png")
    rows = [f"{label}/Doe_{number}.png,{label},patient{number}" for label in "AB" for number in range(2)]
    (tmp_path / "labels.csv").write_text("\n".join(["file,label,patient", *rows]))
    labels = load_labels(tmp_path / "labels.csv")
    return [
        scan_image_set(
            tmp_path / "train", role=Role.REAL, name="real", labels=labels, settings=settings, workers=1
        ),
        scan_image_set(tmp_path / "gan", role=Role.SYNTHETIC, name="gan", settings=settings, workers=1),
    ]


def test_columns_types_and_values(sets: list[ImageSet], tmp_path: Path, settings: Settings) -> None:
    extractor = load_extractor("pixels", OPTIONS, settings=settings)
    path = export_embeddings(sets, tmp_path / "out", extractor=extractor, settings=settings, workers=0)
    schema = pq.read_schema(path)
    text = dict.fromkeys(("id", "set", "role", "label", "patient_hash", "path"), pa.string())
    assert dict(zip(schema.names, schema.types, strict=True)) == text | {
        "embedding": pa.list_(pa.float32(), extractor.dimension)
    }
    assert schema.metadata[b"medsynaudit.space"].decode() == extractor.identity
    table = pd.read_parquet(path)
    assert table["id"].tolist() == tabulate_items(sets).column("id").to_pylist()
    assert table["set"].tolist() == ["real"] * 4 + ["gan"] * 4
    assert table["role"].tolist() == ["real"] * 4 + ["synthetic"] * 4
    assert table["label"].tolist() == ["A", "A", "B", "B"] * 2
    hashes = table["patient_hash"].tolist()
    assert hashes[0] == hashes[2] != hashes[1] == hashes[3]
    assert "patient" not in "".join(hashes[:4])
    assert table["patient_hash"].isna().tolist() == [False] * 4 + [True] * 4
    stacked = np.stack(table["embedding"])
    assert stacked.dtype == np.float32
    alone = extract_features(sets[1].items, extractor=extractor, settings=settings, workers=0)
    assert np.array_equal(stacked[4:], alone.features)
    for row, item in zip(table["path"], [*sets[0].items, *sets[1].items], strict=True):
        assert (path.parent / row).resolve() == item.path.resolve()


def test_images_by_id_tell_no_name(sets: list[ImageSet], tmp_path: Path, settings: Settings) -> None:
    extractor = load_extractor("pixels", OPTIONS, settings=settings)
    out = tmp_path / "out"
    path = export_embeddings(sets, out, extractor=extractor, settings=settings, workers=0, with_images=True)
    table = pd.read_parquet(path)
    assert table["path"].tolist() == [f"images/{name}.png" for name in table["id"]]
    assert sorted(one.name for one in (out / "images").iterdir()) == sorted(
        f"{name}.png" for name in table["id"]
    )
    assert b"Doe" not in path.read_bytes()
    colour = np.asarray(Image.open(out / table["path"][4]))
    assert np.array_equal(colour, np.asarray(Image.open(sets[1].items[0].path)))
    deep = np.asarray(Image.open(sets[0].items[0].path)).astype(float)
    scaled = (deep - deep.min()) / (deep.max() - deep.min()) * 255
    shown = np.asarray(Image.open(out / table["path"][0]))
    assert (shown.dtype, shown.shape) == (np.uint8, (40, 36))
    assert np.abs(shown - scaled).max() <= 0.5 + 1e-3
    # Once more goes on in the same folder and writes nothing anew; other options do not.
    written_ns = (out / table["path"][0]).stat().st_mtime_ns
    export_embeddings(sets, out, extractor=extractor, settings=settings, workers=0, with_images=True)
    assert (out / table["path"][0]).stat().st_mtime_ns == written_ns
    with pytest.raises(InputError, match="other options"):
        export_embeddings(sets, out, extractor=extractor, settings=settings, workers=0)


def test_sets_of_one_name_or_a_folder_within_are_refused(
    sets: list[ImageSet], tmp_path: Path, settings: Settings
) -> None:
    extractor = load_extractor("pixels", OPTIONS, settings=settings)
    with pytest.raises(InputError, match="same name"):
        export_embeddings([sets[0], sets[0]], tmp_path / "out", extractor=extractor, settings=settings)
    with pytest.raises(InputError, match="lies within"):
        export_embeddings(sets, tmp_path / "gan" / "out", extractor=extractor, settings=settings)


def test_by_the_command_line(
    sets: list[ImageSet],
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MEDSYN_HOME", str(settings.home))
    get_settings.cache_clear()
    folders = ["--real", tmp_path / "train", "--synthetic", f"gan={tmp_path / 'gan'}"]
    more = ["--labels", tmp_path / "labels.csv", "--extractor", "pixels", "--workers", "0"]
    with pytest.raises(SystemExit) as ended:
        main(["dataset", "export", *map(str, [*folders, *more, "--output", tmp_path / "out"])])
    get_settings.cache_clear()
    assert ended.value.code == 0
    assert "8 images" in capsys.readouterr().out
    assert len(pd.read_parquet(tmp_path / "out" / "embeddings.parquet")) == 8
