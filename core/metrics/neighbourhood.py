"""Who lies near whom: one pass over real x synthetic that every neighbour-based metric reads from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import TooFewImagesError
from core.metrics._distances import BLOCK_ROWS, compute_knn_distances
from core.metrics._distinct_rows import find_distinct
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

__all__ = ["DistanceMetric", "Neighbourhood", "compute_knn_distances", "compute_neighbourhood"]

# A tile that leaves more than this many pairs per row and column open is worth the narrower bounds.
_CROWDED = 16


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Neighbour relations between a real and a synthetic set.

    The k-ball of an item is the open ball around it that reaches to its k-th other neighbour in its own set;
    a point lies in it when its distance is strictly smaller than that radius.

    Attributes:
        nearest_k: k of the balls.
        metric: how distances are measured.
        real_knn: (n, >= k) ascending distances of each real item to its nearest other real items.
        synthetic_knn: (m, >= k) the same within the synthetic set.
        nearest_real: (m,) index of the real item nearest to each synthetic one; the first of equals.
        nearest_real_distance: (m,) its distance.
        n_real_balls: (m,) number of real k-balls that hold the synthetic item.
        in_copy_ball: (m,) whether the synthetic item lies in a real 1-ball widened by `collapse_margin`.
        nearest_synthetic_distance: (n,) distance of each real item to the nearest synthetic one.
        in_synthetic_ball: (n,) whether the real item lies in a synthetic k-ball.
        collapse_margin: what was added to the radius of the real 1-balls.
    """

    nearest_k: int
    metric: DistanceMetric
    real_knn: NDArray[np.float64]
    synthetic_knn: NDArray[np.float64]
    nearest_real: IndexVector
    nearest_real_distance: FloatVector
    n_real_balls: IndexVector
    in_copy_ball: NDArray[np.bool_]
    nearest_synthetic_distance: FloatVector
    in_synthetic_ball: NDArray[np.bool_]
    collapse_margin: float = 0.0

    @property
    def n_real(self) -> int:
        """Number of real items."""
        return len(self.real_knn)

    @property
    def n_synthetic(self) -> int:
        """Number of synthetic items."""
        return len(self.synthetic_knn)

    @property
    def real_radius(self) -> FloatVector:
        """(n,) radius of each real k-ball."""
        return self.real_knn[:, self.nearest_k - 1]

    @property
    def in_real_ball(self) -> NDArray[np.bool_]:
        """(m,) whether each synthetic item lies in any real k-ball."""
        return self.n_real_balls > 0


