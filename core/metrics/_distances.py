"""Exact distances to the nearest neighbours within a set, in blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import TooFewImagesError
from core.metrics._pair_bounds import (
    DistanceMetric,
    FloatVector,
    IndexVector,
    Pairs,
    Tile,
    open_pairs,
    split_rows,
)
from core.metrics.estimate import Array

__all__ = ["BLOCK_ROWS", "compute_knn_distances"]

BLOCK_ROWS = 1024
"""Rows of a tile: large enough for a fast matrix product, small enough to stay near the cache."""

# Open candidates held before they are settled; 24 bytes each.
_PENDING_LIMIT = 2**20
# A tile that leaves more than this times k candidates a row open is worth the narrower bounds.
_CROWDED = 8


def compute_knn_distances(
    points: Array,
    *,
    k: int,
    metric: DistanceMetric | str = DistanceMetric.EUCLIDEAN,
    block_rows: int = BLOCK_ROWS,
) -> NDArray[np.float64]:
    """Distances from each row to its k nearest other rows.

    Duplicates of a row count as others, at distance exactly 0; the row itself never does. Only tiles on and
    above the diagonal are computed. Memory is O(n d + n k + block_rows^2).

    Args:
        points: (n, d) features, or integer codes for "hamming".
        k: number of neighbours.
        metric: "euclidean" or "hamming".
        block_rows: rows of a tile; changes speed and memory, never the result.

    Returns:
        (n, k) float64 distances, ascending in each row, equal to those of a plain float64 computation.

    Raises:
        TooFewImagesError: if there are not more than k rows.
        InputError: if features are not finite, or codes are not integers.
    """
    if k < 1:
        raise ValueError(f"k is at least 1, not {k}")
    if len(points) <= k:
        raise TooFewImagesError(
            f"Distances to {k} nearest neighbours need at least {k + 1} images, but there are {len(points)}."
        )
    pairs = open_pairs(points, points, metric)
    search = _Search(pairs, len(points), k)
    blocks = split_rows(len(points), block_rows)
    for position, rows in enumerate(blocks):
        for columns in blocks[position:]:
            search.visit(rows, columns)
    return search.finish()


@dataclass(frozen=True, slots=True)
class _Survey:
    """What one tile says about its rows: new ceilings, and the pairs that may be among the k nearest."""

    tile_rows: slice
    ceilings: NDArray[np.float64]
    rows: IndexVector
    columns: IndexVector
    lower: FloatVector


class _Search:
    """The k nearest columns of each row, narrowed by bounds and settled by exact distances.

    Args:
        pairs: the pairs of a set with itself.
        n: rows.
        k: neighbours.
    """

    def __init__(self, pairs: Pairs, n: int, k: int) -> None:
        self._pairs, self._k = pairs, k
        # The k smallest upper bounds seen of each row: the k-th neighbour cannot lie beyond the largest.
        self._ceilings = np.full((n, k), np.inf)
        # The k smallest exact distances known of each row, ascending.
        self._distances = np.full((n, k), np.inf)
        self._pending: list[_Survey] = []
        self._n_pending = 0

    def visit(self, rows: slice, columns: slice) -> None:
        """Take in the pairs of one tile, in both directions where it lies off the diagonal."""
        surveys: list[_Survey] = []
        for precise in (False, True):
            tile = self._pairs.bound(rows, columns, precise=precise)
            if rows == columns:
                np.fill_diagonal(tile.lower, np.inf)
                surveys = [self._survey(tile)]
            else:
                surveys = [self._survey(tile), self._survey(tile.transposed())]
            n_open = sum(len(survey.rows) for survey in surveys)
            if n_open <= _CROWDED * self._k * sum(tile.lower.shape):
                break
        for survey in surveys:
            self._ceilings[survey.tile_rows] = survey.ceilings
            if len(survey.rows):
                self._pending.append(survey)
                self._n_pending += len(survey.rows)
        if self._n_pending > _PENDING_LIMIT:
            self._settle()

    def finish(self) -> NDArray[np.float64]:
        """Return (n, k) exact ascending distances."""
        if self._pairs.is_exact:
            return np.sort(self._ceilings, axis=1)
        self._settle()
        return self._distances

    def _survey(self, tile: Tile) -> _Survey:
        ceilings = self._ceilings[tile.rows]
        if np.isinf(ceilings).any():
            # The first tiles: any pair may still count.
            smallest = _smallest(tile.lower, self._k)
            # Taking the widest column for all keeps the smallest lower bounds the smallest upper bounds.
            upper = smallest + (tile.row_width + tile.column_width.max())[:, None]
            ceilings = _smallest(np.concatenate([ceilings, upper], axis=1), self._k)
        else:
            rows, columns = tile.find_below(ceilings.max(axis=1))
            upper = tile.lower[rows, columns] + tile.row_width[rows] + tile.column_width[columns]
            ceilings = _merge_smallest(ceilings, rows, upper)
        if self._pairs.is_exact:
            rows = columns = np.empty(0, dtype=np.intp)
        else:
            rows, columns = tile.find_below(self._bar(ceilings, self._distances[tile.rows]))
        lower = tile.lower[rows, columns].astype(np.float64)
        return _Survey(tile.rows, ceilings, rows + tile.rows.start, columns + tile.columns.start, lower)

    def _bar(self, ceilings: NDArray[np.float64], distances: NDArray[np.float64]) -> FloatVector:
        """Return the score that a pair's lower bound must stay below to improve on its row."""
        known = self._pairs.score(distances[:, -1])
        # No pair improves on k neighbours at distance 0, however low its bound.
        return np.where(known > 0, np.minimum(ceilings.max(axis=1), known), -np.inf)

    def _settle(self) -> None:
        """Turn pending candidates into exact distances, the most promising of each row first."""
        rows = np.concatenate([survey.rows for survey in self._pending] or [np.empty(0, np.intp)])
        columns = np.concatenate([survey.columns for survey in self._pending] or [np.empty(0, np.intp)])
        lower = np.concatenate([survey.lower for survey in self._pending] or [np.empty(0)])
        self._pending, self._n_pending = [], 0
        order = np.lexsort((lower, rows))
        rows, columns, lower = rows[order], columns[order], lower[order]
        share = self._k
        while len(rows):
            open_ = lower < self._bar(self._ceilings, self._distances)[rows]
            rows, columns, lower = rows[open_], columns[open_], lower[open_]
            now = _rank_within(rows) < share
            found = self._pairs.exact(rows[now], columns[now])
            self._distances = _merge_smallest(self._distances, rows[now], found)
            rows, columns, lower = rows[~now], columns[~now], lower[~now]
            share *= 2


