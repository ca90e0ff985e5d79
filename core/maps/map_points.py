"""A map's points with what is known of their images, for pages and packed for a browser."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from core.audit.items import ITEMS_FILE, load_items
from core.audit.pairs import PAIRS_FILE, load_pairs
from core.errors import InputError
from core.maps.map_file import COORDINATES, MapRecord, load_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "STATUSES",
    "MapPoints",
    "count_by_set",
    "load_points",
    "pack_points",
    "unpack_selection",
    "write_coordinates",
    "write_selection",
]

STATUSES: Final = ("", "Looks like a copy (flagged)", "Not flagged")
"""What an image's copy search found; the first stands for images that were not judged."""

_MAIN_EXTRACTOR: Final = "pixels"


@dataclass(frozen=True, slots=True)
class MapPoints:
    """A map's images, one row each in the map's own order; do not change the table.

    Attributes:
        record: what decided the map.
        table: columns id, set, role, item, digest, label, status (an index into `STATUSES`) and rho, the
            distance to the nearest real train image relative to what is usual there; NaN where unknown.
        sets: names of the sets on the map in the study's order, real first.
        classes: class labels on the map.
        judged_by: extractor of the copy search behind status and rho; None where the audit kept no pairs.
    """

    record: MapRecord
    table: pd.DataFrame
    sets: tuple[str, ...]
    classes: tuple[str, ...]
    judged_by: str | None


def load_points(folder: Path, key: str) -> MapPoints:
    """Join a map with the audit's images and pairs; kept in memory for the few looked at last.

    Args:
        folder: the audit's folder.
        key: the map's key.

    Raises:
        UnknownNameError: if the audit has no such map.
        InputError: if a file of the audit is gone or damaged.
    """
    stamps = [
        path.stat().st_mtime_ns if path.exists() else 0
        for path in (folder / "maps" / f"{key}.parquet", folder / ITEMS_FILE, folder / PAIRS_FILE)
    ]
    return _join(folder, key, tuple(stamps))


@lru_cache(maxsize=4)
def _join(folder: Path, key: str, _changed: tuple[int, ...]) -> MapPoints:
    feature_map = load_map(folder, key)
    items = load_items(folder).to_pandas().set_index("id")
    ids = feature_map.table.column("id").to_pandas()
    if not ids.isin(items.index).all():
        raise InputError(f"The map {key} shows images that the audit does not list; make it again.")
    table = items.loc[ids, ["set", "role", "item", "digest", "label"]].reset_index()
    table["status"], table["rho"] = 0, np.nan
    judged_by = None
    try:
        pairs = load_pairs(folder)
    except InputError:
        pairs = None
    if pairs is not None and len(pairs):
        used = list(dict.fromkeys(pairs["extractor"]))
        judged_by = _MAIN_EXTRACTOR if _MAIN_EXTRACTOR in used else used[0]
        of_one = pairs[pairs["extractor"] == judged_by].drop_duplicates("query_id").set_index("query_id")
        found = of_one.reindex(table["id"])
        table["rho"] = found["rho"].to_numpy(dtype=np.float64, na_value=np.nan)
        # Controls have no verdict: they are what others are judged by.
        judged = (table["role"] == "synthetic").to_numpy() & found["flagged"].notna().to_numpy()
        flagged = found["flagged"].eq(True).to_numpy()
        table["status"] = np.select([judged & flagged, judged], [1, 2], 0)
    return MapPoints(
        record=feature_map.record,
        table=table,
        sets=tuple(dict.fromkeys(table["set"])),
        classes=tuple(sorted(table["label"].dropna().unique())),
        judged_by=judged_by,
    )


