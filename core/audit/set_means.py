"""What every set averages to: mean images of pictures, mean volumes of volumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.audit.mean_images import MeanFrame, choose_frame, compute_mean_images
from core.audit.mean_volume import MeanVolume
from core.audit.mean_volumes import compute_mean_volumes
from core.audit.protocol import Protocol
from core.audit.result import MeanPicture
from core.audit.volume_frame import VolumeFrame, choose_volume_frame
from core.config import Settings
from core.datasets.image_set import ImageSet
from core.progress import Progress

__all__ = ["SetMeans", "average_sets"]

_Key = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class SetMeans:
    """The means of a study's sets, of their classes and groups.

    Attributes:
        frame: what the items were brought to.
        images: (set name, class, group or None) to mean image; empty where items are volumes.
        volumes: the same to mean volume; empty where items are pictures.
    """

    frame: MeanFrame | VolumeFrame
    images: Mapping[_Key, MeanPicture] = field(default_factory=dict)
    volumes: Mapping[_Key, MeanVolume] = field(default_factory=dict)


def average_sets(
    sets: Sequence[ImageSet],
    *,
    protocol: Protocol,
    workers: int | None,
    settings: Settings,
    progress: Progress,
) -> SetMeans:
    """Average every set, whole, per class and per group, in one pass over its items.

    Args:
        sets: the study's sets, the real one first; all of pictures or all of volumes.
        protocol: size and channels of mean images; the size of mean volumes follows from the real set alone.
        workers: decoding threads; None takes one a core.
        settings: limits.
        progress: told about every item.

    Raises:
        ImageSetError: if a file changed since it was scanned.
        CancelledError: if progress says so.
    """
    if sets[0].has_volumes:
        volumes = choose_volume_frame(sets, num_channels=protocol.num_channels)
        return SetMeans(
            volumes,
            volumes=compute_mean_volumes(
                sets, frame=volumes, workers=workers, settings=settings, progress=progress
            ),
        )
    frame = choose_frame(sets, resolution=protocol.resolution, num_channels=protocol.num_channels)
    return SetMeans(
        frame,
        images=compute_mean_images(sets, frame=frame, workers=workers, settings=settings, progress=progress),
    )
