"""Where an item's pixels are, and how they are read again: a picture, or a volume of one or many files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from core.config import Settings
from core.errors import ImageReadError
from core.images.decoded import DecodedImage
from core.images.display import DEFAULT_INTENSITY
from core.images.intensity import Intensity
from core.images.loaded_volume import LoadedVolume
from core.images.overview import picture_volume
from core.images.reading import compute_digest, decode_image, read_bytes
from core.images.volume_reading import decode_series, decode_volume

__all__ = ["ItemSource", "compute_source_digest", "decode_source", "load_volume", "name_part"]


@dataclass(frozen=True, slots=True)
class ItemSource:
    """The files of one item, with what they held when it was scanned.

    Attributes:
        path: its file, or the first one of a DICOM series.
        digest: SHA-256 of the file's bytes; of a series, see `compute_source_digest`.
        is_volume: whether it is a stack of slices.
        parts: the files of a DICOM series; empty where the item is one file.
    """

    path: Path
    digest: str
    is_volume: bool = False
    parts: tuple[Path, ...] = ()


def compute_source_digest(digests: list[str]) -> str:
    """Digest of an item: that of its file, or of a series the SHA-256 over its files' digests, sorted."""
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


def name_part(number: int) -> str:
    """Name of a series' file in messages, counted from 1 in the order of the slices, which names sort by."""
    return f"{number + 1:05d}"


def decode_source(
    source: ItemSource,
    settings: Settings,
    *,
    intensity: Intensity = DEFAULT_INTENSITY,
    since: str = "it was scanned",
) -> DecodedImage:
    """Decode an item as one picture: a volume as a montage of its slices, on the policy's scale.

    Args:
        source: its files.
        settings: limits, and the folders that reading is confined to.
        intensity: which values of a volume are black and white; of a picture, `display_image` decides.
        since: how the message calls the time of the digest.

    Raises:
        ImageReadError: if a file is gone, has changed since it was scanned, or lies outside the folder roots.
    """
    if source.is_volume:
        return picture_volume(load_volume(source, settings, since=since), intensity)
    data = _read(source.path, settings)
    if compute_digest(data) != source.digest:
        raise ImageReadError(f"it has changed since {since}")
    return decode_image(data, max_pixels=settings.max_pixels)


def load_volume(source: ItemSource, settings: Settings, *, since: str = "it was scanned") -> LoadedVolume:
    """Decode an item that is a volume.

    Raises:
        ImageReadError: as `decode_source`.
    """
    paths = source.parts or (source.path,)
    files = {name_part(number): _read(path, settings) for number, path in enumerate(paths)}
    if compute_source_digest([compute_digest(data) for data in files.values()]) != source.digest:
        raise ImageReadError(f"it has changed since {since}")
    if len(files) == 1:
        return decode_volume(*files.values(), max_pixels=settings.max_pixels)
    return decode_series(tuple(files), files.__getitem__, max_pixels=settings.max_pixels)


def _read(path: Path, settings: Settings) -> bytes:
    return read_bytes(path, max_file_bytes=settings.max_file_bytes, confined_to=settings.confined_to)
