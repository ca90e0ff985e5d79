"""Mean volumes of every set, class and group, taken in one pass over the volumes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.audit.mean_volume import MeanVolume
from core.audit.volume_frame import FramedVolume, VolumeFrame, choose_workers, load_framed
from core.config import Settings
from core.datasets.groups import list_groups
from core.datasets.image_set import ImageSet, Item
from core.features.decode_ahead import decode_ahead, default_workers, open_pool
from core.metrics.mean_image import MeanImage
from core.progress import Progress

__all__ = ["MeanVolumes", "compute_mean_volumes"]

MeanVolumes = dict[tuple[str, str | None], MeanVolume]


def compute_mean_volumes(
    sets: Sequence[ImageSet],
    *,
    frame: VolumeFrame,
    workers: int | None,
    settings: Settings,
    progress: Progress,
) -> MeanVolumes:
    """Average every set, whole, per class and per group, in one pass over its volumes.

    Few volumes are in memory at a time, however many there are; beside them, two of the frame's size in
    float64 for each class and group of the set that is averaged.

    Args:
        sets: the study's sets, of volumes.
        frame: what they are brought to.
        workers: decoding threads; None takes one a core.
        settings: limits.
        progress: told about every volume.

    Raises:
        ImageSetError: if a file changed since it was scanned.
        CancelledError: if progress says so.
    """
    found: MeanVolumes = {}
    workers = default_workers() if workers is None else workers
    progress.start("Averaging volumes", sum(len(image_set) for image_set in sets), unit="volumes")
    for image_set in sets:
        means: dict[str | None, MeanImage] = {None: MeanImage()}
        means |= {label: MeanImage() for label in (*image_set.classes, *list_groups(image_set))}
        is_oriented = True
        threads = choose_workers(image_set.items, workers)

        def load(item: Item) -> FramedVolume:
            return load_framed(item, frame, settings)

        with open_pool(threads) as pool:
            for item, framed in decode_ahead(image_set.items, load, pool=pool, most=threads + 1):
                is_oriented &= framed.is_oriented
                for part in {None, item.label, *item.group_names} & means.keys():
                    means[part].add(framed.levels)
                progress.advance()
        for label, mean in means.items():
            found[image_set.name, label] = MeanVolume(
                mean.mean.astype(np.float32),
                mean.standard_deviation.astype(np.float32),
                mean.n,
                frame.spacing_mm,
                is_oriented,
            )
    return found
