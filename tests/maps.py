"""Audits with maps whose coordinates are known, without UMAP's work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.audit.archive import load_summary
from core.audit.items import ITEMS_FILE, load_items
from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.db.database import open_database
from core.db.studies import StudyRecord, save_study
from core.maps.map_file import FeatureMap, MapRecord, make_map_key, save_map
from tests.images import write_images

__all__ = ["CLASSES", "keep_known_map", "keep_many_items", "keep_study_in_classes"]

CLASSES = ("lung", "heart")


def keep_study_in_classes(name: str = "Films", *, n: int = 12) -> StudyRecord:
    """Save a study whose sets, `real` and `gan`, lie in two classes."""
    settings = get_settings()
    for number, folder in enumerate(("real", "gan")):
        write_images(settings.home / "data" / folder, n, seed=number + 1, classes=CLASSES)
    folders = StudyFolders(
        real=FolderRef(root="data", path="real"),
        synthetic=(SyntheticFolder(name="gan", folder=FolderRef(root="data", path="gan")),),
    )
    return save_study(open_database(settings), name=name, folders=folders)


def keep_known_map(folder: Path, places: NDArray[np.float32], *, seed: int = 0) -> str:
    """Keep a map of all items of an audit, at known places in 2-D; returns its key.

    In 3-D the places lie in a plane; along principal axes they are turned by a quarter.
    """
    items = load_items(folder)
    used = load_summary(folder).protocol.extractors[0]
    flat = np.concatenate([places, np.zeros((len(places), 1))], axis=1).astype(np.float32)
    columns = {
        "id": items.table.column("id").combine_chunks(),
        **{
            name: pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])
            for name, values in (
                ("umap_2d", places.astype(np.float32)),
                ("umap_3d", flat),
                ("pca", np.ascontiguousarray(flat[:, [1, 0, 2]])),
            )
        },
    }
    record = MapRecord(
        extractor=used.name,
        identity=used.identity,
        n_neighbors=15,
        min_dist=0.1,
        seed=seed,
        metric="euclidean",
        n_neighbors_used=15,
        n_features=1024,
        n_umap_features=50,
        explained=(0.5, 0.25, 0.125),
        n=len(items),
        n_total=len(items),
        software={},
    )
    key = make_map_key(used.identity, n_neighbors=15, min_dist=0.1, seed=seed)
    save_map(folder, key, FeatureMap(record, pa.table(columns)))
    return key


def keep_many_items(folder: Path, n: int) -> None:
    """Let an audit list n images, half of them real, all of them one of two files."""
    items = load_items(folder)
    table = items.table.to_pandas()
    rows = table.groupby("role").head(1).sort_values("role", ascending=True)
    real, synthetic = (rows[rows["role"] == role].iloc[0] for role in ("real", "synthetic"))
    many = pa.Table.from_pylist(
        [
            dict(real if at < n // 2 else synthetic) | {"id": f"{at:020x}", "label": CLASSES[at % 2]}
            for at in range(n)
        ],
        schema=items.table.schema,
    )
    pq.write_table(many, folder / ITEMS_FILE)
