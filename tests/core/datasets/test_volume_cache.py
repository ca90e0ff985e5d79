"""The cache of decoded volumes: bounded, one loader a volume, errors are not kept, changes are seen."""

from __future__ import annotations

import gc
import hashlib
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.config import Settings, get_settings
from core.datasets import volume_cache
from core.datasets.item_source import ItemSource
from core.datasets.volume_cache import VolumeCache
from core.errors import ImageReadError
from core.images.intensity import Intensity, IntensityMode

N_BYTES = 4 * 5 * 6 * 2


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return replace(get_settings(), confined_to=(tmp_path.resolve(),))


@pytest.fixture
def keep(tmp_path: Path) -> Callable[[int], ItemSource]:
    """Write a volume of 240 bytes, told from others by its number."""

    def write(number: int) -> ItemSource:
        path = tmp_path / f"{number}.npy"
        np.save(path, np.arange(120, dtype=np.uint16).reshape(4, 5, 6) + number)
        return ItemSource(path, hashlib.sha256(path.read_bytes()).hexdigest(), is_volume=True)

    return write


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were decoded, in order."""
    decoded: list[str] = []
    load = volume_cache.load_volume

    def note(source: ItemSource, *arguments: object, **options: object) -> object:
        decoded.append(source.path.name)
        return load(source, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(volume_cache, "load_volume", note)
    return decoded


def test_the_volumes_looked_at_last_are_kept(
    settings: Settings, keep: Callable[[int], ItemSource], loads: list[str]
) -> None:
    cache = VolumeCache(max_bytes=2 * N_BYTES)
    one, two, three = map(keep, (1, 2, 3))
    for source in (one, two, one, three, one, two):
        found = cache.load(source, settings)
        assert found.loaded.volume.values[0, 0, 0] == int(source.path.stem)
        assert cache.n_bytes == N_BYTES * len(cache) <= 2 * N_BYTES
    # The third took the place of the second, which was asked for longest ago.
    assert loads == ["1.npy", "2.npy", "3.npy", "2.npy"]
    cache.clear()
    assert (len(cache), cache.n_bytes) == (0, 0)


def test_what_is_forgotten_is_freed(settings: Settings, keep: Callable[[int], ItemSource]) -> None:
    cache = VolumeCache(max_bytes=N_BYTES)
    values = weakref.ref(cache.load(keep(1), settings).loaded.volume.values)
    assert values() is not None
    cache.load(keep(2), settings)
    gc.collect()
    assert values() is None


def test_a_volume_over_the_bound_is_given_and_not_kept(
    settings: Settings, keep: Callable[[int], ItemSource]
) -> None:
    cache = VolumeCache(max_bytes=N_BYTES - 1)
    assert cache.load(keep(1), settings).n_bytes == N_BYTES
    assert (len(cache), cache.n_bytes) == (0, 0)


def test_whoever_asks_at_the_same_time_waits_for_one_loader(
    settings: Settings, keep: Callable[[int], ItemSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, load, loads = keep(1), volume_cache.load_volume, []
    everybody = threading.Barrier(4)

    def slow(*arguments: object, **options: object) -> object:
        loads.append(1)
        time.sleep(0.05)
        return load(*arguments, **options)  # type: ignore[arg-type]

    def ask(_: int) -> object:
        everybody.wait()
        return cache.load(source, settings)

    monkeypatch.setattr(volume_cache, "load_volume", slow)
    cache = VolumeCache()
    with ThreadPoolExecutor(4) as pool:
        given = list(pool.map(ask, range(4)))
    assert len(loads) == 1
    assert all(one is given[0] for one in given)


def test_errors_reach_everybody_and_are_not_kept(
    settings: Settings, keep: Callable[[int], ItemSource], loads: list[str]
) -> None:
    cache, source = VolumeCache(), keep(1)
    whole = source.path.read_bytes()
    source.path.write_bytes(whole[:-1])
    for _ in range(2):
        with pytest.raises(ImageReadError, match="changed since the audit"):
            cache.load(source, settings, since="the audit")
    source.path.write_bytes(whole)
    assert cache.load(source, settings).loaded.volume.shape == (4, 5, 6)
    assert loads == ["1.npy"] * 3


def test_a_file_that_changed_or_went_is_not_shown_from_memory(
    settings: Settings, keep: Callable[[int], ItemSource], tmp_path: Path
) -> None:
    cache, source = VolumeCache(), keep(1)
    cache.load(source, settings)
    with pytest.raises(ImageReadError):
        cache.load(source, replace(settings, confined_to=(tmp_path / "elsewhere",)))
    np.save(source.path, np.zeros((4, 5, 6), np.uint16))
    with pytest.raises(ImageReadError, match="changed"):
        cache.load(source, settings)
    source.path.unlink()
    with pytest.raises(ImageReadError):
        cache.load(source, settings)


def test_a_slice_is_shown_on_the_scale_of_its_volume(
    settings: Settings, keep: Callable[[int], ItemSource]
) -> None:
    volume = VolumeCache().load(keep(0), settings)
    values = volume.loaded.volume.values
    for policy in (
        Intensity(),
        Intensity(mode=IntensityMode.PERCENTILE, low=10, high=60),
        Intensity(mode=IntensityMode.WINDOW, center=30, width=21),
    ):
        wanted = volume.loaded.to_levels(policy)[2]
        assert np.abs(volume.show(values[2], policy).astype(int) - wanted).max() <= 1
        assert volume.find_shown_range(policy) == volume.loaded.find_shown_range(policy)
    assert (volume.scale.low, volume.scale.high, volume.scale.is_exact) == (0, 119, True)
