"""Suspect regions: where a probe tells the class, most local and strongest first."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from core.bias.box import Box
from core.bias.patch_probe import ProbeMap
from core.bias.patches import PatchGrid

__all__ = ["MAX_REGIONS", "Suspect", "find_suspects"]

MAX_REGIONS: Final = 10
"""Longest list: what comes later hardly stands out."""

_NEIGHBOURS: Final = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True, slots=True)
class Suspect:
    """One region from which the class can be told.

    Attributes:
        rank: place in the list, from 1.
        box: the smallest rectangle around its patches, as shares of the image.
        positions: (rows, columns) which positions belong to it.
        peak: row and column of its strongest position.
        auroc: area under the ROC curve there.
        low: lower end of its 95 % interval, which does not know that the position was chosen for its height.
        high: upper end.
        p_value: family-wise, of the strongest position.
        mean_auroc: mean area over its positions.
        surround_auroc: mean area over the positions around it, one patch wide.
        area: share of the image that its patches cover.
        score: what the list is ordered by: the drop from the region to its surroundings times the share of
            the image that it leaves free. Near 0 for a sign that spreads over the image as disease does, up
            to 0.5 for a small mark that tells everything.
    """

    rank: int
    box: Box
    positions: NDArray[np.bool_]
    peak: tuple[int, int]
    auroc: float
    low: float
    high: float
    p_value: float
    mean_auroc: float
    surround_auroc: float
    area: float
    score: float


def find_suspects(probe: ProbeMap, grid: PatchGrid) -> tuple[Suspect, ...]:
    """Find regions above the threshold that stand out from their surroundings, and rank them.

    The map is cut at many levels from the threshold up; each connected piece at each level is a candidate.
    The candidate of the highest score becomes a region, those that overlap it are dropped, and so on: a mark
    is found with the extent that sets it off best, also within a broad field that tells the class, too.

    Args:
        probe: from `compute_patch_probe`, with a threshold.
        grid: its positions.

    Returns:
        At most `MAX_REGIONS` regions by falling score; empty where no position is above the threshold. Where
        nothing stands out, the one region holds all positions above it, with a score of 0. The list says
        where the class can be told, not why: disease itself tells it, too.

    Raises:
        ValueError: if the probe was computed without permutations.
    """
    if probe.threshold is None:
        raise ValueError("suspect regions need a probe with permutations")
    above = probe.auroc > max(probe.threshold, 0.5)
    if not above.any():
        return ()
    candidates = []
    # Every level that some position has, so that no cut is missed; the strongest position is a piece as well.
    for level in np.unique(probe.auroc[above]):
        labels, _ = ndimage.label(above & (probe.auroc >= level), structure=_NEIGHBOURS)
        # Pieces without a position of this very level are those of the next one.
        numbers = np.unique(labels[above & (probe.auroc == level)])
        candidates += [_measure(probe, grid, labels == number) for number in numbers]
    candidates.sort(key=lambda one: (-one.score, -one.auroc, one.peak))
    found: list[Suspect] = []
    taken = np.zeros(above.shape, dtype=bool)
    for one in candidates:
        if len(found) < MAX_REGIONS and one.score > 0 and not (taken & one.positions).any():
            found.append(replace(one, rank=len(found) + 1))
            taken |= one.positions
    return tuple(found) or (replace(_measure(probe, grid, above), rank=1, score=0.0),)


def _measure(probe: ProbeMap, grid: PatchGrid, positions: NDArray[np.bool_]) -> Suspect:
    assert probe.p_value is not None
    row, column = divmod(int(np.argmax(np.where(positions, probe.auroc, -np.inf))), probe.auroc.shape[1])
    peak = row, column
    width = math.ceil(grid.patch_px / grid.stride_px)
    near = ndimage.maximum_filter(positions, size=2 * width + 1, mode="constant")
    around = near & ~positions
    mean = float(probe.auroc[positions].mean())
    # A region that fills the frame has no surroundings, and is not local at all.
    surround = float(probe.auroc[around].mean()) if around.any() else mean
    area = _cover(positions, grid)
    return Suspect(
        rank=0,
        box=grid.find_box(*np.nonzero(positions)),
        positions=positions,
        peak=peak,
        auroc=float(probe.auroc[peak]),
        low=float(probe.low[peak]),
        high=float(probe.high[peak]),
        p_value=float(probe.p_value[peak]),
        mean_auroc=mean,
        surround_auroc=surround,
        area=area,
        score=max(mean - surround, 0.0) * (1 - area),
    )


def _cover(positions: NDArray[np.bool_], grid: PatchGrid) -> float:
    """Share of the frame that patches at some positions cover."""
    within, widths = _list_strips(grid)
    covered = within.T @ positions @ within > 0
    return float(widths @ covered @ widths) / grid.side_px**2


@lru_cache(maxsize=8)
def _list_strips(grid: PatchGrid) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Strips between all edges of patches: (rows, strips) whether a patch holds it, and (strips,) pixels."""
    starts = np.array(grid.starts)
    edges = np.unique(np.concatenate([starts, starts + grid.patch_px]))
    first = edges[:-1]
    within = (starts[:, np.newaxis] <= first) & (first < starts[:, np.newaxis] + grid.patch_px)
    return within.astype(np.float32), np.diff(edges).astype(np.float64)
