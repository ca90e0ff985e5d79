"""Maps of an audit: made from what the audit saw, kept, read back, and packed by item id."""

from __future__ import annotations

import base64
import csv
import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.audit.archive import load_summary
from core.audit.items import ITEMS_FILE, AuditItems, load_items
from core.audit.pairs import PAIRS_FILE, load_pairs
from core.config import get_settings
from core.db.database import open_database
from core.errors import ImageSetError, InputError, UnknownNameError
from core.maps.feature_map import make_map, sample_rows
from core.maps.map_file import list_maps, load_map, make_map_key
from core.maps.map_options import MapOptions
from core.maps.map_points import (
    count_by_set,
    load_points,
    pack_points,
    unpack_selection,
    write_coordinates,
    write_selection,
)
from core.progress import SilentProgress
from tests.maps import keep_known_map, keep_study_in_classes
from tests.studies import keep_audit


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace with one finished audit of two sets in two classes; to be copied, not changed."""
    home = tmp_path_factory.mktemp("audited") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSYN_HOME", str(home))
        patch.setenv("MEDSYN_OFFLINE", "1")
        get_settings.cache_clear()
        keep_audit(keep_study_in_classes())
        open_database(get_settings()).close()
    get_settings.cache_clear()
    yield home


@pytest.fixture
def folder(audited: Path, workspace: Path) -> Path:
    """That audit in a workspace of its own; its images lie where they were."""
    shutil.copytree(audited / "audits", workspace / "audits")
    shutil.copytree(audited / "features", workspace / "features")
    (found,) = (workspace / "audits").iterdir()
    return found


@pytest.fixture
def forgotten(folder: Path, workspace: Path) -> Path:
    """The same without stored features, so that files have to be read again."""
    shutil.rmtree(workspace / "features")
    return folder


def make(folder: Path, **choices: object) -> str:
    extractor = str(choices.pop("extractor", "pixels"))
    return make_map(
        folder,
        load_summary(folder),
        extractor=extractor,
        options=MapOptions.model_validate(choices),
        settings=get_settings(),
        progress=SilentProgress(),
    )


def grid(n: int) -> np.ndarray:
    return np.stack([np.arange(n) % 5, np.arange(n) // 5], axis=1).astype(np.float32)


def unpack(data: bytes) -> dict[str, np.ndarray]:
    """Read a packed map as a browser does."""
    length = int.from_bytes(data[:4], "little")
    header = json.loads(data[4 : 4 + length])
    found = {}
    for name, facts in header["arrays"].items():
        start = 4 + length + facts["offset"]
        assert start % 4 == 0
        kind = np.dtype(facts["type"]).newbyteorder("<")
        count = header["n"] * facts["width"]
        found[name] = np.frombuffer(data, kind, count, start).reshape(header["n"], -1)
    return found


@pytest.mark.slow
def test_a_map_holds_every_image_of_the_audit_once(folder: Path) -> None:
    key = make(folder, n_neighbors=5, seed=3)
    made = load_map(folder, key)
    assert made.table.column("id").to_pylist() == load_items(folder).table.column("id").to_pylist()
    record = made.record
    assert (record.extractor, record.n_neighbors, record.seed, record.metric) == ("pixels", 5, 3, "euclidean")
    assert record.n == record.n_total == 24
    assert record.n_umap_features == 50
    assert list(list_maps(folder)) == [key]
    before = (folder / "maps" / f"{key}.parquet").stat().st_mtime_ns
    # Made already: nothing is done.
    assert make(folder, n_neighbors=5, seed=3) == key
    assert (folder / "maps" / f"{key}.parquet").stat().st_mtime_ns == before
    other = make(folder, n_neighbors=9, seed=3)
    assert set(list_maps(folder)) == {key, other}
    assert load_map(folder, other).table.column("umap_2d") != made.table.column("umap_2d")


def test_images_that_changed_are_named_in_one_sentence(forgotten: Path) -> None:
    table = load_items(forgotten).table
    digests = ["0" * 64, *table.column("digest").to_pylist()[1:]]
    at = table.column_names.index("digest")
    pq.write_table(table.set_column(at, "digest", pa.array(digests)), forgotten / ITEMS_FILE)
    with pytest.raises(ImageSetError, match="no longer what it was when the audit began"):
        make(forgotten)
    assert not list_maps(forgotten)


def test_another_extractor_than_the_audits_is_refused(folder: Path) -> None:
    with pytest.raises(UnknownNameError, match="used no extractor 'texture'; it used: pixels"):
        make(folder, extractor="texture")
    document = json.loads((folder / "audit.json").read_text(encoding="utf-8"))
    document["protocol"]["extractors"][0]["identity"] += " of another version"
    (folder / "audit.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(InputError, match="is not the one that the audit used"):
        make(folder)


def test_too_many_images_are_sampled_from_every_set_and_class(workspace: Path) -> None:
    rng = np.random.default_rng(0)
    sets = np.repeat(["real", "gan", "rare"], [6000, 3900, 100])
    labels = [None if at % 7 == 0 else f"c{at % 3}" for at in range(10_000)]
    table = pa.table({"id": [f"{at:020x}" for at in rng.permutation(10_000)], "set": sets, "label": labels})
    items = AuditItems(table, {})
    rows = sample_rows(items, 1000, seed=5)
    assert 970 <= len(rows) <= 1000
    assert (np.diff(rows) > 0).all()
    frame = table.to_pandas()
    share = (
        frame.iloc[rows].groupby(["set", "label"], dropna=False).size()
        / frame.groupby(["set", "label"], dropna=False).size()
    )
    assert share.between(0.05, 0.11).all()
    assert np.array_equal(rows, sample_rows(items, 1000, seed=5))
    assert not np.array_equal(rows, sample_rows(items, 1000, seed=6)[: len(rows)])
    assert np.array_equal(sample_rows(items, 10_000, seed=5), np.arange(10_000))


def test_keys_tell_maps_apart() -> None:
    keys = {
        make_map_key(identity, n_neighbors=n, min_dist=d, seed=s)
        for identity in ("a", "b")
        for n in (15, 16)
        for d in (0.0, 0.1)
        for s in (0, 1)
    }
    assert len(keys) == 16
    assert all(len(key) == 16 and key.isalnum() for key in keys)


@pytest.mark.parametrize("key", ["../items", "0" * 16, "a/b", ""])
def test_a_key_that_is_none_finds_nothing(folder: Path, key: str) -> None:
    with pytest.raises(UnknownNameError, match="has no map"):
        load_map(folder, key)


def test_a_damaged_map_says_so_and_is_not_listed(folder: Path) -> None:
    key = keep_known_map(folder, grid(24))
    path = folder / "maps" / f"{key}.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="damaged"):
        load_map(folder, key)
    assert list_maps(folder) == {}


def test_points_carry_what_the_audit_found_of_their_own_image(folder: Path) -> None:
    key = keep_known_map(folder, grid(24))
    points = load_points(folder, key)
    assert points.sets == ("real", "gan")
    assert points.classes == ("heart", "lung")
    assert points.judged_by == "pixels"
    pairs = load_pairs(folder).set_index("query_id")
    for row in points.table.itertuples():
        assert load_items(folder)[row.id].label == row.label
        if row.role == "synthetic":
            assert row.rho == pytest.approx(pairs.loc[row.id, "rho"])
            assert row.status == (1 if pairs.loc[row.id, "flagged"] else 2)
        else:
            assert row.status == 0
    packed = unpack(pack_points(folder, key))
    assert [bytes(one).hex() for one in packed["id"]] == points.table["id"].tolist()
    assert [points.sets[at] for at in packed["set"][:, 0]] == points.table["set"].tolist()
    assert [points.classes[at - 1] for at in packed["class"][:, 0]] == points.table["label"].tolist()
    assert packed["rho"][:, 0] == pytest.approx(points.table["rho"], nan_ok=True)
    assert np.array_equal(packed["umap_2d"], grid(24))
    assert packed["umap_3d"].shape == packed["pca"].shape == (24, 3)


def test_an_audit_without_pairs_has_a_map_without_copies(folder: Path) -> None:
    (folder / PAIRS_FILE).unlink()
    points = load_points(folder, keep_known_map(folder, grid(24)))
    assert points.judged_by is None
    assert not points.table["status"].any()
    assert points.table["rho"].isna().all()


def test_a_selection_comes_back_as_rows() -> None:
    flags = np.random.default_rng(0).random(1003) < 0.3
    bits = base64.b64encode(np.packbits(flags, bitorder="little").tobytes()).decode()
    assert np.array_equal(unpack_selection(bits, 1003), np.flatnonzero(flags))
    for wrong in (bits[:-8], "no base64!", "", bits + "AAAA"):
        with pytest.raises(InputError, match="belongs to another map"):
            unpack_selection(wrong, 1003)


def test_lists_name_the_chosen_images_and_run_nothing(folder: Path) -> None:
    table = load_items(folder).table
    items = table.column("item").to_pylist()
    items[20] = '=HYPERLINK("x")'
    pq.write_table(
        table.set_column(table.column_names.index("item"), "item", pa.array(items)), folder / "items.parquet"
    )
    key = keep_known_map(folder, grid(24))
    points = load_points(folder, key)
    rows = np.array([2, 20])
    assert count_by_set(points, rows) == {"real": (1, 12), "gan": (1, 12)}
    listed = list(csv.DictReader(io.StringIO(write_selection(points, rows))))
    assert [row["id"] for row in listed] == points.table["id"].iloc[rows].tolist()
    assert listed[1]["item"] == '\'=HYPERLINK("x")'
    assert listed[0]["copy_search"] == ""
    whole = pd.read_csv(io.StringIO(write_coordinates(folder, key)))
    assert whole[["umap_2d_1", "umap_2d_2"]].to_numpy().tolist() == grid(24).tolist()
    assert list(whole["id"]) == points.table["id"].tolist()


def test_images_outside_the_roots_are_not_opened(forgotten: Path) -> None:
    confined = replace(get_settings(), confined_to=(forgotten,))
    with pytest.raises(ImageSetError):
        make_map(
            forgotten,
            load_summary(forgotten),
            extractor="pixels",
            options=MapOptions(),
            settings=confined,
            progress=SilentProgress(),
        )
