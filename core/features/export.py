"""Features as Parquet files that pandas and viewers of embeddings read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.datasets.image_set import Item
from core.errors import InputError
from core.features.base import FeatureBatch
from core.images.display import DEFAULT_INTENSITY, describe_intensity
from core.images.intensity import Intensity
from core.images.slices import Plane

__all__ = ["EmbeddingRow", "name_space", "write_embeddings", "write_features"]


@dataclass(frozen=True, slots=True)
class EmbeddingRow:
    """What a viewer of embeddings is told of one image.

    Attributes:
        id: unique in the table.
        set: name of its image set.
        role: `real`, `heldout` or `synthetic`.
        label: class, or None.
        patient_hash: stands for the patient, or None.
        path: of the image, relative to the table's folder, with `/`; of a DICOM series, of its first file.
        slices: slices of a volume; 1 of a picture.
        spacing_mm: of a volume, distances between slices, rows and columns in mm; None where not known.
    """

    id: str
    set: str
    role: str
    label: str | None
    patient_hash: str | None
    path: str
    slices: int = 1
    spacing_mm: tuple[float, float, float] | None = None


def name_space(identity: str, *, view: str, intensity: Intensity) -> str:
    """Name all that decided features beyond the items, as files of features keep it.

    Args:
        identity: of the extractor.
        view: what it saw of volumes; empty of pictures.
        intensity: which values were black and white; the default is not said, as in files from before there
            was a choice.
    """
    policy = "" if intensity == DEFAULT_INTENSITY else describe_intensity(intensity)
    return " | ".join(filter(None, (identity, view, policy)))


def write_embeddings(path: Path, *, rows: Sequence[EmbeddingRow], batch: FeatureBatch, space: str) -> None:
    """Write one table of all sets: the columns of `EmbeddingRow`, and `embedding`, a list of d float32.

    `slices` and `spacing_mm` are columns only where there are volumes.

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
    if any(row.slices > 1 for row in rows):
        columns["slices"] = pa.array([row.slices for row in rows], pa.int32())
        columns["spacing_mm"] = pa.array([row.spacing_mm for row in rows], pa.list_(pa.float64()))
    columns["embedding"] = _lists(batch.features.astype(np.float32, copy=False))
    _write(path, pa.table(columns), space)


def write_features(
    path: Path,
    *,
    items: Sequence[Item],
    batch: FeatureBatch,
    space: str,
    planes: Mapping[Plane, NDArray[np.float32]] | None = None,
) -> None:
    """Write one row an item: item, digest, label, patient, features, and logits where there are some.

    Args:
        path: the file, replaced in one step.
        items: images in the order of the features.
        batch: their features.
        space: what decided the features; kept in the file's metadata as `medsynaudit.space`.
        planes: features along planes of volumes, each a column such as `features_axial`.

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
    for plane, features in (planes or {}).items():
        columns[f"features_{plane}"] = _lists(features)
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
