"""How an extractor of pictures looks at a volume."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

__all__ = ["VIEW_OF_MONTAGES", "VIEW_OF_PLANES", "VolumeView", "name_plane"]

VIEW_OF_PLANES: Final = (
    "tri-planar v1: mean over the slices along each plane, then over the planes; levels chosen once for a "
    "volume; slices resampled linearly to square pixels, at most 2048 a side; slices of one level left out"
)
"""What decides tri-planar features beyond the volume and the extractor."""

VIEW_OF_MONTAGES: Final = "montage v1: up to 16 axial slices as one square picture"
"""What decides a volume's montage beyond its intensity policy."""


class VolumeView(StrEnum):
    """What of a volume reaches an extractor of pictures; networks in 3-D look at all of it anyway.

    `tri-planar` looks at every slice along each of the three planes and averages their features; `montage`
    looks at one picture of up to 16 axial slices.
    """

    TRI_PLANAR = "tri-planar"
    MONTAGE = "montage"


def name_plane(extractor: str, plane: str) -> str:
    """What results call an extractor that looked along one plane only, such as `texture@axial`."""
    return f"{extractor}@{plane}"
