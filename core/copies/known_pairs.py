"""Scores pairs that something else has found, such as neighbours in a network's features, point by point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.copies.blocks import count_workers, map_blocks
from core.copies.search import (
    DEFAULT_PRESET,
    CopyMatches,
    Matches,
    SearchPreset,
    join_matches,
    search_copies,
)
from core.copies.thumbnails import Thumbnails
from core.copies.volume_search import VolumeMatches, align_volume
from core.copies.volume_thumbnails import VolumeThumbnails
from core.copies.volume_turns import VOLUME_TURNS
from core.progress import Progress, SilentProgress

__all__ = ["align_known_pairs", "align_known_volumes"]

_SILENT: Final = SilentProgress()


def align_known_pairs(
    *,
    queries: Thumbnails,
    real: Thumbnails,
    real_index: NDArray[np.intp],
    preset: SearchPreset = DEFAULT_PRESET,
    workers: int | None = None,
    progress: Progress = _SILENT,
    stage: str = "Comparing pairs",
) -> CopyMatches:
    """Lay each query over the real image that it is paired with, under the flip or turn that fits best.

    Args:
        queries: thumbnails of the images asked about.
        real: thumbnails of the real train set.
        real_index: (n_queries,) index of the real image of each.
        preset: how much work a pair is worth.
        workers: threads; None takes one a core, at most eight.
        progress: told of every pair; may cancel.
        stage: what progress calls this.

    Returns:
        What `search_copies` would return if each query's real image were the only one.

    Raises:
        CancelledError: if `progress` cancels.
    """
    progress.start(stage, len(queries))

    def compare(row: int) -> CopyMatches:
        matched = real_index[row : row + 1]
        return search_copies(
            queries=queries.take(slice(row, row + 1)), real=real.take(matched), preset=preset, workers=1
        )

    return _collect(compare, CopyMatches, real_index, workers, progress)


def align_known_volumes(
    *,
    queries: VolumeThumbnails,
    real: VolumeThumbnails,
    real_index: NDArray[np.intp],
    workers: int | None = None,
    progress: Progress = _SILENT,
    stage: str = "Comparing pairs",
) -> VolumeMatches:
    """Lay each volume over the real one that it is paired with, under the turn and shift that fit best.

    Args:
        queries: thumbnails of the volumes asked about.
        real: thumbnails of the real train set.
        real_index: (n_queries,) index of the real volume of each.
        workers: threads; None takes one a core, at most eight.
        progress: told of every pair; may cancel.
        stage: what progress calls this.

    Returns:
        What `search_volumes` would return if each query's real volume were the only one.

    Raises:
        CancelledError: if `progress` cancels.
    """
    progress.start(stage, len(queries), unit="volumes")

    def compare(row: int) -> VolumeMatches:
        pair = real.take(real_index[row : row + 1])
        turns = np.arange(len(VOLUME_TURNS))
        query = queries.take(slice(row, row + 1)).normalise()[0]
        return align_volume(query.astype(np.float64), pair, np.zeros_like(turns), turns)

    return _collect(compare, VolumeMatches, real_index, workers, progress)


def _collect(
    compare: Callable[[int], Matches],
    kind: type[Matches],
    real_index: NDArray[np.intp],
    workers: int | None,
    progress: Progress,
) -> Matches:
    found = []
    for one in map_blocks(compare, range(len(real_index)), count_workers(workers)):
        found.append(one)
        progress.advance()
    return replace(join_matches(found, kind), real_index=np.asarray(real_index, dtype=np.intp))
