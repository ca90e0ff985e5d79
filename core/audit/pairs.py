"""The pairs of an audit, each item beside the real train image nearest to it: `pairs.parquet`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.copies.volume_thumbnails import VOLUME_SIDE
from core.errors import InputError

__all__ = ["PAIRS_FILE", "PAIRS_SCHEMA", "VOLUME_PAIRS_SCHEMA", "load_pairs"]

PAIRS_FILE = "pairs.parquet"

PAIRS_SCHEMA = pa.schema(
    [
        # The item asked about, and its set: synthetic ones; held-out (else left-out real) ones as controls.
        ("query_id", pa.string()),
        ("query_set", pa.string()),
        ("query_role", pa.string()),
        ("real_id", pa.string()),
        ("extractor", pa.string()),
        # In the extractor's units; for `pixels` sqrt(2 (1 - r)), r the correlation of detail after alignment.
        ("distance", pa.float64()),
        ("rho", pa.float64()),
        # Null for controls: they are what p-values are taken from.
        ("p_value", pa.float64()),
        ("q_value", pa.float64()),
        ("flagged", pa.bool_()),
        # A value of `core.copies.transforms.Transform`: what turns the query the way the real image lies.
        ("transform", pa.string()),
        ("pixel_agreement", pa.float64()),
        ("overlap", pa.float64()),
        # From places on the query so turned to places on the real image: see `core.copies.warping`.
        ("warp", pa.list_(pa.float64(), 6)),
        # The set that the item falls into by MedSynAnalyzer's rule; null for controls.
        ("set", pa.string()),
    ]
)
"""Columns of `pairs.parquet`."""

VOLUME_PAIRS_SCHEMA = pa.schema(
    [
        *PAIRS_SCHEMA,
        # Whether the query, its slices turned by `transform`, is turned over as well, head to foot.
        ("turned_over", pa.bool_()),
        # Of the query so turned onto the real volume, as shares of the extent along slices, rows and columns.
        ("shift", pa.list_(pa.float64(), 3)),
        # Correlation of detail in corresponding slices, at places spread evenly from the real volume's first
        # slice to its last: 32 axial ones, 32 coronal ones, 32 sagittal ones; NaN where there is none.
        ("slice_agreement", pa.list_(pa.float32(), 3 * VOLUME_SIDE)),
    ]
)
"""Columns of `pairs.parquet` where items are volumes."""


def load_pairs(folder: Path) -> pd.DataFrame:
    """Read the pairs of a finished audit, one row an item and extractor; do not change what is returned.

    Args:
        folder: the audit's folder.

    Raises:
        InputError: if there are none: the audit is of an earlier version, or its files are gone.
    """
    path = folder / PAIRS_FILE
    try:
        return _load(path, path.stat().st_mtime_ns)
    except (OSError, pa.ArrowException, KeyError, ValueError):
        raise InputError(
            f"The image pairs of the audit {folder.name} cannot be read; run the audit again."
        ) from None


@lru_cache(maxsize=8)
def _load(path: Path, _changed: int) -> pd.DataFrame:
    table = pq.read_table(path)
    if not any(table.schema.equals(schema) for schema in (PAIRS_SCHEMA, VOLUME_PAIRS_SCHEMA)):
        raise ValueError("columns differ")
    frame: pd.DataFrame = table.to_pandas()
    return frame
