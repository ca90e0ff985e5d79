"""Features of several image sets by one extractor, ready for metrics."""

from __future__ import annotations

from collections.abc import Sequence

from core.audit.protocol import Execution, Protocol
from core.config import Settings
from core.datasets.image_set import ImageSet
from core.features.base import Extractor, FeatureBatch
from core.features.extraction import extract_features
from core.features.standardise import standardise_by_real
from core.progress import Progress

__all__ = ["extract_sets"]


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
