"""Features as a Parquet file that pandas and embedding viewers read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.datasets.image_set import Item
from core.errors import InputError
from core.features.base import FeatureBatch

__all__ = ["write_features"]


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
    table = pa.table(columns).replace_schema_metadata({"medsynaudit.space": space})
    draft = path.with_name(f".{path.name}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, draft)
        draft.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error}); choose another --output.") from error


def _lists(rows: NDArray[np.generic]) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), rows.shape[1])
