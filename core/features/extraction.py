"""The batching engine: decodes ahead in threads, runs the extractor, and keeps what was computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from core.config import Settings, get_settings
from core.datasets.image_set import Item
from core.datasets.item_source import decode_source
from core.errors import ImageReadError, InputError
from core.features._batch_step import extract_batch
from core.features._feature_rows import FeatureRows, find_policy
from core.features.base import Extractor, FeatureBatch, Pixels, VolumeExtractor
from core.features.decode_ahead import decode_ahead, default_workers, gather_batches, open_pool
from core.features.store import FeatureStore
from core.features.volume_extraction import MOST_BYTES, extract_planes
from core.features.volume_pixels import estimate_bytes, load_levels, refuse_changed
from core.features.volume_view import VIEW_OF_MONTAGES, VolumeView
from core.images.display import display_image
from core.progress import Progress, SilentProgress

__all__ = ["default_workers", "extract_features", "load_pixels"]

_SHARD_ROWS = 512
_SHARD_VOLUMES = 8
_BATCHES_AHEAD = 3


def load_pixels(item: Item, *, num_channels: int | None, settings: Settings) -> Pixels:
    """Read one item's pixels on the scale 0 to 255, by its intensity policy; of a volume, those of a montage.

    Raises:
        ImageSetError: if the file is no longer the one that was scanned.
    """
    try:
        image = decode_source(item.source, settings, intensity=item.intensity)
    except ImageReadError as error:
        raise refuse_changed(item, error) from None
    return display_image(image, item.intensity, num_channels=num_channels)


def extract_features(
    items: Sequence[Item],
    *,
    extractor: Extractor,
    store: bool = True,
    num_channels: int | None = None,
    volume_view: VolumeView = VolumeView.TRI_PLANAR,
    batch_size: int = 32,
    workers: int | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
    stage: str = "Extracting features",
) -> FeatureBatch:
    """Turn items into features, computing only what the feature store does not hold.

    Equal files are computed once; the items have one intensity policy, and all are pictures or all volumes.
    What was computed before an error or a cancel is stored.

    Args:
        items: images in the order wanted; none is dropped.
        extractor: what to look at; one that takes volumes looks at all of each.
        store: whether to read and write the feature store in the workspace.
        num_channels: 1 turns colour into luma first, 3 repeats grey; None leaves images as they are.
        volume_view: what of volumes an extractor of pictures sees: slices along three planes, whose features
            are pooled (`extract_planes` gives them by plane), or a montage.
        batch_size: images a step of the extractor; changes speed and memory, not features.
        workers: decoding threads; 0 decodes on the calling thread; None takes one a core.
        settings: limits and workspace.
        progress: told about every image.
        stage: what progress calls this.

    Returns:
        Features (and logits, of pictures and montages) with one row an item, in the items' order.

    Raises:
        ImageSetError: if a file changed or vanished since it was scanned.
        InputError: if a batch does not fit into memory, or the extractor cannot look at such items.
        StoreError: if the workspace cannot be written.
        CancelledError: if progress says so.
    """
    settings = settings or get_settings()
    progress = progress or SilentProgress()
    workers = default_workers() if workers is None else workers
    has_volumes = any(item.facts.is_volume for item in items)
    assert not has_volumes or all(item.facts.is_volume for item in items), "pictures or volumes, never both"
    takes_volumes = extractor.info.takes_volumes
    if takes_volumes and items and not has_volumes:
        raise InputError(
            f"{extractor.name} looks at volumes, and these are pictures: choose another extractor."
        )
    if has_volumes and not takes_volumes and volume_view is VolumeView.TRI_PLANAR:
        return extract_planes(
            items,
            extractor=extractor,
            store=store,
            num_channels=num_channels,
            batch_size=batch_size,
            workers=workers,
            settings=settings,
            progress=progress,
            stage=stage,
        ).pooled
    cache = (
        FeatureStore(
            settings.home,
            extractor=extractor,
            num_channels=num_channels,
            intensity=find_policy(items),
            view=VIEW_OF_MONTAGES if has_volumes and not takes_volumes else "",
        )
        if store
        else None
    )

    def prepare(row: int) -> NDArray[np.float32]:
        item = rows.unique[row]
        if takes_volumes:
            network = cast(VolumeExtractor, extractor)
            return network.prepare_volume(load_levels(item, settings), num_channels=num_channels)
        return extractor.prepare(load_pixels(item, num_channels=num_channels, settings=settings))

    progress.start(stage, len(items), unit="volumes" if has_volumes else "images")
    shard = _SHARD_VOLUMES if has_volumes else _SHARD_ROWS
    with FeatureRows(items, cache=cache, save_every=shard) as rows, open_pool(workers) as pool:
        progress.advance(rows.n_found)
        prepared = decode_ahead(
            rows.missing,
            prepare,
            pool=pool,
            most=_BATCHES_AHEAD * batch_size,
            weigh=(lambda row: estimate_bytes(rows.unique[row])) if has_volumes else None,
            most_bytes=MOST_BYTES,
        )
        for batch in gather_batches(prepared, batch_size):
            asked = [row for row, _ in batch]
            rows.put(asked, extract_batch(extractor, np.stack([array for _, array in batch])))
            progress.advance(len(batch))
    return rows.take()
