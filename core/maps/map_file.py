"""Maps of an audit's feature space on disk: `maps/<key>.parquet` in the audit's folder."""

from __future__ import annotations

import hashlib
import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import InputError, StoreError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COORDINATES", "FeatureMap", "MapRecord", "list_maps", "load_map", "make_map_key", "save_map"]

COORDINATES: Final = ("umap_2d", "umap_3d", "pca")
"""Columns of coordinates, each a list of two or three numbers."""

_VERSION: Final = 1
_RECORD: Final = b"medsynaudit.map"


class MapRecord(BaseModel):
    """Everything that decided a map, and what a reader must know of it.

    Attributes:
        extractor: the extractor's name in results.
        identity: everything that decides its features.
        n_neighbors: neighbours asked for.
        min_dist: least distance asked for.
        seed: seeds layout and subsample.
        metric: what UMAP measured.
        n_neighbors_used: less than asked for where there are fewer images.
        n_features: features of an image.
        n_umap_features: principal components that UMAP saw, or None for the features themselves.
        explained: share of variance along each of the three principal axes.
        n: images on the map.
        n_total: images of the audit.
        software: versions of the packages that laid it out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    extractor: str
    identity: str
    n_neighbors: int
    min_dist: float
    seed: int
    metric: str
    n_neighbors_used: int
    n_features: int
    n_umap_features: int | None
    explained: tuple[float, float, float]
    n: int
    n_total: int
    software: dict[str, str]


class FeatureMap:
    """A map: one row an image, in the order of `items.parquet`.

    Args:
        record: what decided it.
        table: columns `id` and `COORDINATES`.
    """

    def __init__(self, record: MapRecord, table: pa.Table) -> None:
        self.record = record
        self.table = table


def make_map_key(identity: str, *, n_neighbors: int, min_dist: float, seed: int) -> str:
    """Name a map by what decides it, besides the audit: 16 hexadecimal digits."""
    text = "\0".join((f"v{_VERSION}", identity, str(n_neighbors), repr(float(min_dist)), str(seed)))
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def save_map(folder: Path, key: str, feature_map: FeatureMap) -> Path:
    """Write a map in one atomic step.

    Args:
        folder: the audit's folder.
        key: what `make_map_key` says.
        feature_map: the map.

    Raises:
        StoreError: if the folder cannot be written.
    """
    path = _path(folder, key)
    draft = path.with_name(f".{key}-{os.getpid()}-{secrets.token_hex(4)}")
    metadata = {_RECORD: feature_map.record.model_dump_json().encode()}
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        try:
            pq.write_table(feature_map.table.replace_schema_metadata(metadata), draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"The audit's folder {folder} cannot be written: {error.strerror}.") from None
    return path


def load_map(folder: Path, key: str) -> FeatureMap:
    """Read a map; kept in memory for the few looked at last.

    Raises:
        UnknownNameError: if the audit has none of that key.
        InputError: if it is damaged.
    """
    path = _path(folder, key)
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        raise UnknownNameError(f"The audit has no map {key!r}; make it on the Feature space page.") from None
    try:
        return _load(path, changed)
    except (OSError, pa.ArrowException, KeyError, ValueError):
        raise InputError(f"The map {key} is damaged; make it again.") from None


def list_maps(folder: Path) -> dict[str, MapRecord]:
    """List an audit's maps by key, newest first; damaged ones are left out."""
    found = {}
    for path in sorted((folder / "maps").glob("*.parquet"), key=_changed, reverse=True):
        try:
            found[path.stem] = _read_record(path, _changed(path))
        except (OSError, pa.ArrowException, KeyError, ValidationError):
            continue
    return found


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns


def _path(folder: Path, key: str) -> Path:
    # Keys come from addresses; one that is none must not become a path.
    if not (key.isascii() and key.isalnum()):
        raise UnknownNameError(f"The audit has no map {key[:40]!r}; make it on the Feature space page.")
    return folder / "maps" / f"{key}.parquet"


@lru_cache(maxsize=256)
def _read_record(path: Path, _changed: int) -> MapRecord:
    return _parse(pq.read_schema(path))


@lru_cache(maxsize=4)
def _load(path: Path, _changed: int) -> FeatureMap:
    table = pq.read_table(path)
    widths: Sequence[pa.DataType] = [table.schema.field(name).type for name in COORDINATES]
    if [one.list_size for one in widths] != [2, 3, 3]:
        raise ValueError("columns differ")
    return FeatureMap(_parse(table.schema), table)


def _parse(schema: pa.Schema) -> MapRecord:
    return MapRecord.model_validate_json((schema.metadata or {})[_RECORD])
