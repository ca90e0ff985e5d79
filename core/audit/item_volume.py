"""The volumes among an audit's items, read for those who look through their slices."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.audit.archive import load_summary
from core.audit.items import AuditItem
from core.config import Settings
from core.copies.transforms import Transform, apply_transform
from core.datasets.study_folders import confine_to_roots
from core.datasets.volume_cache import CachedVolume, VolumeCache
from core.errors import InputError
from core.images.display import DEFAULT_INTENSITY
from core.images.intensity import Intensity
from core.images.slices import Plane, list_planes, take_slice, to_square
from core.images.volume import Volume

__all__ = ["find_intensity", "read_item_volume", "show_middle_slice", "turn_volume"]


def read_item_volume(item: AuditItem, settings: Settings, cache: VolumeCache) -> CachedVolume:
    """Decode an item that is a volume; where files may lie is checked as for `core.audit.items.read_item`.

    Args:
        item: one whose `slices` are more than one.
        settings: limits and folder roots.
        cache: where volumes looked at before are kept.

    Raises:
        ImageReadError: if a file is gone, has changed, or lies outside the folder roots.
    """
    confined = confine_to_roots(settings, with_experiments=True)
    return cache.load(item.source, confined, since="the audit")


def turn_volume(volume: Volume, turn: Transform, *, is_over: bool) -> Volume:
    """Turn a volume as a copy was found to be: rows and columns first, then head to foot.

    Args:
        volume: the volume.
        turn: flip or turn of every axial slice.
        is_over: whether the order of the axial slices is then reversed.

    Returns:
        A volume whose values are a view of the first one's.
    """
    mm = volume.spacing_mm
    if mm is not None and apply_transform(np.empty((1, 2)), turn).shape == (2, 1):
        mm = (mm[0], mm[2], mm[1])
    turned = apply_transform(volume.values, turn, axes=(1, 2))
    return replace(volume, values=turned[::-1] if is_over else turned, spacing_mm=mm)


def show_middle_slice(cached: CachedVolume, intensity: Intensity) -> NDArray[np.uint8]:
    """Show the axial slice in the middle, with square pixels: what stands for a volume in little room.

    Returns:
        (h, w) or (h, w, 3) grey levels or colours.
    """
    volume = cached.loaded.volume
    middle = take_slice(volume, Plane.AXIAL, list_planes(volume)[0].n_slices // 2)
    return cached.show(to_square(middle), intensity)


def find_intensity(folder: Path) -> Intensity:
    """Which values an audit took for black and white; the default where its folder does not tell."""
    path = folder / "audit.json"
    try:
        return _find_intensity(folder, path.stat().st_mtime_ns)
    except (OSError, InputError):
        return DEFAULT_INTENSITY


@lru_cache(maxsize=64)
def _find_intensity(folder: Path, _changed: int) -> Intensity:
    chosen = load_summary(folder).protocol.choices.get("intensity")
    return Intensity.model_validate(chosen) if chosen else DEFAULT_INTENSITY
