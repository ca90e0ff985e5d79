"""Thumbnails as features, so that the feature store keeps what the search for copies compares."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.copies.thumbnails import SIDE, compute_thumbnail
from core.copies.volume_thumbnails import VOLUME_SIDE, compute_volume_thumbnail
from core.errors import InputError
from core.features.base import ExtractorInfo, FeatureBatch, Pixels
from core.images.volume import Volume

__all__ = ["PictureThumbnailer", "VolumeThumbnailer"]

_PAPER = "Lewis, Fast Normalized Cross-Correlation, Vision Interface 1995"


class PictureThumbnailer:
    """Thumbnails of pictures."""

    info = ExtractorInfo(
        id="thumbnails",
        title="Thumbnails",
        sentence="Small grey pictures that the search for copies compares.",
        paper=_PAPER,
        resolution=SIDE,
    )
    name = info.id
    dimension = SIDE * SIDE
    identity = f"thumbnails version=1 side={SIDE}"
    weights_sha256: str | None = None

    def prepare(self, pixels: Pixels) -> NDArray[np.float32]:
        """Reduce one image; whole numbers up to 65,280 are exact in float32."""
        return compute_thumbnail(pixels).astype(np.float32)

    def extract(self, batch: NDArray[np.float32]) -> FeatureBatch:
        """(batch, side, side) -> (batch, side * side), in the thumbnails' own two bytes a pixel."""
        return FeatureBatch(batch.reshape(len(batch), -1).astype(np.uint16))


class VolumeThumbnailer:
    """Thumbnails of volumes."""

    info = ExtractorInfo(
        id="volume-thumbnails",
        title="Thumbnails of volumes",
        sentence="Small grey cubes that the search for copies compares.",
        paper=_PAPER,
        resolution=VOLUME_SIDE,
        takes_volumes=True,
    )
    name = info.id
    dimension = VOLUME_SIDE**3
    identity = f"volume-thumbnails version=1 side={VOLUME_SIDE}"
    weights_sha256: str | None = None

    def prepare(self, pixels: Pixels) -> NDArray[np.float32]:
        """Refuse a picture.

        Raises:
            InputError: always.
        """
        raise InputError(f"{self.name} looks at volumes, not at pictures.")

    def prepare_volume(self, volume: Volume, *, num_channels: int | None) -> NDArray[np.float32]:
        """Reduce one volume of 8-bit levels; colour becomes luma anyway."""
        del num_channels
        return compute_volume_thumbnail(volume.values).astype(np.float32)

    def extract(self, batch: NDArray[np.float32]) -> FeatureBatch:
        """(batch, side, side, side) -> (batch, side^3), in the thumbnails' own two bytes a voxel."""
        return FeatureBatch(batch.reshape(len(batch), -1).astype(np.uint16))
