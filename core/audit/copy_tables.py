"""Pairs as tables: the rows of `copies.csv` and of `pairs.parquet`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from core.audit.copy_evidence import CopyEvidence, NearestImages, SearchedSets
from core.audit.items import make_item_id
from core.audit.pairs import PAIRS_SCHEMA, VOLUME_PAIRS_SCHEMA
from core.copies.volume_search import VolumeMatches
from core.datasets.image_set import ImageSet
from core.metrics.calibrated_copies import CalibratedCopies

__all__ = ["COPY_COLUMNS", "list_copies", "tabulate_controls", "tabulate_pairs"]

COPY_COLUMNS = (
    "synthetic",
    "synthetic_item",
    "nearest_real",
    "distance",
    "set",
    "extractor",
    "rho",
    "p_value",
    "q_value",
    "transform",
    "pixel_agreement",
    "flagged",
)
"""Columns of `copies.csv`."""

# Of volumes, too: whether the volume is turned over, and how it is shifted, as shares of its extent.
_SHIFT_COLUMNS = ("shift_slices", "shift_rows", "shift_columns")


def tabulate_pairs(
    one: ImageSet,
    judged: CalibratedCopies,
    evidence: CopyEvidence,
    sets: SearchedSets,
    raw: Sequence[str] | None,
) -> pa.Table:
    """Lay out a synthetic set's pairs.

    Args:
        one: the set.
        judged: its calibration.
        evidence: nearest images of every set.
        sets: the study.
        raw: the set that each item falls into by MedSynAnalyzer's rule, or None.
    """
    verdicts = {
        "p_value": judged.p_values,
        "q_value": judged.q_values,
        "flagged": judged.flagged,
        "set": None if raw is None else list(raw),
    }
    rows = np.arange(len(one))
    return _lay_out(one, rows, evidence.synthetic[one.name], sets.real, evidence.extractor, verdicts)


def tabulate_controls(evidence: CopyEvidence, sets: SearchedSets) -> pa.Table:
    """Lay out the controls: p-values are taken from them, and they have none of their own."""
    controls = evidence.controls
    return _lay_out(controls.image_set, controls.rows, controls.nearest, sets.real, evidence.extractor, {})


def _lay_out(
    image_set: ImageSet,
    rows: NDArray[np.intp],
    nearest: NearestImages,
    real: ImageSet,
    extractor: str,
    verdicts: Mapping[str, Any],
) -> pa.Table:
    """One row an image, in the columns of `pairs.parquet`."""
    n, pixels = len(rows), nearest.pixels
    real_ids = _make_ids(real, nearest.real_index)
    columns: dict[str, Any] = {
        "query_id": _make_ids(image_set, rows),
        "query_set": [image_set.name] * n,
        "query_role": [image_set.role.value] * n,
        "real_id": real_ids,
        "extractor": [extractor] * n,
        "distance": nearest.distance,
        "rho": nearest.ratio,
        "transform": [transform.value for transform in pixels.transforms],
        "pixel_agreement": pixels.pixel_agreement,
        "overlap": pixels.overlap,
        # (n, 2, 3) -> n lists of 6
        "warp": list(pixels.warps.reshape(n, 6)),
    }
    schema = PAIRS_SCHEMA
    if isinstance(pixels, VolumeMatches):
        schema = VOLUME_PAIRS_SCHEMA
        columns |= {
            "turned_over": pixels.turned_over,
            "shift": list(pixels.shift),
            # (n, 3, places) -> n lists
            "slice_agreement": list(pixels.slice_agreement.reshape(n, -1)),
        }
    columns |= {name: values for name, values in verdicts.items() if values is not None}
    arrays = [
        pa.array(columns[name], type=kind) if name in columns else pa.nulls(n, kind)
        for name, kind in zip(schema.names, schema.types, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _make_ids(image_set: ImageSet, rows: NDArray[np.intp]) -> list[str]:
    items = [image_set.items[row] for row in rows.tolist()]
    return [make_item_id(image_set.name, item.id, item.digest) for item in items]


def list_copies(pairs: pa.Table, one: ImageSet, nearest: NearestImages, real: ImageSet) -> pd.DataFrame:
    """Name a synthetic set's pairs by their files, in the columns of `copies.csv`."""
    frame: pd.DataFrame = pairs.to_pandas()
    frame["synthetic"] = one.name
    frame["synthetic_item"] = [item.id for item in one.items]
    frame["nearest_real"] = [real.items[row].id for row in nearest.real_index.tolist()]
    if "shift" not in frame:
        return frame[list(COPY_COLUMNS)]
    shifts = np.stack(frame["shift"].to_list())
    for axis, name in enumerate(_SHIFT_COLUMNS):
        frame[name] = shifts[:, axis]
    return frame[[*COPY_COLUMNS, "turned_over", *_SHIFT_COLUMNS]]
