"""Folders of any length: what reading, hashing and extraction hold at a time does not grow with the count."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.config import Settings, get_settings
from core.datasets.entries import list_single
from core.datasets.entry_reading import ReadItem, read_entries
from core.datasets.image_set import Role
from core.datasets.item_source import load_volume
from core.datasets.scan import scan_image_set
from core.features.base import ExtractorOptions
from core.features.extraction import extract_features
from core.features.registry import load_extractor
from core.progress import SilentProgress
from tests.core.images.dicom.files import make_file

SIDE = 128  # 32 KiB of pixels a file
FEW, MANY = 60, 240
# Ids, digests and facts of an item; of a series, also its files and where each lies.
ITEM_BYTES = 4_000


def write_slices(folder: Path, n: int, *, of_each: int) -> Path:
    """`n` different slices, `of_each` a series."""
    folder.mkdir()
    for series in range(n // of_each):
        for k in range(of_each):
            pixels = np.full((SIDE, SIDE), 7, np.int16)
            pixels[k + 1 :, : series % SIDE] = series
            pixels[0, :2] = series, k
            data = make_file(
                pixels, SeriesInstanceUID=f"1.2.{series}", ImagePositionPatient=[0, 0, k], InstanceNumber=k,
                ImageOrientationPatient=[1, 0, 0, 0, 1, 0], PixelSpacing=[1, 1],
            )  # fmt: skip
            (folder / f"s{series:04d}-{k}").write_bytes(data)
    return folder


def measure_peak(work: Callable[[], Any]) -> int:
    """Most bytes that are held at a time."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.parametrize("of_each", [1, 4])
def test_a_scan_holds_no_more_pixels_for_more_files(
    tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch, of_each: int
) -> None:
    monkeypatch.setattr("core.datasets.entry_reading._CHUNK", 16)
    extractor = load_extractor("pixels", ExtractorOptions(resolution=8))

    def read(folder: Path) -> Callable[[], None]:
        def work() -> None:
            scanned = scan_image_set(folder, role=Role.REAL, name="real", join_slices=of_each > 1)
            assert len(scanned) == len(list(folder.iterdir())) // of_each
            if of_each == 1:
                extract_features(scanned.items, extractor=extractor, batch_size=8)

        return work

    warm, few, many = (
        write_slices(tmp_path / name, n, of_each=of_each)
        for name, n in (("warm", 8), ("few", FEW), ("many", MANY))
    )
    read(warm)()
    few_bytes, many_bytes = measure_peak(read(few)), measure_peak(read(many))
    # Were the files held, each would take eight times as much.
    assert many_bytes - few_bytes < (MANY - FEW) * ITEM_BYTES


def read_all(folder: Path, settings: Settings) -> list[Any]:
    """Outcomes of reading a folder's files as items."""
    entries = list_single([(path.name, path) for path in sorted(folder.iterdir())])
    return [
        outcome
        for _, outcome in read_entries(entries, workers=1, settings=settings, progress=SilentProgress())
    ]


def digests(found: ReadItem) -> tuple[str, str]:
    """Digests of an item's bytes and pixels."""
    return found.digest, found.pixel_digest


def test_small_files_are_read_once_and_known_ones_are_not_decoded(
    tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.datasets import entry_reading

    folder, settings = write_slices(tmp_path / "slices", 6, of_each=1), get_settings()
    calls = {"read_bytes": 0, "decode_image": 0}
    originals = {name: getattr(entry_reading, name) for name in calls}

    def count(name: str) -> Callable[..., Any]:
        def counted(*args: Any, **options: Any) -> Any:
            calls[name] += 1
            return originals[name](*args, **options)

        return counted

    for name in originals:
        monkeypatch.setattr(entry_reading, name, count(name))
    first = read_all(folder, settings)
    assert calls == {"read_bytes": 6, "decode_image": 6}
    assert read_all(folder, settings) == first
    assert calls == {"read_bytes": 12, "decode_image": 6}
    # A file too large to be kept is read again, and gives the same.
    monkeypatch.setattr(entry_reading, "_KEPT_BYTES", 0)
    elsewhere = replace(settings, home=tmp_path / "elsewhere")
    assert [digests(one) for one in read_all(folder, elsewhere)] == [digests(one) for one in first]
    assert calls == {"read_bytes": 24, "decode_image": 12}


def test_a_file_that_changes_between_hashing_and_decoding_is_left_out(
    tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.datasets import entry_reading

    folder = write_slices(tmp_path / "slices", 2, of_each=1)
    changed, original = folder / "s0000-0", entry_reading.compute_digest
    monkeypatch.setattr(entry_reading, "_KEPT_BYTES", 0)

    def digest_then_change(data: bytes) -> str:
        if changed.read_bytes() == data:
            changed.write_bytes(data + b"\0\0")
        return original(data)

    monkeypatch.setattr(entry_reading, "compute_digest", digest_then_change)
    outcomes = read_all(folder, get_settings())
    assert outcomes[0] == "it changed while it was read"
    assert not isinstance(outcomes[1], str)


def test_more_than_ten_slices_without_places_stay_in_their_order(tmp_path: Path, workspace: Path) -> None:
    """By name, `10` would come before `2`."""
    folder = tmp_path / "slices"
    folder.mkdir()
    for k in range(12):
        data = make_file(np.full((4, 5), k, np.int16), SeriesInstanceUID="1.2.3")
        (folder / f"slice{k:02d}").write_bytes(data)
        (folder / f"other{k:02d}").write_bytes(
            make_file(np.full((4, 6), k, np.int16), SeriesInstanceUID="1.2.4")
        )
    scanned = scan_image_set(folder, role=Role.REAL, name="real", join_slices=True)
    for item in scanned.items:
        values = load_volume(item.source, get_settings()).volume.values
        assert values[:, 0, 0].tolist() == list(range(12))
