"""Distances between the rows of two arrays: cheap bounds for whole tiles, exact values for chosen pairs.

A squared Euclidean distance taken from a float32 matrix product loses its leading digits where two rows are
close to each other and far from the origin: identical rows may come out 0.02 apart. Here such a product only
gives bounds. Whoever needs a decision takes the exact float64 distance of the few pairs that the bounds leave
open, so that every decision equals that of a plain float64 computation.

Bounds live on a scale of their own, the score, which grows with the distance (`score`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from core.errors import InputError
from core.metrics._checks import largest_magnitude, require_features
from core.metrics.estimate import Array

__all__ = [
    "DistanceMetric",
    "EuclideanPairs",
    "FloatVector",
    "HammingPairs",
    "IndexVector",
    "Pairs",
    "Tile",
    "open_pairs",
    "split_rows",
]

FloatVector = NDArray[np.float64]
IndexVector = NDArray[np.intp]

# Numbers held at once while exact distances are taken: small enough for a core's cache.
_EXACT_CHUNK = 2**18


class DistanceMetric(StrEnum):
    """How far two rows are apart: Euclidean for continuous features, share of differing codes for codes."""

    EUCLIDEAN = "euclidean"
    HAMMING = "hamming"


@dataclass(frozen=True, slots=True)
class Tile:
    """Bounds on the scores of one block of rows against one block of columns.

    The score of row i and column j lies between `lower[i, j]` and
    `lower[i, j] + row_width[i] + column_width[j]`; widths of 0 mean that `lower` is exact.

    Attributes:
        rows: the rows covered.
        columns: the columns covered.
        lower: (rows, columns) lower bounds.
        row_width: (rows,) the row's part of the gap between the bounds.
        column_width: (columns,) the column's part.
    """

    rows: slice
    columns: slice
    lower: Array
    row_width: FloatVector
    column_width: FloatVector

    def transposed(self) -> Tile:
        """Return the tile of columns against rows."""
        return Tile(self.columns, self.rows, self.lower.T, self.column_width, self.row_width)

    def find_below(self, score: FloatVector) -> tuple[IndexVector, IndexVector]:
        """Return rows and columns, counted within the tile, of the bounds below their row's score."""
        return self.find(self.lower < self.round_up(score)[:, None])

    def find(self, mask: NDArray[np.bool_]) -> tuple[IndexVector, IndexVector]:
        """Return rows and columns of the true entries of a mask, much faster than `np.nonzero` if few are."""
        if mask.flags.c_contiguous:
            rows, columns = np.divmod(np.flatnonzero(mask), mask.shape[1])
        else:  # a transposed tile
            columns, rows = np.divmod(np.flatnonzero(mask.T), mask.shape[0])
        return rows, columns

    def round_up(self, score: FloatVector) -> Array:
        """Cast scores to the bounds' type without lowering any, so that comparing needs no wider copy."""
        with np.errstate(over="ignore"):
            cast = score.astype(self.lower.dtype)
        return np.where(cast < score, np.nextafter(cast, np.inf, dtype=cast.dtype), cast)


class Pairs(Protocol):
    """Every pair of a row and a column, of which only tiles and chosen pairs are ever computed."""

    @property
    def is_exact(self) -> bool:
        """Whether the bounds of tiles have width 0."""

    def bound(self, rows: slice, columns: slice, *, precise: bool = False) -> Tile:
        """Return bounds for a block of pairs; `precise` ones are narrower and cost more."""

    def exact(self, rows: IndexVector, columns: IndexVector) -> FloatVector:
        """Return (n,) float64 distances of the n pairs named; each depends on its own two rows alone."""

    def score(self, distances: FloatVector) -> FloatVector:
        """Put distances on the scale of the bounds."""


