"""Decodes each image once, at the classifier's resolution, into one array a set."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.config import Settings
from core.datasets.image_set import ImageSet, Item
from core.errors import InputError, StoreError
from core.features.base import ResizeMode
from core.features.extraction import default_workers, load_pixels
from core.features.resize import resize_image
from core.images.display import DEFAULT_INTENSITY, describe_intensity
from core.images.reading import DECODING_VERSION
from core.progress import Progress

__all__ = ["Images", "choose_channels", "load_images"]

# Larger arrays lie in a file that is mapped into memory.
_MOST_BYTES_IN_MEMORY: Final = 512 * 2**20
_MOST_BYTES_ON_DISK: Final = 32 * 2**30
_CHUNK = 256
# A draft that old was left by a process that was killed.
_STALE_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Images:
    """A set's images as a classifier reads them.

    Attributes:
        pixels: (n, channels, side, side) on the scale 0 to 255; uint8, or float16 where an image is deeper
            than 8 bits.
        labels: (n,) class of each as a place in the experiment's classes.
        items: what they are.
    """

    pixels: NDArray[Any]
    labels: NDArray[np.int64]
    items: tuple[Item, ...]

    def __len__(self) -> int:
        return len(self.items)


def choose_channels(real: ImageSet, channels: int | None) -> int:
    """Take the number of channels asked for; without one, three where any real image has colour."""
    return channels or max(item.facts.channels for item in real.items)


def load_images(
    image_set: ImageSet,
    *,
    classes: Sequence[str],
    resolution: int,
    channels: int,
    workers: int | None = None,
    settings: Settings,
    progress: Progress,
) -> Images:
    """Decode and resize a set's images.

    Args:
        image_set: images, all with a class of `classes`.
        classes: the experiment's classes, in order.
        resolution: side of the squares in pixels; aspect ratios are not kept.
        channels: 1 or 3.
        workers: decoding threads; 0 decodes on the calling thread; None takes one a core.
        settings: limits and workspace; large arrays are kept there as files, and used again.
        progress: told about every image.

    Raises:
        ImageSetError: if a file changed since it was scanned.
        InputError: if the images take more than 32 GiB at this resolution.
        StoreError: if the workspace cannot hold them.
        CancelledError: if progress says so.
    """
    items = image_set.items
    deep = any(item.facts.bit_depth > 8 for item in items)
    dtype = np.dtype(np.float16 if deep else np.uint8)
    shape = (len(items), channels, resolution, resolution)
    n_bytes = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    labels = np.array([classes.index(str(item.label)) for item in items], dtype=np.int64)
    progress.start(f"Decoding {image_set.name}", len(items))
    if n_bytes <= _MOST_BYTES_IN_MEMORY:
        pixels: NDArray[Any] = np.empty(shape, dtype=dtype)
        _fill(pixels, items, channels, workers, settings, progress)
        return Images(pixels, labels, items)
    if n_bytes > _MOST_BYTES_ON_DISK:
        raise InputError(
            f"The {len(items):,} images of {image_set.name!r} take {n_bytes / 2**30:.0f} GiB at {resolution} "
            f"pixels, over the limit of {_MOST_BYTES_ON_DISK // 2**30} GiB; choose a smaller --resolution."
        )
    key = hashlib.sha256(f"v{DECODING_VERSION} {shape} {dtype}\n".encode())
    if items[0].intensity != DEFAULT_INTENSITY:
        key.update(describe_intensity(items[0].intensity).encode())
    for item in items:
        key.update(item.pixel_digest.encode())
    path = settings.home / "utility" / "pixels" / f"{key.hexdigest()}.npy"
    try:
        if not path.exists():
            _write_map(path, shape, dtype, items, channels, workers, settings, progress)
        os.utime(path)
        return Images(np.load(path, mmap_mode="r", allow_pickle=False), labels, items)
    except (OSError, ValueError) as error:
        raise StoreError(f"The workspace cannot hold decoded images ({path.parent}): {error}.") from error


def _write_map(
    path: Path,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    items: Sequence[Item],
    channels: int,
    workers: int | None,
    settings: Settings,
    progress: Progress,
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    n_bytes = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    _make_room(path.parent, n_bytes)
    draft = path.with_name(f"{path.stem}.{os.getpid()}.partial")
    try:
        pixels = np.lib.format.open_memmap(draft, mode="w+", dtype=dtype, shape=shape)
        _fill(pixels, items, channels, workers, settings, progress)
        pixels.flush()
        del pixels
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _make_room(folder: Path, n_bytes: int) -> None:
    """Remove the arrays used longest ago; one that another process has mapped stays readable to it."""
    for draft in folder.glob("*.partial"):
        if time.time() - draft.stat().st_mtime > _STALE_S:
            draft.unlink(missing_ok=True)
    kept = sorted(folder.glob("*.npy"), key=lambda path: path.stat().st_mtime)
    total = sum(path.stat().st_size for path in kept)
    while kept and total + n_bytes > _MOST_BYTES_ON_DISK:
        oldest = kept.pop(0)
        total -= oldest.stat().st_size
        oldest.unlink()
    if shutil.disk_usage(folder).free < n_bytes:
        raise StoreError(f"{folder} has less than the {n_bytes / 2**30:.1f} GiB free that the images take.")


def _fill(
    pixels: NDArray[Any],
    items: Sequence[Item],
    channels: int,
    workers: int | None,
    settings: Settings,
    progress: Progress,
) -> None:
    def read(place: int) -> None:
        loaded = load_pixels(items[place], num_channels=channels, settings=settings)
        resized = resize_image(loaded, side=pixels.shape[2], mode=ResizeMode.CLEAN)
        pixels[place] = np.rint(resized) if pixels.dtype == np.uint8 else resized

    threads = default_workers() if workers is None else workers
    if threads < 1:
        for place in range(len(items)):
            read(place)
            progress.advance()
        return
    with ThreadPoolExecutor(max_workers=threads) as pool:
        for start in range(0, len(items), _CHUNK):
            chunk = range(start, min(start + _CHUNK, len(items)))
            for _ in pool.map(read, chunk):
                progress.advance()
