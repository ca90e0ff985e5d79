"""Volumes as extractors receive them: 8-bit levels, and their slices as pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.config import Settings
from core.datasets.image_set import Item
from core.datasets.item_source import load_volume
from core.errors import ImageReadError, ImageSetError
from core.features.base import Pixels
from core.images.display import to_display_scale
from core.images.slices import Plane, list_planes, take_slice, to_square
from core.images.volume import Volume

__all__ = ["cut_pixels", "estimate_bytes", "load_levels", "refuse_changed", "select_slices"]

# Of a voxel that is being read: up to four of its value, as many of its scaled one, one of its level.
_BYTES_PER_VOXEL = 9


def load_levels(item: Item, settings: Settings) -> Volume:
    """Read an item that is a volume, at 8 bits by its intensity policy.

    Returns:
        The volume with its levels as values; spacing and orientation are the file's.

    Raises:
        ImageSetError: if a file is no longer the one that was scanned.
    """
    try:
        loaded = load_volume(item.source, settings)
    except ImageReadError as error:
        raise refuse_changed(item, error) from None
    return replace(loaded.volume, values=loaded.to_levels(item.intensity), bits=8)


def refuse_changed(item: Item, error: ImageReadError) -> ImageSetError:
    """Say that an item could be read when it was scanned and cannot now."""
    return ImageSetError(
        f"{item.path} is no longer what it was when the audit began ({error}); run it again."
    )


def estimate_bytes(item: Item) -> int:
    """How much memory reading a volume takes, about."""
    facts = item.facts
    return facts.width * facts.height * facts.slices * facts.channels * _BYTES_PER_VOXEL


def select_slices(volume: Volume, plane: Plane) -> list[int]:
    """Choose the slices of a plane that show something: those of more than one level, else all.

    Args:
        volume: levels.
        plane: along which.

    Returns:
        Numbers of slices, ascending; of a volume without any contrast along the plane, all of them.
    """
    n_slices = next(facts.n_slices for facts in list_planes(volume) if facts.plane is plane)
    shown = [at for at in range(n_slices) if _varies(take_slice(volume, plane, at).pixels)]
    return shown or list(range(n_slices))


def _varies(pixels: np.ndarray) -> bool:
    return bool((pixels != pixels[0, 0]).any())


def cut_pixels(volume: Volume, plane: Plane, index: int, *, num_channels: int | None) -> Pixels:
    """Cut one slice as a picture with square pixels.

    Args:
        volume: levels.
        plane: the plane that the slice lies in.
        index: its number, from 0.
        num_channels: 1 turns colour into luma, 3 repeats grey; None leaves slices as they are.

    Returns:
        (height, width, channels) float32 on the scale 0 to 255.
    """
    square = to_square(take_slice(volume, plane, index))
    if square.dtype == np.uint8:
        return to_display_scale(square, num_channels=num_channels)
    # Resampled grey, on the scale already.
    pixels = square[..., np.newaxis]
    return np.repeat(pixels, 3, axis=2) if num_channels == 3 else pixels
