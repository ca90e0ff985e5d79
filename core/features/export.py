"""Features as Parquet files that pandas and viewers of embeddings read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.datasets.image_set import Item
from core.errors import InputError
from core.features.base import FeatureBatch

__all__ = ["EmbeddingRow", "write_embeddings", "write_features"]


@dataclass(frozen=True, slots=True)
class EmbeddingRow:
    """What a viewer of embeddings is told of one image.

    Attributes:
        id: unique in the table.
        set: name of its image set.
        role: `real`, `heldout` or `synthetic`.
        label: class, or None.
        patient_hash: stands for the patient, or None.
        path: of the image, relative to the table's folder, with `/`.
    """

    id: str
    set: str
    role: str
    label: str | None
    patient_hash: str | None
    path: str


def write_embeddings(path: Path, *, rows: Sequence[EmbeddingRow], batch: FeatureBatch, space: str) -> None:
    """Write one table of all sets: the columns of `EmbeddingRow`, and `embedding`, a list of d float32.

    pandas reads it by `read_parquet`, `embedding` as arrays. Embedding Atlas takes the vectors by
    `embedding-atlas FILE --vector embedding` and colours and filters by set, role and label. FiftyOne makes a
    sample of each row, of `path` (joined to the table's folder) as `filepath` and `label` as a
    classification, and takes `np.stack(table["embedding"])` as the `embeddings` of `compute_visualization`
    and `compute_similarity`.

    Args:
        path: the file, replaced in one step.
        rows: images in the order of the features.
        batch: their features; discrete codes become float32, too.
        space: what decided the features; kept in the file's metadata as `medsynaudit.space`.

    Raises:
        InputError: if the file cannot be written.
    """
    columns: dict[str, pa.Array] = {
        name: pa.array([getattr(row, name) for row in rows], pa.string())
        for name in ("id", "set", "role", "label", "patient_hash", "path")
    }
    columns["embedding"] = _lists(batch.features.astype(np.float32, copy=False))
    _write(path, pa.table(columns), space)


def write_features(path: Path, *, items: Sequence[Item], batch: FeatureBatch, space: str) -> None:
    """Write one row an item: item, digest, label, patient, features, and logits where there are some.

    Args:
        path: the file, replaced in one step.
        items: images in the order of the features.
        batch: their features.
        space: what decided the features; kept in the file's metadata as `medsynaudit.space`.

    Raises:
        InputError: if the file cannot be written.
    """
    columns: dict[str, pa.Array] = {
        "item": pa.array([item.id for item in items], pa.string()),
        "digest": pa.array([item.digest for item in items], pa.string()),
        "label": pa.array([item.label for item in items], pa.string()),
        "patient": pa.array([item.patient for item in items], pa.string()),
        "features": _lists(batch.features),
    }
    if batch.logits is not None:
        columns["logits"] = _lists(batch.logits)
    _write(path, pa.table(columns), space)


def _write(path: Path, table: pa.Table, space: str) -> None:
    draft = path.with_name(f".{path.name}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table.replace_schema_metadata({"medsynaudit.space": space}), draft)
        draft.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error}); choose another --output.") from error


def _lists(rows: NDArray[np.generic]) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), rows.shape[1])
