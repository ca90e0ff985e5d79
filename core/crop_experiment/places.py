"""Where a crop takes something out, and where in a cropped image a place of the whole image lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.bias.box import Box
from core.bias.crop import Crop, CropMode

__all__ = ["Place", "cut_place", "list_places", "restore_box"]


@dataclass(frozen=True, slots=True)
class Place:
    """One part of the whole image that a crop takes out.

    Attributes:
        name: `region`, or a margin by its side.
        before: where it lies in whole images.
        after: where it lies in cropped images, or None where it is gone.
    """

    name: str
    before: Box
    after: Box | None


def list_places(crop: Crop) -> tuple[Place, ...]:
    """List what a crop takes out: the region, then the four margins."""
    places = []
    if crop.region is not None:
        stays = crop.mode is CropMode.BLANK
        places.append(Place("region", crop.region, _keep(crop.region, crop.kept) if stays else None))
    if crop.margin:
        edge = crop.margin
        places += [
            Place("upper margin", Box(0, 0, 1, edge), None),
            Place("lower margin", Box(0, 1 - edge, 1, 1), None),
            Place("left margin", Box(0, 0, edge, 1), None),
            Place("right margin", Box(1 - edge, 0, 1, 1), None),
        ]
    return tuple(places)


def cut_place(pixels: NDArray[Any], box: Box) -> NDArray[Any]:
    """Take the pixels that lie wholly within a box, at least one.

    Args:
        pixels: (h, w, ...) of an image.
        box: where.
    """
    height, width = pixels.shape[:2]
    top, bottom = _inner(box.top, box.bottom, height)
    left, right = _inner(box.left, box.right, width)
    return pixels[top:bottom, left:right]


def restore_box(box: Box, crop: Crop) -> Box:
    """Find where in whole images a box of cropped images lies."""
    left, top, right, bottom = crop.kept
    wide, high = right - left, bottom - top
    return Box(
        left + box.left * wide,
        top + box.top * high,
        min(left + box.right * wide, 1.0),
        min(top + box.bottom * high, 1.0),
    )


def _keep(box: Box, kept: tuple[float, float, float, float]) -> Box | None:
    """The part of a box that stays, in the cropped image; None where nothing does."""
    left, top, right, bottom = kept
    wide, high = right - left, bottom - top
    edges = (
        max((box.left - left) / wide, 0.0),
        max((box.top - top) / high, 0.0),
        min((box.right - left) / wide, 1.0),
        min((box.bottom - top) / high, 1.0),
    )
    return Box(*edges) if edges[0] < edges[2] and edges[1] < edges[3] else None


def _inner(low: float, high: float, size: int) -> tuple[int, int]:
    first = int(np.ceil(round(low * size, 6)))
    last = int(np.floor(round(high * size, 6)))
    if first < last:
        return first, last
    first = min(int(low * size), size - 1)
    return first, first + 1
