"""Decoded volumes kept for whoever looks through their slices, within a bound of memory."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.config import Settings
from core.datasets.item_source import ItemSource, load_volume
from core.images.display import DEFAULT_INTENSITY
from core.images.encoding import SampleScale, choose_scale
from core.images.intensity import Intensity
from core.images.loaded_volume import LoadedVolume

__all__ = ["DEFAULT_CACHE_BYTES", "CachedVolume", "VolumeCache"]

DEFAULT_CACHE_BYTES: Final = 512 * 2**20
"""How much the volumes take that a cache keeps, if nobody says otherwise."""

# Decoding a volume takes several times its size: more at once would not fit, and would not be faster.
_LOADERS: Final = 2

# An item as it lies on disk at the time: its files, what they held, and where reading is confined to.
_Key = tuple[str, tuple[Path, ...], tuple[object, ...]]
_Stamp = tuple[Path, int, int, int] | tuple[Path, str]


@dataclass(eq=False)
class CachedVolume:
    """A decoded volume, with what all its slices share; each is computed when it is first asked for.

    Attributes:
        loaded: the volume.
    """

    loaded: LoadedVolume
    _lock: Lock = field(default_factory=Lock, repr=False)
    _scale: SampleScale | None = None
    _ranges: dict[Intensity, tuple[float, float]] = field(default_factory=dict)

    @property
    def scale(self) -> SampleScale:
        """How its values become samples for a browser, the same for every slice."""
        with self._lock:
            if self._scale is None:
                self._scale = choose_scale(self.loaded.volume.values)
            return self._scale

    def find_shown_range(self, policy: Intensity = DEFAULT_INTENSITY) -> tuple[float, float]:
        """Values that a policy makes black and white, the same for every slice."""
        with self._lock:
            if policy not in self._ranges:
                self._ranges[policy] = self.loaded.find_shown_range(policy)
            return self._ranges[policy]

    def show(self, pixels: NDArray[Any], policy: Intensity = DEFAULT_INTENSITY) -> NDArray[np.uint8]:
        """Bring a slice to 8 bits, evenly from the volume's black to its white.

        Args:
            pixels: some of the volume's values, of any shape; values between them, where they were resampled.
            policy: what is black and white.
        """
        black, white = self.find_shown_range(policy)
        if self.loaded.volume.is_colour:
            return pixels.astype(np.uint8, copy=False)
        if white > black:
            share = np.clip((pixels.astype(np.float64) - black) / (white - black), 0.0, 1.0)
        else:
            share = (pixels > black).astype(np.float64)
        levels = np.rint(255.0 * (1.0 - share if self.loaded.rendering.is_inverted else share))
        return levels.astype(np.uint8)

    @property
    def n_bytes(self) -> int:
        """Memory that its voxels take."""
        padding = self.loaded.padding
        return int(self.loaded.volume.values.nbytes) + (0 if padding is None else int(padding.nbytes))


class VolumeCache:
    """Keeps the volumes looked at last; safe to use from several threads.

    A volume is decoded once however many ask for it at the same time; what could not be read is tried again
    by the next one who asks. A file that has changed is read again, which refuses it.

    Args:
        max_bytes: what the volumes kept may take. A larger one is decoded for each who asks.
    """

    def __init__(self, *, max_bytes: int = DEFAULT_CACHE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lock = Lock()
        self._loaders = BoundedSemaphore(_LOADERS)
        self._kept: OrderedDict[_Key, CachedVolume] = OrderedDict()
        self._coming: dict[_Key, Future[CachedVolume]] = {}
        self._n_bytes = 0

    @property
    def n_bytes(self) -> int:
        """Memory that the volumes kept take."""
        return self._n_bytes

    def __len__(self) -> int:
        return len(self._kept)

    def load(self, source: ItemSource, settings: Settings, *, since: str = "it was scanned") -> CachedVolume:
        """Give an item's volume, decoded now or before.

        Args:
            source: its files.
            settings: limits, and the folders that reading is confined to.
            since: how a message calls the time of the item's digest.

        Raises:
            ImageReadError: as `core.datasets.item_source.load_volume`.
        """
        key = _make_key(source, settings)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            coming = self._coming.get(key)
            is_first = coming is None
            if coming is None:
                coming = self._coming[key] = Future()
        if not is_first:
            return coming.result()
        try:
            with self._loaders:
                volume = CachedVolume(load_volume(source, settings, since=since))
        except BaseException as error:
            with self._lock:
                del self._coming[key]
            coming.set_exception(error)
            raise
        with self._lock:
            del self._coming[key]
            self._keep(key, volume)
        coming.set_result(volume)
        return volume

    def clear(self) -> None:
        """Forget every volume."""
        with self._lock:
            self._kept.clear()
            self._n_bytes = 0

    def _keep(self, key: _Key, volume: CachedVolume) -> None:
        if volume.n_bytes > self._max_bytes:
            return
        self._kept[key] = volume
        self._n_bytes += volume.n_bytes
        while self._n_bytes > self._max_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._n_bytes -= oldest.n_bytes


def _make_key(source: ItemSource, settings: Settings) -> _Key:
    paths = source.parts or (source.path,)
    return source.digest, settings.confined_to, tuple(map(_stamp, paths))


def _stamp(path: Path) -> _Stamp:
    """Tells a file from what stands in its place later, without reading it."""
    try:
        about = path.stat()
    except OSError as error:
        return path, type(error).__name__
    return path, about.st_ino, about.st_size, about.st_mtime_ns
