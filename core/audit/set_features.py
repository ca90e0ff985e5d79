"""Features of image sets by one extractor, ready for metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.audit.protocol import Execution, Protocol
from core.audit.volume_views import check_view, looks_along_planes
from core.config import Settings
from core.datasets.groups import FEWEST_IN_GROUP
from core.datasets.image_set import ImageSet
from core.features.base import Extractor, FeatureBatch
from core.features.extraction import extract_features
from core.features.standardise import standardise_by_real
from core.features.volume_extraction import extract_planes
from core.images.slices import Plane
from core.metrics.estimate import Array
from core.progress import Progress

__all__ = ["SetFeatures", "extract_sets", "extract_views"]


@dataclass(frozen=True, slots=True)
class SetFeatures:
    """One set's features with what is needed to cut them by class and group.

    Attributes:
        name: the set's name.
        item_ids: item id of each row.
        labels: class of each row, or None.
        batch: features (and logits), one row an item.
        groups: names of each row's groups, such as `sex=F`; empty where none were asked for.
    """

    name: str
    item_ids: tuple[str, ...]
    labels: tuple[str | None, ...]
    batch: FeatureBatch
    groups: tuple[tuple[str, ...], ...] = ()

    def rows_of(self, part: str | None) -> NDArray[np.intp]:
        """Rows of a class or group, which no study calls alike; all rows for None."""
        if part is None:
            return np.arange(len(self.labels))
        if part in self.labels or not self.groups:
            return np.flatnonzero([own == part for own in self.labels])
        return np.flatnonzero([part in own for own in self.groups])

    def features_of(self, part: str | None) -> Array:
        """Features of a class or group; all of them for None."""
        return self.batch.features[self.rows_of(part)]

    def list_groups(self) -> tuple[str, ...]:
        """Groups that are large enough to be measured, in order."""
        counts = Counter(name for own in self.groups for name in own)
        return tuple(name for name in sorted(counts) if counts[name] >= FEWEST_IN_GROUP)


def extract_sets(
    sets: Sequence[ImageSet],
    extractor: Extractor,
    *,
    title: str,
    protocol: Protocol,
    execution: Execution,
    settings: Settings,
    progress: Progress,
) -> list[FeatureBatch]:
    """Extract every set, and standardise by the first where the extractor asks for it.

    Args:
        sets: image sets, the real one first.
        extractor: what to look at; of volumes by the protocol's view, planes pooled.
        title: what progress calls the extractor.
        protocol: channels and view of volumes.
        execution: batch size, threads, and whether features are stored.
        settings: workspace and limits.
        progress: told about every image.

    Raises:
        ImageSetError: if a file changed since it was scanned.
        InputError: if the extractor cannot look at what the sets hold.
        CancelledError: if progress says so.
    """
    return extract_views(
        sets,
        extractor,
        title=title,
        protocol=protocol,
        execution=execution,
        settings=settings,
        progress=progress,
    )[None]


def extract_views(
    sets: Sequence[ImageSet],
    extractor: Extractor,
    *,
    title: str,
    protocol: Protocol,
    execution: Execution,
    settings: Settings,
    progress: Progress,
) -> dict[Plane | None, list[FeatureBatch]]:
    """Extract every set as `extract_sets` does, and keep what it looks like along each plane.

    Args:
        sets: image sets, the real one first.
        extractor: what to look at.
        title: what progress calls the extractor.
        protocol: channels and view of volumes.
        execution: batch size, threads, and whether features are stored.
        settings: workspace and limits.
        progress: told about every image.

    Returns:
        Features of each set by view: None for all that the extractor sees, and each plane where it looks at
        volumes along planes. Where the extractor asks for it, each view is standardised on its own.

    Raises:
        ImageSetError: if a file changed since it was scanned.
        InputError: if the extractor cannot look at what the sets hold.
        CancelledError: if progress says so.
    """
    check_view(extractor.info, extractor.name, sets, protocol.volume_view)
    along_planes = looks_along_planes(extractor.info, sets, protocol.volume_view)
    views: dict[Plane | None, list[FeatureBatch]] = {None: []}
    for image_set in sets:
        stage = f"{title}: {image_set.name}"
        if not along_planes:
            views[None].append(
                extract_features(
                    image_set.items,
                    extractor=extractor,
                    store=execution.store,
                    num_channels=protocol.num_channels,
                    volume_view=protocol.volume_view,
                    batch_size=execution.batch_size,
                    workers=execution.workers,
                    settings=settings,
                    progress=progress,
                    stage=stage,
                )
            )
            continue
        found = extract_planes(
            image_set.items,
            extractor=extractor,
            store=execution.store,
            num_channels=protocol.num_channels,
            batch_size=execution.batch_size,
            workers=execution.workers,
            settings=settings,
            progress=progress,
            stage=stage,
        )
        views[None].append(found.pooled)
        for plane, features in found.planes.items():
            views.setdefault(plane, []).append(FeatureBatch(features))
    if not extractor.info.standardise:
        return views
    return {view: _standardise(batches) for view, batches in views.items()}


def _standardise(batches: list[FeatureBatch]) -> list[FeatureBatch]:
    scores = standardise_by_real(*(batch.features for batch in batches))
    return [FeatureBatch(score, batch.logits) for score, batch in zip(scores, batches, strict=True)]
