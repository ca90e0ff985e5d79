"""Features of image sets by one extractor, ready for metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.audit.protocol import Execution, Protocol
from core.config import Settings
from core.datasets.groups import FEWEST_IN_GROUP
from core.datasets.image_set import ImageSet
from core.features.base import Extractor, FeatureBatch
from core.features.extraction import extract_features
from core.features.standardise import standardise_by_real
from core.metrics.estimate import Array
from core.progress import Progress

__all__ = ["SetFeatures", "extract_sets"]


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
        extractor: what to look at.
        title: what progress calls the extractor.
        protocol: channels.
        execution: batch size, threads, and whether features are stored.
        settings: workspace and limits.
        progress: told about every image.

    Raises:
        ImageSetError: if a file changed since it was scanned.
        CancelledError: if progress says so.
    """
    batches = [
        extract_features(
            image_set.items,
            extractor=extractor,
            store=execution.store,
            num_channels=protocol.num_channels,
            batch_size=execution.batch_size,
            workers=execution.workers,
            settings=settings,
            progress=progress,
            stage=f"{title}: {image_set.name}",
        )
        for image_set in sets
    ]
    if not extractor.info.standardise:
        return batches
    scores = standardise_by_real(*(batch.features for batch in batches))
    return [FeatureBatch(score, batch.logits) for score, batch in zip(scores, batches, strict=True)]
