"""The frame that volumes of a study are brought to, and how one of them is read into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.config import Settings
from core.datasets.image_set import ImageSet, Item
from core.features.volume_pixels import estimate_bytes, load_levels
from core.images.volume_resizing import resize_volume

__all__ = [
    "LARGEST_SIDE",
    "FramedVolume",
    "VolumeFrame",
    "choose_volume_frame",
    "choose_workers",
    "load_framed",
]

LARGEST_SIDE: Final = 128
"""Voxels along the longest side of the frame at most: a mean volume with its spread then fits into 40 MB."""

_DECODING_BYTES: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class VolumeFrame:
    """The common frame that makes mean volumes of a study comparable.

    Attributes:
        shape: slices, rows and columns.
        num_channels: 1 when every volume of every set is grey, else 3.
        spacing_mm: distance between slices, rows and columns where the frame has the median extent of the
            real volumes; None where they do not tell.
    """

    shape: tuple[int, int, int]
    num_channels: int
    spacing_mm: tuple[float, float, float] | None


@dataclass(frozen=True, slots=True, eq=False)
class FramedVolume:
    """A volume in the frame.

    Attributes:
        levels: (slices, rows, columns, channels) float32 on the scale 0 to 255.
        is_oriented: whether its axes are known to be those of the body.
    """

    levels: NDArray[np.float32]
    is_oriented: bool


def choose_volume_frame(sets: Sequence[ImageSet], *, num_channels: int | None) -> VolumeFrame:
    """Take the median number of slices, of rows and of columns of the real volumes.

    Where the longest of the three is above `LARGEST_SIDE`, all become smaller by the same factor.

    Args:
        sets: every set of the study, the real one first; of volumes.
        num_channels: the protocol's channels, or None.
    """
    real = [item.facts for item in sets[0].items]
    shapes = np.array([(one.slices, one.height, one.width) for one in real])
    median = np.median(shapes, axis=0)
    scale = min(1.0, LARGEST_SIDE / float(median.max()))
    slices, rows, columns = (max(1, round(float(side) * scale)) for side in median)
    channels = num_channels or max(item.facts.channels for one in sets for item in one.items)
    spacings = [one.spacing_mm for one in real if one.spacing_mm is not None]
    if len(spacings) < len(real):
        return VolumeFrame((slices, rows, columns), channels, None)
    extent = np.median(shapes * np.array(spacings), axis=0)
    between, down, across = (float(mm) for mm in extent / (slices, rows, columns))
    return VolumeFrame((slices, rows, columns), channels, (between, down, across))


def choose_workers(items: Sequence[Item], workers: int) -> int:
    """Choose how many volumes may be decoded at a time, so that they fit into about a gigabyte.

    Args:
        items: the volumes.
        workers: threads at most; 0 stays 0.
    """
    largest = max(map(estimate_bytes, items), default=1)
    return min(workers, max(1, _DECODING_BYTES // largest))


def load_framed(item: Item, frame: VolumeFrame, settings: Settings) -> FramedVolume:
    """Read one volume into the frame, on the scale 0 to 255 by its intensity policy.

    Raises:
        ImageSetError: if a file is no longer the one that was scanned.
    """
    volume = load_levels(item, settings)
    levels = resize_volume(volume.values, shape=frame.shape, num_channels=frame.num_channels)
    return FramedVolume(levels, volume.is_oriented)