def pack_points(folder: Path, key: str) -> bytes:
    """Pack a map for a browser: a header, then arrays of numbers, all little-endian.

    The file begins with the header's length as uint32 and the header, which is JSON: `n`, and for each array
    its `type`, `width` (numbers a point) and `offset` from the end of the header, each a multiple of 4.
    Arrays: `id` (10 bytes, the item id's digits), `set` and `class` (places in `MapPoints.sets` and, counted
    from 1, `MapPoints.classes`; 0 is none), `status`, `rho`, and the coordinates.

    Raises:
        UnknownNameError: if the audit has no such map.
        InputError: if a file of the audit is gone or damaged.
    """
    points, coordinates = load_points(folder, key), load_map(folder, key).table
    table = points.table
    arrays: dict[str, NDArray[np.generic]] = {
        "id": np.frombuffer(bytes.fromhex("".join(table["id"])), dtype=np.uint8).reshape(-1, 10),
        "set": pd.Categorical(table["set"], categories=points.sets).codes.astype("<u2"),
        "class": (pd.Categorical(table["label"], categories=points.classes).codes + 1).astype("<u2"),
        "status": table["status"].to_numpy(dtype=np.uint8),
        "rho": table["rho"].to_numpy(dtype="<f4"),
    }
    for name in COORDINATES:
        column = coordinates.column(name).combine_chunks()
        arrays[name] = column.flatten().to_numpy().reshape(len(table), -1).astype("<f4")
    facts, parts, offset = {}, [], 0
    for name, values in arrays.items():
        data = values.tobytes()
        width = 1 if values.ndim == 1 else values.shape[1]
        facts[name] = {"type": values.dtype.name, "width": width, "offset": offset}
        parts.append(data + bytes(-len(data) % 4))
        offset += len(parts[-1])
    header = json.dumps({"n": len(table), "arrays": facts}).encode()
    header += b" " * (-len(header) % 4)
    return len(header).to_bytes(4, "little") + header + b"".join(parts)


def unpack_selection(bits: str, n: int) -> NDArray[np.int64]:
    """Read a selection that a browser sent: one bit a point, lowest first, in base64.

    Returns:
        Rows that are chosen, ascending.

    Raises:
        InputError: if it is no selection of this map.
    """
    try:
        packed = np.frombuffer(base64.b64decode(bits, validate=True), dtype=np.uint8)
    except (binascii.Error, ValueError):
        packed = np.empty(0, dtype=np.uint8)
    if len(packed) != -(-n // 8):
        raise InputError("The selection belongs to another map; select again.")
    return np.flatnonzero(np.unpackbits(packed, count=n, bitorder="little"))


def count_by_set(points: MapPoints, rows: NDArray[np.int64]) -> dict[str, tuple[int, int]]:
    """Count chosen images and those on the map, by set in the study's order."""
    codes = pd.Categorical(points.table["set"], categories=points.sets).codes
    chosen = np.bincount(codes[rows], minlength=len(points.sets))
    total = np.bincount(codes, minlength=len(points.sets))
    return {name: (int(chosen[at]), int(total[at])) for at, name in enumerate(points.sets)}


def write_selection(points: MapPoints, rows: NDArray[np.int64]) -> str:
    """List chosen images as CSV: id, set, class, item, digest, copy search and rho."""
    return _describe(points.table.iloc[rows]).to_csv(index=False)


def write_coordinates(folder: Path, key: str) -> str:
    """List all images of a map as CSV, as `write_selection` does, with their coordinates.

    Raises:
        UnknownNameError: if the audit has no such map.
        InputError: if a file of the audit is gone or damaged.
    """
    listed = _describe(load_points(folder, key).table)
    coordinates = load_map(folder, key).table
    for name in COORDINATES:
        values = coordinates.column(name).combine_chunks()
        matrix = values.flatten().to_numpy().reshape(len(listed), -1)
        for at in range(matrix.shape[1]):
            listed[f"{name}_{at + 1}"] = matrix[:, at]
    return listed.to_csv(index=False)


def _describe(chosen: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": chosen["id"],
            "set": [_guard(text) for text in chosen["set"]],
            "class": [_guard(text) for text in chosen["label"].fillna("")],
            "item": [_guard(text) for text in chosen["item"]],
            "digest": chosen["digest"],
            "copy_search": [STATUSES[status] for status in chosen["status"]],
            "rho": chosen["rho"],
        }
    )


def _guard(text: str) -> str:
    """Names from users must not start what a spreadsheet would run as a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