class EuclideanPairs:
    """Euclidean distances between continuous features.

    With x and y centred on the rows' mean and scaled, |x - y|^2 = |x|^2 + |y|^2 - 2 x.y. Rounding in a
    product over d terms, in any order of summation, is at most d u |x||y| with u the unit roundoff (Higham,
    Accuracy and Stability of Numerical Algorithms, 2002, sec. 3.1), and 2|x||y| <= |x|^2 + |y|^2: the error
    is at most c (|x|^2 + |y|^2) with c a little above d u. It splits into a row's part and a column's part.

    Args:
        rows: (n, d) features.
        columns: (m, d) features; the same array object for distances within a set.
    """

    is_exact = False

    def __init__(self, rows: Array, columns: Array) -> None:
        self._rows, self._columns = rows, columns
        # A power of two keeps every digit and keeps squares far from overflow.
        self._scale = 2.0 ** -np.frexp(max(largest_magnitude(rows), largest_magnitude(columns)))[1]
        # Distances do not change when both sides move; near the origin they lose the fewest digits.
        self._centre = rows.mean(axis=0, dtype=np.float64)
        self._column_block, self._column_norms = self._prepare(columns)
        # Tiles come row by row, so that one block of rows is enough to keep.
        self._kept_rows, self._kept = slice(0, 0), (self._column_block[:0], self._column_norms[:0])

    def _centred(self, points: Array) -> NDArray[np.float64]:
        centred: NDArray[np.float64] = np.subtract(points, self._centre, dtype=np.float64)
        centred *= self._scale
        return centred

    def _prepare(self, points: Array) -> tuple[NDArray[np.float32], FloatVector]:
        block = np.empty(points.shape, dtype=np.float32)
        norms = np.empty(len(points))
        for part in split_rows(len(points), max(1, _EXACT_CHUNK // points.shape[1])):
            centred = self._centred(points[part])
            block[part] = centred
            norms[part] = np.einsum("ij,ij->i", centred, centred)
        return block, norms

    def _row_part(self, rows: slice) -> tuple[NDArray[np.float32], FloatVector]:
        if self._rows is self._columns:
            return self._column_block[rows], self._column_norms[rows]
        if rows != self._kept_rows:
            self._kept_rows, self._kept = rows, self._prepare(self._rows[rows])
        return self._kept

    def bound(self, rows: slice, columns: slice, *, precise: bool = False) -> Tile:
        """Return bounds from one matrix product, in float32 or, when `precise`, in float64."""
        dimension = self._rows.shape[1]
        left: Array
        right: Array
        left, row_norms = self._row_part(rows)
        right, column_norms = self._column_block[columns], self._column_norms[columns]
        if precise:
            left, right = self._centred(self._rows[rows]), self._centred(self._columns[columns])
            # The plain float64 distance that decides in the end has an error of this size itself.
            factor = (3 * dimension + 32) * 2.0**-53
        else:
            # 16 covers the casts and the three roundings after the product.
            factor = (dimension + 16) * 2.0**-24 * (1 + 1e-3)
        # Below this, float32 products of scaled numbers may underflow.
        row_error, column_error = factor * row_norms + 1e-30, factor * column_norms + 1e-30
        lower = left @ right.T
        lower *= -2
        lower += (row_norms - row_error).astype(lower.dtype)[:, None]
        lower += (column_norms - column_error).astype(lower.dtype)
        return Tile(rows, columns, lower, 2 * row_error, 2 * column_error)

    def exact(self, rows: IndexVector, columns: IndexVector) -> FloatVector:
        """Return float64 distances from differences, so that identical rows give exactly 0."""
        squared = np.empty(len(rows))
        for part in split_rows(len(rows), max(1, _EXACT_CHUNK // self._rows.shape[1])):
            gap = np.subtract(self._rows[rows[part]], self._columns[columns[part]], dtype=np.float64)
            squared[part] = np.square(gap, out=gap).sum(axis=1)
        return np.sqrt(squared)

    def score(self, distances: FloatVector) -> FloatVector:
        """Return squared, scaled distances."""
        return np.asarray(np.square(distances * self._scale))


class HammingPairs:
    """Share of positions at which two rows of discrete codes differ; small counts, hence exact at once.

    Args:
        rows: (n, d) integer codes.
        columns: (m, d) integer codes.

    Raises:
        InputError: if the codes are not integers.
    """

    is_exact = True

    def __init__(self, rows: Array, columns: Array) -> None:
        if rows.dtype.kind not in "iub" or columns.dtype.kind not in "iub":
            raise InputError(
                "The Hamming distance needs discrete codes, that is features of an integer type."
            )
        self._rows, self._columns = rows, columns

    def bound(self, rows: slice, columns: slice, *, precise: bool = False) -> Tile:
        """Return the distances themselves; `precise` changes nothing."""
        lower = cdist(self._rows[rows].astype(float), self._columns[columns].astype(float), "hamming")
        return Tile(rows, columns, lower, np.zeros(lower.shape[0]), np.zeros(lower.shape[1]))

    def exact(self, rows: IndexVector, columns: IndexVector) -> FloatVector:
        """Return the share of differing codes of each pair."""
        share = np.empty(len(rows))
        for part in split_rows(len(rows), max(1, _EXACT_CHUNK // self._rows.shape[1])):
            share[part] = (self._rows[rows[part]] != self._columns[columns[part]]).mean(axis=1)
        return share

    def score(self, distances: FloatVector) -> FloatVector:
        """Return the distances as they are."""
        return distances


def open_pairs(rows: Array, columns: Array, metric: DistanceMetric | str) -> Pairs:
    """Return the pairs of two feature arrays under a metric.

    Args:
        rows: (n, d) features or codes.
        columns: (m, d) features or codes; the same array object for distances within a set.
        metric: "euclidean" or "hamming".

    Raises:
        InputError: if features are not finite, or codes are not integers.
        ValueError: if an array is not two-dimensional, is empty, or the dimensions differ.
    """
    require_features(rows, columns)
    if DistanceMetric(metric) is DistanceMetric.HAMMING:
        return HammingPairs(rows, columns)
    return EuclideanPairs(rows, columns)


def split_rows(n: int, size: int) -> list[slice]:
    """Return slices of at most `size` rows that cover `n` rows in order."""
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]
