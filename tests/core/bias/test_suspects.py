"""Suspect regions: a small mark comes before a broad field, and stays apart from it."""

from __future__ import annotations

import numpy as np
import pytest

from core.bias.box import Box
from core.bias.patch_probe import ProbeMap, ProbeOptions, compute_patch_probe
from core.bias.patches import PatchGrid
from core.bias.suspects import find_suspects
from core.errors import InputError
from tests.core.bias.planted import SIDE, field, mark, plant

GRID = PatchGrid(side_px=SIDE, patch_px=16, stride_px=8)
OPTIONS = ProbeOptions(grid=GRID, n_permutations=99)


def both(pixels: np.ndarray, codes: np.ndarray, rng: np.random.Generator) -> None:
    mark(pixels, codes, rng)
    field(pixels, codes, rng)


def test_the_mark_is_first_and_the_field_comes_after() -> None:
    found = find_suspects(compute_patch_probe(plant(both, n=160), OPTIONS), GRID)
    first, second = found[:2]
    assert (first.rank, second.rank) == (1, 2)
    assert first.box.overlaps(Box(50 / 64, 4 / 64, 59 / 64, 14 / 64))
    assert first.box.bottom <= 0.5
    assert first.area < 0.15
    assert all(one.box.top >= 0.25 for one in found[1:])
    assert first.score > 1.5 * second.score > 0
    assert first.auroc >= first.mean_auroc > first.surround_auroc
    assert first.p_value == 0.01


def _lay(auroc: np.ndarray) -> ProbeMap:
    return ProbeMap(
        auroc,
        auroc,
        auroc,
        np.full(auroc.shape, 0.01),
        0.6,
        np.zeros((0, 0, 1), np.float32),
        np.zeros(0, np.intp),
    )


def test_a_peak_within_a_field_is_a_region_of_its_own() -> None:
    auroc = np.full((7, 7), 0.7)
    auroc[2, 2] = 0.95
    found = find_suspects(_lay(auroc), GRID)
    assert found[0].peak == (2, 2)
    assert found[0].positions.sum() == 1
    assert found[0].score == pytest.approx(0.25 * (1 - 1 / 16))


def test_a_map_without_surroundings_is_one_region_that_is_not_local() -> None:
    (only,) = find_suspects(_lay(np.full((7, 7), 0.8)), GRID)
    assert only.positions.all()
    assert (only.score, only.area, only.box) == (0.0, 1.0, Box(0, 0, 1, 1))


def test_area_counts_each_pixel_once_also_where_the_last_step_is_short() -> None:
    grid = PatchGrid(side_px=50, patch_px=16, stride_px=10)
    auroc = np.full(grid.shape, 0.5)
    auroc[3, 3:] = auroc[4, 4] = 0.9
    covered = np.zeros((50, 50), dtype=bool)
    for row, column in np.argwhere(auroc > 0.6):
        top, left = grid.starts[row], grid.starts[column]
        covered[top : top + 16, left : left + 16] = True
    (only,) = find_suspects(_lay(auroc), grid)
    assert only.area == pytest.approx(covered.mean())


def test_nothing_above_the_threshold_is_an_empty_list() -> None:
    assert find_suspects(_lay(np.full((7, 7), 0.6)), GRID) == ()


def test_a_threshold_is_needed() -> None:
    probe = compute_patch_probe(plant(n=40), ProbeOptions(grid=GRID, n_permutations=0))
    with pytest.raises(ValueError, match="permutations"):
        find_suspects(probe, GRID)


@pytest.mark.parametrize("edges", [(0.2, 0, 0.1, 1), (0, 0, 1, 1.1), (-0.1, 0, 1, 1), (0, 0.5, 1, 0.5)])
def test_boxes_lie_within_the_image(edges: tuple[float, float, float, float]) -> None:
    with pytest.raises(InputError, match=r"left,top,right,bottom"):
        Box(*edges)
