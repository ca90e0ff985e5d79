"""Reads items from disk: hashed, looked up by digest, and decoded where they are new."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import PIL

from core.config import Settings
from core.datasets.entries import Entry
from core.datasets.item_source import compute_source_digest, name_part
from core.errors import ImageReadError, IsVolumeError, StoreError
from core.images.decoded import ImageFacts
from core.images.reading import (
    DECODING_VERSION,
    compute_digest,
    compute_pixel_digest,
    decode_image,
    read_bytes,
)
from core.images.volume_reading import (
    compute_voxel_digest,
    decode_series,
    decode_volume,
    describe_volume,
    find_volume_format,
)
from core.progress import Progress
from core.shards import ShardFolder
from core.workspace_key import load_workspace_key

__all__ = ["Outcome", "ReadItem", "read_entries"]

_FACT_COLUMNS = {
    "format": "U16",
    "mode": "U16",
    "width": "i8",
    "height": "i8",
    "channels": "i8",
    "bit_depth": "i8",
    "note": "U120",
    "patient": "U32",
    "slices": "i8",
}
_SPACING, _VALUES = "spacing_mm", "values"
_CHUNK = 1024
# Small files are kept from hashing to decoding; others are read again, from the system's own cache mostly.
_KEPT_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class ReadItem:
    """What reading an item found.

    Attributes:
        digest: of its bytes.
        pixel_digest: of its pixels or voxels.
        facts: format, size and depth.
        values: smallest and largest grey value, of items deeper than 8 bits; or None.
    """

    digest: str
    pixel_digest: str
    facts: ImageFacts
    values: tuple[float, float] | None


Outcome = ReadItem | str
"""What was found, or why an item cannot be read."""

_Decoded = tuple[str, ImageFacts, tuple[float, float] | None]


def read_entries(
    entries: Sequence[Entry], *, workers: int, settings: Settings, progress: Progress
) -> Iterator[tuple[Entry, Outcome]]:
    """Read items in order, decoding only what no scan of this workspace has seen.

    Facts are cached by byte digest in the workspace.

    Args:
        entries: what to read.
        workers: decoding threads.
        settings: limits and workspace.
        progress: told about every item; its stage is begun by the caller.

    Raises:
        CancelledError: if progress says so.
    """
    packages = f"pillow{PIL.__version__}-numpy{np.__version__}-pydicom{version('pydicom')}"
    packages += f"-nibabel{version('nibabel')}-values1"
    limits = f"v{DECODING_VERSION}-{packages}-{settings.max_pixels}"
    cache = ShardFolder(settings.home / "scans" / limits, (*_FACT_COLUMNS, _SPACING, _VALUES, "pixel_digest"))
    shared: dict[ImageFacts, ImageFacts] = {}
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        stream = iter(entries)
        while chunk := list(islice(stream, _CHUNK)):
            for entry, outcome in _read_chunk(chunk, cache, settings, pool, progress):
                if not isinstance(outcome, str):
                    # Most images of a folder are alike: one object for all of them saves memory.
                    outcome = replace(outcome, facts=shared.setdefault(outcome.facts, outcome.facts))
                yield entry, outcome


def _read_chunk(
    chunk: list[Entry],
    cache: ShardFolder,
    settings: Settings,
    pool: ThreadPoolExecutor,
    progress: Progress,
) -> Iterator[tuple[Entry, Outcome]]:
    """Hash a chunk of items, look their facts up, and decode what is new."""
    key = load_workspace_key(settings.home)

    def read(path: Path) -> bytes:
        return read_bytes(path, max_file_bytes=settings.max_file_bytes, confined_to=settings.confined_to)

    def hash_entry(entry: Entry) -> tuple[str | None, str]:
        digests, files, n_bytes = [], {}, 0
        try:
            for number, path in enumerate(entry.paths):
                data = read(path)
                digests.append(compute_digest(data))
                n_bytes += len(data)
                if n_bytes <= _KEPT_BYTES:
                    files[name_part(number)] = data
        except ImageReadError as error:
            return None, str(error)
        digest = compute_source_digest(digests)
        if n_bytes <= _KEPT_BYTES:
            kept[digest] = files
        return digest, ""

    def decode(entry: Entry, digest: str) -> _Decoded | str:
        try:
            files = kept.pop(digest, None)
            if files is None:
                files = {name_part(number): read(path) for number, path in enumerate(entry.paths)}
                if compute_source_digest([compute_digest(data) for data in files.values()]) != digest:
                    return "it changed while it was read"
            return _decode(files, settings.max_pixels, key)
        except ImageReadError as error:
            return str(error)

    kept: dict[str, dict[str, bytes]] = {}
    hashed = list(pool.map(hash_entry, chunk))
    digests = [digest for digest, _ in hashed if digest is not None]
    known: dict[str, _Decoded] = {}
    rows = cache.read(digests)
    for row, position in enumerate(rows.positions):
        known[digests[position]] = _facts_from_row(rows.columns, row)
    first = {digest: entry for entry, (digest, _) in zip(chunk, hashed, strict=True) if digest}
    new = [digest for digest in first if digest not in known]
    progress.advance(len(chunk) - len(new))
    failed: dict[str, str] = {}
    fresh: dict[str, _Decoded] = {}
    for new_digest, outcome in zip(new, pool.map(decode, [first[d] for d in new], new), strict=True):
        progress.advance()
        if isinstance(outcome, str):
            failed[new_digest] = outcome
        else:
            fresh[new_digest] = outcome
    _store_facts(cache, fresh)
    known |= fresh
    for entry, (digest, reason) in zip(chunk, hashed, strict=True):
        if digest is None:
            yield entry, reason
        elif digest in failed:
            yield entry, failed[digest]
        else:
            yield entry, ReadItem(digest, *known[digest])


def _decode(files: dict[str, bytes], max_pixels: int, key: bytes) -> _Decoded:
    """Decode a picture, or a volume of one or many files."""
    if len(files) > 1:
        volume = decode_series(tuple(files), files.__getitem__, max_pixels=max_pixels, key=key)
        return compute_voxel_digest(volume), describe_volume(volume, "DICOM"), volume.find_values()
    (data,) = files.values()
    try:
        image = decode_image(data, max_pixels=max_pixels, key=key)
        return compute_pixel_digest(image), image.facts, image.find_values()
    except IsVolumeError as error:
        volume = decode_volume(data, max_pixels=max_pixels, key=key)
        if len(volume.volume.values) == 1:
            raise ImageReadError(str(error)) from None
        facts = describe_volume(volume, find_volume_format(data) or "")
        return compute_voxel_digest(volume), facts, volume.find_values()


def _store_facts(cache: ShardFolder, fresh: dict[str, _Decoded]) -> None:
    columns: dict[str, Any] = {
        column: np.array([getattr(facts, column) for _, facts, _ in fresh.values()], dtype=dtype)
        for column, dtype in _FACT_COLUMNS.items()
    }
    spacings = [facts.spacing_mm or (0.0, 0.0, 0.0) for _, facts, _ in fresh.values()]
    columns[_SPACING] = np.array(spacings, dtype="f8").reshape(-1, 3)
    values = [found or (np.nan, np.nan) for _, _, found in fresh.values()]
    columns[_VALUES] = np.array(values, dtype="f8").reshape(-1, 2)
    columns["pixel_digest"] = np.array([digest for digest, _, _ in fresh.values()], dtype="U64")
    # Without a cache the next scan decodes again; that is no reason to end this one.
    with suppress(StoreError):
        cache.write(list(fresh), columns)


def _facts_from_row(columns: Any, row: int) -> _Decoded:
    values = {column: columns[column][row].item() for column in _FACT_COLUMNS}
    spacing = tuple(columns[_SPACING][row].tolist())
    facts = ImageFacts(**values, spacing_mm=spacing if all(spacing) else None)
    low, high = columns[_VALUES][row].tolist()
    return columns["pixel_digest"][row].item(), facts, None if math.isnan(low) else (low, high)
