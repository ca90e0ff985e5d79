"""Reads items that no scan has described yet, or whose description was not kept: pictures or volumes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.config import Settings
from core.datasets.item_source import compute_source_digest
from core.errors import ImageReadError, IsVolumeError
from core.images.decoded import DecodedImage, ImageFacts
from core.images.display import DEFAULT_INTENSITY, to_levels
from core.images.intensity import Intensity
from core.images.loaded_volume import LoadedVolume
from core.images.overview import picture_volume
from core.images.reading import compute_digest, decode_image, read_bytes
from core.images.slices import Plane, take_slice, to_square
from core.images.volume_reading import decode_series, decode_volume, describe_volume, find_volume_format

__all__ = ["SeenItem", "look_at_files"]


@dataclass(frozen=True, slots=True)
class SeenItem:
    """An item, read: a picture or a volume.

    Attributes:
        facts: of its file; of a volume, its own and not those of a montage.
        picture: the picture; None of a volume.
        volume: the volume; None of a picture.
    """

    facts: ImageFacts
    picture: DecodedImage | None = None
    volume: LoadedVolume | None = None

    def show(self, intensity: Intensity = DEFAULT_INTENSITY) -> DecodedImage:
        """Show it as one picture: a volume as a montage on the policy's scale."""
        if self.picture is not None:
            return self.picture
        assert self.volume is not None
        return picture_volume(self.volume, intensity)

    def show_small(self, intensity: Intensity = DEFAULT_INTENSITY) -> NDArray[np.uint8]:
        """Show it where there is little room: a volume by the axial slice in its middle, in square pixels."""
        if self.picture is not None:
            return to_levels(self.picture, intensity)
        assert self.volume is not None
        shown = replace(self.volume.volume, values=self.volume.to_levels(intensity), bits=8)
        middle = to_square(take_slice(shown, Plane.AXIAL, self.facts.slices // 2))
        levels: NDArray[np.uint8] = np.rint(middle).astype(np.uint8)
        return levels


def look_at_files(
    paths: Sequence[Path],
    settings: Settings,
    *,
    digest: str | None = None,
    since: str = "it was scanned",
) -> SeenItem:
    """Read a file as a picture, or as a volume where it holds one; several files are slices of one volume.

    Args:
        paths: a file, or those of a DICOM series.
        settings: limits, and the folders that reading is confined to.
        digest: what `compute_source_digest` gave; None checks nothing.
        since: how a message calls the time of the digest.

    Raises:
        ImageReadError: if a file cannot be read, lies outside the folder roots, or has another digest.
    """
    files = {
        str(number): read_bytes(
            path, max_file_bytes=settings.max_file_bytes, confined_to=settings.confined_to
        )
        for number, path in enumerate(paths)
    }
    if digest is not None and compute_source_digest(list(map(compute_digest, files.values()))) != digest:
        raise ImageReadError(f"it has changed since {since}")
    if len(files) > 1:
        series = decode_series(tuple(files), files.__getitem__, max_pixels=settings.max_pixels)
        return SeenItem(describe_volume(series, "DICOM"), volume=series)
    (data,) = files.values()
    try:
        image = decode_image(data, max_pixels=settings.max_pixels)
        return SeenItem(image.facts, picture=image)
    except IsVolumeError as error:
        volume = decode_volume(data, max_pixels=settings.max_pixels)
        if len(volume.volume.values) == 1:
            raise ImageReadError(str(error)) from None
        return SeenItem(describe_volume(volume, find_volume_format(data) or ""), volume=volume)