def compute_neighbourhood(
    *,
    real: Array,
    synthetic: Array,
    nearest_k: int = 5,
    metric: DistanceMetric | str = DistanceMetric.EUCLIDEAN,
    real_knn: NDArray[np.float64] | None = None,
    collapse_margin: float = 0.0,
    block_rows: int = BLOCK_ROWS,
) -> Neighbourhood:
    """Find all neighbour relations of a real and a synthetic set in one blocked pass.

    Every decision equals that of a plain float64 computation; memory is O((n + m) d + block_rows^2).

    Args:
        real: (n, d) features, or integer codes for "hamming".
        synthetic: (m, d) features or codes from the same extractor.
        nearest_k: k of the balls; prdc and MedSynAnalyzer use 5, Kynkäänniemi et al. 2019 use 3.
        metric: "euclidean" or "hamming".
        real_knn: (n, >= k) result of `compute_knn_distances` on `real`, to share it between synthetic sets.
        collapse_margin: added to the radius of the real 1-balls (see `core.metrics.copies`).
        block_rows: rows of a block; changes speed and memory, never the result.

    Returns:
        The relations, from which precision, recall, density, coverage, copy sets and authenticity follow.

    Raises:
        TooFewImagesError: if a set has not more than `nearest_k` items.
        InputError: if features are not finite, or codes are not integers.
        ValueError: if `real_knn` does not fit, or `collapse_margin` is negative.
    """
    metric = DistanceMetric(metric)
    for side, points in (("real", real), ("synthetic", synthetic)):
        if len(points) <= nearest_k:
            raise TooFewImagesError(
                f"Neighbour metrics with k = {nearest_k} need at least {nearest_k + 1} {side} images, "
                f"but there are {len(points)}."
            )
    if collapse_margin < 0:
        raise ValueError(f"collapse_margin is not negative, but is {collapse_margin}")
    if real_knn is None:
        real_knn = compute_knn_distances(real, k=nearest_k, metric=metric, block_rows=block_rows)
    elif real_knn.ndim != 2 or len(real_knn) != len(real) or real_knn.shape[1] < nearest_k:
        raise ValueError(
            f"real_knn of shape {real_knn.shape} does not fit {len(real)} items and k = {nearest_k}"
        )
    synthetic_knn = compute_knn_distances(synthetic, k=nearest_k, metric=metric, block_rows=block_rows)

    # A collapsed generator repeats itself, and equal items all tie for the nearest: one of them is enough.
    first, member = find_distinct(synthetic)
    crossing = _Crossing(
        open_pairs(real, synthetic if len(first) == len(synthetic) else synthetic[first], metric),
        real_radius=real_knn[:, nearest_k - 1],
        copy_radius=real_knn[:, 0] + collapse_margin,
        synthetic_radius=synthetic_knn[first, nearest_k - 1],
    )
    for rows in split_rows(len(real), block_rows):
        for columns in split_rows(len(first), block_rows):
            crossing.visit(rows, columns)
    return Neighbourhood(
        nearest_k=nearest_k,
        metric=metric,
        real_knn=real_knn,
        synthetic_knn=synthetic_knn,
        nearest_real=crossing.nearest_real[member],
        nearest_real_distance=crossing.nearest_real_distance[member],
        n_real_balls=crossing.n_real_balls[member],
        in_copy_ball=crossing.in_copy_ball[member],
        nearest_synthetic_distance=crossing.nearest_synthetic_distance,
        in_synthetic_ball=crossing.in_synthetic_ball,
        collapse_margin=collapse_margin,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """Pairs of a tile that may matter: i real, j synthetic, their score bounds, and which are still open."""

    i: IndexVector
    j: IndexVector
    upper: FloatVector
    is_open: NDArray[np.bool_]


class _Crossing:
    """The relations of real rows to synthetic columns, tile by tile.

    Args:
        pairs: real rows against synthetic columns.
        real_radius: (n,) radii of the real k-balls.
        copy_radius: (n,) radii of the real 1-balls, margin included.
        synthetic_radius: (m,) radii of the synthetic k-balls.
    """

    def __init__(
        self,
        pairs: Pairs,
        *,
        real_radius: FloatVector,
        copy_radius: FloatVector,
        synthetic_radius: FloatVector,
    ) -> None:
        n, m = len(real_radius), len(synthetic_radius)
        self._pairs = pairs
        self._real_radius, self._copy_radius, self._synthetic_radius = (
            real_radius,
            copy_radius,
            synthetic_radius,
        )
        self._real_score, self._copy_score = pairs.score(real_radius), pairs.score(copy_radius)
        self._synthetic_score = pairs.score(synthetic_radius)
        self.nearest_real = np.zeros(m, dtype=np.intp)
        self.nearest_real_distance = np.full(m, np.inf)
        self.n_real_balls = np.zeros(m, dtype=np.intp)
        self.in_copy_ball = np.zeros(m, dtype=np.bool_)
        self.nearest_synthetic_distance = np.full(n, np.inf)
        self.in_synthetic_ball = np.zeros(n, dtype=np.bool_)

    def visit(self, rows: slice, columns: slice) -> None:
        """Take in every pair of one tile."""
        found = self._search(self._pairs.bound(rows, columns))
        if np.count_nonzero(found.is_open) > _CROWDED * (
            rows.stop - rows.start + columns.stop - columns.start
        ):
            found = self._search(self._pairs.bound(rows, columns, precise=True))
        i, j, upper, is_open = found.i, found.j, found.upper, found.is_open
        distance = np.full(len(i), np.nan)
        distance[is_open] = self._pairs.exact(i[is_open], j[is_open])

        def within(radius: FloatVector, score: FloatVector) -> NDArray[np.bool_]:
            return np.where(is_open, distance < radius, upper < score)

        in_real = within(self._real_radius[i], self._real_score[i])
        self.n_real_balls += np.bincount(j[in_real], minlength=len(self.n_real_balls))
        self.in_copy_ball[j[within(self._copy_radius[i], self._copy_score[i])]] = True
        self.in_synthetic_ball[i[within(self._synthetic_radius[j], self._synthetic_score[j])]] = True
        self._improve_nearest(i[is_open], j[is_open], distance[is_open])

    def _search(self, tile: Tile) -> _Found:
        """Find the pairs that lie in a ball or may be nearest, and which of them the bounds cannot decide."""
        rows, columns, lower = tile.rows, tile.columns, tile.lower
        # The smallest upper bound of each row and column: no pair above it can be the nearest.
        row_nearest = np.minimum(
            self._pairs.score(self.nearest_synthetic_distance[rows]),
            lower.min(axis=1) + tile.row_width + tile.column_width.max(),
        )
        column_nearest = np.minimum(
            self._pairs.score(self.nearest_real_distance[columns]),
            lower.min(axis=0) + tile.column_width + tile.row_width.max(),
        )
        row_bar = np.maximum(np.maximum(self._real_score[rows], self._copy_score[rows]), row_nearest)
        column_bar = np.maximum(self._synthetic_score[columns], column_nearest)
        may_matter = lower <= tile.round_up(row_bar)[:, None]
        may_matter |= lower <= tile.round_up(column_bar)
        row, column = tile.find(may_matter)
        low = lower[row, column].astype(np.float64)
        upper = low + tile.row_width[row] + tile.column_width[column]
        i, j = row + rows.start, column + columns.start

        # A pair may be nearest on either side, or stand on either side of a radius.
        is_open = (low <= row_nearest[row]) | (low <= column_nearest[column])
        for score in (self._real_score[i], self._copy_score[i], self._synthetic_score[j]):
            is_open |= (low <= score) & (score <= upper)
        return _Found(i, j, upper, is_open)

    def _improve_nearest(self, i: IndexVector, j: IndexVector, distance: FloatVector) -> None:
        np.minimum.at(self.nearest_synthetic_distance, i, distance)
        # Sorted by synthetic item, then distance, then real index: the first of each item is its nearest.
        order = np.lexsort((i, distance, j))
        i, j, distance = i[order], j[order], distance[order]
        first = np.flatnonzero(np.diff(j, prepend=-1))
        i, j, distance = i[first], j[first], distance[first]
        # Blocks come in ascending real index, so a later equal never replaces an earlier one.
        better = distance < self.nearest_real_distance[j]
        self.nearest_real_distance[j[better]] = distance[better]
        self.nearest_real[j[better]] = i[better]