def _merge_smallest(best: NDArray[np.float64], rows: IndexVector, values: FloatVector) -> NDArray[np.float64]:
    """Return the k smallest of each row, ascending, of `best` (n, k) and of single values of named rows."""
    order = np.lexsort((values, rows))
    rows, values = rows[order], values[order]
    rank = _rank_within(rows)
    kept = rank < best.shape[1]
    found = np.full(best.shape, np.inf)
    found[rows[kept], rank[kept]] = values[kept]
    return np.sort(np.concatenate([best, found], axis=1), axis=1)[:, : best.shape[1]]


def _smallest(values: Array, k: int) -> Array:
    """Return the k smallest values of each row in any order; rows shorter than k are filled with infinity."""
    if values.shape[1] < k:
        return np.pad(values, ((0, 0), (0, k - values.shape[1])), constant_values=np.inf)
    return np.partition(values, k - 1, axis=1)[:, :k]


def _rank_within(rows: IndexVector) -> IndexVector:
    """Return the position of each entry within its run of equal row numbers."""
    starts = np.flatnonzero(np.concatenate([[True], rows[1:] != rows[:-1]])) if len(rows) else rows
    lengths = np.diff(np.append(starts, len(rows)))
    return np.arange(len(rows)) - np.repeat(starts, lengths)
