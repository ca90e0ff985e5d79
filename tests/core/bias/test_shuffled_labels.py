"""Shuffled labels leave every probe at chance: transfer, shortcuts, and what a crop experiment asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.bias.box import Box
from core.bias.crop import Crop, CropMode
from core.bias.frame import FramedSet
from core.bias.patch_probe import compute_transfer_probe
from core.bias.patches import PatchGrid
from core.bias.shortcuts import SHORTCUTS, compute_shortcuts
from core.config import get_settings
from core.crop_experiment.probing import probe_places
from core.crop_experiment.result import ProbeArea
from core.datasets.image_set import Role
from core.datasets.scan import scan_image_set
from core.images.decoded import ImageFacts
from core.progress import SilentProgress
from tests.core.bias.planted import SIDE, mark, plant
from tests.core.crop_experiment.films import CLASSES, write_films

SEEDS = range(20)
CROSS_VALIDATED = 1.4
GRID = PatchGrid(side_px=SIDE, patch_px=16, stride_px=16)


def shuffle(images: FramedSet, seed: int) -> FramedSet:
    return replace(images, codes=np.random.default_rng(seed).permutation(images.codes))


def expect_chance(
    areas: Sequence[Any], lows: Sequence[Any], highs: Sequence[Any], *, n_each: int, widened: float = 1.0
) -> None:
    """Hold (seeds, probes) areas against what n_each images of each of two classes give by chance.

    Areas of cross-validated probes spread 1.4 times as wide, since their folds learn from each other's images.
    """
    together = np.array(areas, dtype=float)
    # Of one area (Mann and Whitney 1947), and of the mean over all shuffles of one probe.
    deviation = widened * np.sqrt((2 * n_each + 1) / (12 * n_each**2))
    of_mean = deviation / np.sqrt(len(together))
    assert np.abs(together.mean(axis=0) - 0.5).max() < 3.5 * of_mean
    assert np.abs(together - 0.5).max() < 4 * deviation
    held = (np.array(lows) <= 0.5) & (np.array(highs) >= 0.5)
    assert held.mean() > 0.9


@pytest.mark.parametrize("both", [True, False], ids=["both sets", "synthetic set"])
def test_a_transfer_probe_finds_nothing_in_shuffled_labels(both: bool) -> None:
    """The real set's mark is in the synthetic images as well; only their labels no longer know it."""
    real, synthetic = plant(mark), plant(mark, seed=1)
    probes = [
        compute_transfer_probe(
            real=shuffle(real, 100 + seed) if both else real, synthetic=shuffle(synthetic, seed), grid=GRID
        )
        for seed in SEEDS
    ]
    expect_chance(*zip(*((one.auroc, one.low, one.high) for one in probes), strict=True), n_each=40)


def test_shortcuts_tell_nothing_of_shuffled_labels() -> None:
    """Every property tells the true class, so that a leak of it would show."""

    def brighten(pixels: NDArray[Any], codes: NDArray[np.intp], rng: np.random.Generator) -> None:
        pixels[codes == 1] += rng.normal(20, 5, (int(codes.sum()), 1, 1))

    def describe(code: int) -> ImageFacts:
        return ImageFacts("JPEG" if code else "PNG", "L", 64 + 8 * code, 64, 1, 8)

    images = plant(brighten, facts=describe)
    assert all(one.auroc > 0.9 for one in compute_shortcuts(images, n_permutations=19))
    found = [compute_shortcuts(shuffle(images, seed), n_permutations=39) for seed in SEEDS]
    areas, lows, highs = (
        [[getattr(one, name) for one in each] for each in found] for name in ("auroc", "low", "high")
    )
    assert np.shape(areas) == (len(SEEDS), len(SHORTCUTS))
    expect_chance(areas, lows, highs, n_each=40, widened=CROSS_VALIDATED)
    # One in twenty by definition; more than four of twenty would happen once in 400 times.
    assert sum(min(one.p_value for one in each) <= 0.05 for each in found) <= 4


def test_a_crop_experiment_sees_nothing_in_shuffled_labels(tmp_path: Path) -> None:
    """Its probe of the region that holds the square."""
    settings = get_settings()
    films = scan_image_set(
        write_films(tmp_path / "films", 60, seed=0), role=Role.REAL, name="real", settings=settings
    )
    crop = Crop(region=Box(0, 0, 0.25, 0.25), mode=CropMode.CUT)

    def probe(labels: Sequence[str | None]) -> ProbeArea:
        items = tuple(replace(item, label=label) for item, label in zip(films.items, labels, strict=True))
        one = replace(films, items=items)
        (record,) = probe_places(
            one, one, crop, CLASSES, seed=0, workers=0, settings=settings, progress=SilentProgress()
        )
        assert record.before is not None
        return record.before

    labels = np.array([item.label for item in films.items], dtype=object)
    assert probe(labels.tolist()).auroc > 0.95
    found = [probe(np.random.default_rng(seed).permutation(labels).tolist()) for seed in SEEDS]
    areas, lows, highs = ([[getattr(one, name)] for one in found] for name in ("auroc", "low", "high"))
    expect_chance(areas, lows, highs, n_each=30, widened=CROSS_VALIDATED)
    assert sum(one.p_value <= 0.05 for one in found) <= 4
