"""Small volumes that are alike in the large and differ in detail, for the tests of the search for copies."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from core.copies.volume_thumbnails import VolumeThumbnails, compute_volume_thumbnail, stack_volume_thumbnails

__all__ = ["SHAPE", "draw_volumes", "make_volume_thumbnails", "to_levels"]

SHAPE = (24, 28, 20)

Levels = NDArray[np.uint8]


@lru_cache(maxsize=8)
def draw_volumes(seed: int, n: int) -> tuple[Levels, ...]:
    """Volumes of one body each: an ellipsoid that all share, and structures of its own within."""
    rng = np.random.default_rng(seed)
    places = np.meshgrid(*(np.linspace(-1, 1, size) for size in SHAPE), indexing="ij")
    body = np.clip(4 * (0.9 - np.sqrt(sum(np.square(place) for place in places))), 0, 1)
    drawn = []
    for _ in range(n):
        detail = ndimage.gaussian_filter(rng.normal(size=SHAPE), 1.5)
        drawn.append(to_levels(body * (110 + 30 * detail / detail.std())))
    return tuple(drawn)


def to_levels(values: NDArray[np.float64]) -> Levels:
    """Round to 8 bits."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def make_volume_thumbnails(volumes: Iterable[Levels]) -> VolumeThumbnails:
    """Reduce volumes as an audit does."""
    return stack_volume_thumbnails(compute_volume_thumbnail(volume) for volume in volumes)
