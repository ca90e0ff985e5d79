"""The batching engine: decodes ahead in threads, runs the extractor, and keeps what was computed."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.config import Settings, get_settings
from core.datasets.image_set import Item
from core.datasets.item_source import decode_source
from core.errors import ImageReadError, ImageSetError, InputError
from core.features.base import Extractor, FeatureBatch, Pixels
from core.features.store import FeatureStore
from core.images.display import DEFAULT_INTENSITY, display_image
from core.progress import Progress, SilentProgress

__all__ = ["default_workers", "extract_features", "load_pixels"]

_SHARD_ROWS = 512

_Prepare = Callable[[int], NDArray[np.float32]]


def default_workers() -> int:
    """Decoding threads that keep a network fed: one a core, at most eight."""
    return min(8, os.cpu_count() or 1)


def load_pixels(item: Item, *, num_channels: int | None, settings: Settings) -> Pixels:
    """Read one item's pixels on the scale 0 to 255, by its intensity policy; of a volume, those of a montage.

    Raises:
        ImageSetError: if the file is no longer the one that was scanned.
    """
    try:
        image = decode_source(item.source, settings, intensity=item.intensity)
    except ImageReadError as error:
        raise ImageSetError(
            f"{item.path} is no longer what it was when the audit began ({error}); run it again."
        ) from None
    return display_image(image, item.intensity, num_channels=num_channels)


def extract_features(
    items: Sequence[Item],
    *,
    extractor: Extractor,
    store: bool = True,
    num_channels: int | None = None,
    batch_size: int = 32,
    workers: int | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
    stage: str = "Extracting features",
) -> FeatureBatch:
    """Turn items into features, computing only what the feature store does not hold.

    Equal files are computed once; the items have one intensity policy. What was computed before an error or
    a cancel is stored.

    Args:
        items: images in the order wanted; none is dropped.
        extractor: what to look at.
        store: whether to read and write the feature store in the workspace.
        num_channels: 1 turns colour into luma first, 3 repeats grey; None leaves images as they are.
        batch_size: images a step of the extractor; changes speed and memory, not features.
        workers: decoding threads; 0 decodes on the calling thread; None takes one a core.
        settings: limits and workspace.
        progress: told about every image.
        stage: what progress calls this.

    Returns:
        Features (and logits) with one row an item, in the items' order.

    Raises:
        ImageSetError: if a file changed or vanished since it was scanned.
        InputError: if a batch does not fit into memory.
        StoreError: if the workspace cannot be written.
        CancelledError: if progress says so.
    """
    settings = settings or get_settings()
    progress = progress or SilentProgress()
    workers = default_workers() if workers is None else workers
    progress.start(stage, len(items))
    unique = list({item.digest: item for item in items}.values())
    row_of = {item.digest: row for row, item in enumerate(unique)}
    rows = _Rows(len(unique))
    policies = {item.intensity for item in items} or {DEFAULT_INTENSITY}
    assert len(policies) == 1, "features of different policies cannot be compared"
    cache = (
        FeatureStore(settings.home, extractor=extractor, num_channels=num_channels, intensity=policies.pop())
        if store
        else None
    )
    if cache is not None:
        found = cache.read([item.digest for item in unique])
        if found.batch is not None:
            rows.put(found.positions, found.batch)
    missing = [row for row in range(len(unique)) if not rows.filled[row]]
    progress.advance(len(items) - len(missing))

    def prepare(row: int) -> NDArray[np.float32]:
        pixels = load_pixels(unique[row], num_channels=num_channels, settings=settings)
        return extractor.prepare(pixels)

    unsaved: list[int] = []
    try:
        for batch_rows, prepared in _batches(missing, prepare, batch_size, workers):
            rows.put(np.array(batch_rows), _extract(extractor, prepared))
            unsaved += batch_rows
            if cache is not None and len(unsaved) >= _SHARD_ROWS:
                _save(cache, unique, rows, unsaved)
            progress.advance(len(batch_rows))
    finally:
        if cache is not None:
            _save(cache, unique, rows, unsaved)
    return rows.take([row_of[item.digest] for item in items])


@dataclass(slots=True)
class _Rows:
    """Rows that fill up in any order; arrays are made when the first rows tell their width."""

    n: int
    features: NDArray[Any] | None = None
    logits: NDArray[np.float32] | None = None
    filled: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.filled = np.zeros(self.n, dtype=bool)

    def put(self, positions: NDArray[np.intp], batch: FeatureBatch) -> None:
        if self.features is None:
            self.features = np.empty((self.n, batch.features.shape[1]), dtype=batch.features.dtype)
            if batch.logits is not None:
                self.logits = np.empty((self.n, batch.logits.shape[1]), dtype=np.float32)
        self.features[positions] = batch.features
        if self.logits is not None and batch.logits is not None:
            self.logits[positions] = batch.logits
        self.filled[positions] = True

    def take(self, positions: Sequence[int]) -> FeatureBatch:
        assert self.features is not None and self.filled.all(), "every item has a row"
        index = np.array(positions, dtype=np.intp)
        return FeatureBatch(self.features[index], None if self.logits is None else self.logits[index])


def _batches(
    rows: Sequence[int], prepare: _Prepare, batch_size: int, workers: int
) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
    """Prepared batches in order, decoded up to three batches ahead."""
    batches = [list(rows[start : start + batch_size]) for start in range(0, len(rows), batch_size)]
    if workers < 1:
        for batch in batches:
            yield batch, np.stack([prepare(row) for row in batch])
        return
    with ThreadPoolExecutor(max_workers=workers) as pool:
        ahead: deque[list[Future[NDArray[np.float32]]]] = deque()
        submitted = iter(batches)
        try:
            for batch in batches:
                for coming in islice(submitted, 3 - len(ahead)):
                    ahead.append([pool.submit(prepare, row) for row in coming])
                yield batch, np.stack([future.result() for future in ahead.popleft()])
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _extract(extractor: Extractor, prepared: NDArray[np.float32]) -> FeatureBatch:
    try:
        batch = extractor.extract(prepared)
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
            raise InputError(
                f"A batch of {len(prepared)} images does not fit into memory; use a smaller --batch-size."
            ) from error
        raise
    if len(batch.features) != len(prepared):
        raise AssertionError(f"{extractor.name} gave {len(batch.features)} rows for {len(prepared)} images")
    return batch


def _save(cache: FeatureStore, unique: Sequence[Item], rows: _Rows, unsaved: list[int]) -> None:
    if unsaved and rows.features is not None:
        logits = None if rows.logits is None else rows.logits[unsaved]
        cache.write([unique[row].digest for row in unsaved], FeatureBatch(rows.features[unsaved], logits))
        unsaved.clear()
