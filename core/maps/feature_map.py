"""Makes a map of an audit's feature space from the images that the audit saw."""

from __future__ import annotations

import importlib.metadata
import os
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import ValidationError

from core.audit.items import AuditItems, load_items
from core.audit.protocol import Execution, Protocol
from core.audit.result import AuditSummary, ExtractorRecord
from core.audit.set_features import extract_sets
from core.config import Settings
from core.datasets.image_set import ImageSet, Item, Role
from core.errors import InputError, UnknownNameError
from core.features.base import Extractor
from core.features.embedding import compute_embedding
from core.features.registry import load_extractor
from core.images.decoded import ImageFacts
from core.images.intensity import Intensity
from core.maps.map_file import COORDINATES, FeatureMap, MapRecord, load_map, make_map_key, save_map
from core.maps.map_options import MapOptions
from core.progress import Progress

__all__ = ["MOST_POINTS", "make_map", "sample_rows"]

MOST_POINTS: Final = 100_000
"""Beyond this, a map shows a random part of every set and class."""


def make_map(
    folder: Path,
    summary: AuditSummary,
    *,
    extractor: str,
    options: MapOptions,
    execution: Execution | None = None,
    settings: Settings,
    progress: Progress,
    most_points: int = MOST_POINTS,
) -> str:
    """Make a map and keep it in the audit's folder; one that is there already is left as it is.

    Features come from the feature store; only those that are missing are extracted, from files that must
    still be the ones that were audited.

    Args:
        folder: the audit's folder.
        summary: what the audit recorded.
        extractor: one of its extractors, by name.
        options: neighbours, least distance, seed.
        execution: device, batch size and threads; the defaults when None.
        settings: workspace and limits; confined where the audit was.
        progress: told about every stage; may cancel.
        most_points: more images than this are sampled.

    Returns:
        The map's key.

    Raises:
        UnknownNameError: if the audit used no such extractor.
        InputError: if the extractor or the list of images is not the audit's any more.
        ImageSetError: if an image is needed whose file is gone or has changed.
        WeightsError: if the extractor's weights are not to be had.
        StoreError: if a folder cannot be written.
        CancelledError: if progress says so.
    """
    record = _find_extractor(summary, extractor)
    key = make_map_key(record.identity, **options.model_dump())
    try:
        load_map(folder, key)
        return key
    except InputError:
        pass  # Not there, or damaged: made anew.
    execution = execution or Execution()
    protocol = _read_protocol(summary)
    network = _load_extractor(record, protocol, execution, settings, progress)
    items = load_items(folder)
    batches = extract_sets(
        _rebuild_sets(items, protocol.intensity),
        network,
        title=network.name,
        protocol=protocol,
        execution=execution,
        settings=settings,
        progress=progress,
    )
    features = np.concatenate([batch.features for batch in batches])
    rows = sample_rows(items, most_points, seed=options.seed)
    embedding = compute_embedding(
        features[rows], kind=network.info.kind, progress=progress, **options.model_dump()
    )
    columns: dict[str, Any] = {"id": items.table.column("id").take(pa.array(rows)).combine_chunks()}
    for name, values in zip(COORDINATES, (embedding.umap_2d, embedding.umap_3d, embedding.pca), strict=True):
        columns[name] = pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])
    first, second, third = (float(share) for share in embedding.explained)
    written = MapRecord(
        extractor=record.name,
        identity=record.identity,
        **options.model_dump(),
        metric=embedding.metric,
        n_neighbors_used=embedding.n_neighbors,
        n_features=features.shape[1],
        n_umap_features=embedding.n_umap_features,
        explained=(first, second, third),
        n=len(rows),
        n_total=len(items),
        software={name: importlib.metadata.version(name) for name in ("umap-learn", "numba", "numpy")},
    )
    save_map(folder, key, FeatureMap(written, pa.table(columns)))
    return key


def sample_rows(items: AuditItems, most: int, *, seed: int) -> NDArray[np.int64]:
    """Choose the rows of `items.parquet` that a map shows, ascending.

    Args:
        items: the audit's images.
        most: where there are more, each set and class gives the same share of its images, at least one.
        seed: seeds the draw.
    """
    n = len(items)
    if n <= most:
        return np.arange(n)
    frame = items.table.select(["set", "label"]).to_pandas()
    groups = frame.groupby(["set", "label"], dropna=False, sort=True).indices
    draw = np.random.default_rng(seed)
    # Rounded down, so that there are never more than asked for unless groups are as many as points.
    kept = [draw.choice(rows, max(1, len(rows) * most // n), replace=False) for rows in groups.values()]
    return np.sort(np.concatenate(kept))


def _find_extractor(summary: AuditSummary, name: str) -> ExtractorRecord:
    known = {one.name: one for one in summary.protocol.extractors}
    if name not in known:
        raise UnknownNameError(f"The audit used no extractor {name!r}; it used: {', '.join(known)}.")
    return known[name]


def _read_protocol(summary: AuditSummary) -> Protocol:
    try:
        return Protocol.model_validate(
            {name: value for name, value in summary.protocol.choices.items() if name in Protocol.model_fields}
        )
    except ValidationError:
        raise InputError("The audit's protocol is of another version; run the audit again.") from None


def _load_extractor(
    record: ExtractorRecord,
    protocol: Protocol,
    execution: Execution,
    settings: Settings,
    progress: Progress,
) -> Extractor:
    try:
        network = load_extractor(
            record.name, protocol.extractor_options(execution), settings=settings, progress=progress
        )
    except UnknownNameError:
        raise InputError(
            f"The extractor {record.name!r} of the audit is not there any more; run the audit again."
        ) from None
    if network.identity != record.identity:
        raise InputError(
            f"The extractor {record.name!r} is not the one that the audit used (its version or weights "
            "differ); run the audit again."
        )
    return network


def _rebuild_sets(items: AuditItems, intensity: Intensity) -> list[ImageSet]:
    """Image sets as the audit read them, from its own list instead of the folders."""
    n = len(items)
    has_volumes = "slices" in items.table.column_names
    slices = items.table.column("slices").to_pylist() if has_volumes else [1] * n
    parts = items.table.column("parts").to_pylist() if has_volumes else [()] * n
    found: dict[str, list[Item]] = {}
    roles: dict[str, Role] = {}
    names = ("set", "role", "file", "item", "digest", "label", "width", "height", "channels", "bit_depth")
    columns = [items.table.column(name).to_pylist() for name in names]
    for set_name, role, file, item, digest, label, width, height, channels, depth, n_slices, names in zip(
        *columns, slices, parts, strict=True
    ):
        roles[set_name] = Role(role)
        folder = items.folder_of(set_name)
        files = tuple(folder / os.fsdecode(name) for name in names or ())
        facts = ImageFacts("", "", width, height, channels, depth, slices=n_slices)
        path = files[0] if files else folder / os.fsdecode(file)
        found.setdefault(set_name, []).append(
            Item(item, path, digest, "", label, None, facts, intensity=intensity, parts=files)
        )
    if [*roles.values()][:1] != [Role.REAL]:
        raise InputError("The audit's list of images does not begin with the real set; run the audit again.")
    return [
        ImageSet(roles[name], name, items.folder_of(name), tuple(listed)) for name, listed in found.items()
    ]
