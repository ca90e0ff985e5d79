"""The train item nearest to each synthetic, held-out or left-out item, under flips and turns if wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import TooFewImagesError
from core.metrics._distinct_rows import find_distinct
from core.metrics._nearest_search import Exclusion, NearestColumns, search_nearest
from core.metrics._pair_bounds import DistanceMetric, FloatVector, IndexVector, open_pairs
from core.metrics.estimate import Array

__all__ = ["LeftOutTrain", "NearestTrain", "find_left_out_train", "find_nearest_train"]

BLOCK_ROWS = 1024

# The item left out, its match, and the match's own neighbour.
_MIN_GROUPS = 3


@dataclass(frozen=True, slots=True)
class NearestTrain:
    """The train item nearest to each item.

    Attributes:
        index: (n,) index of the nearest train item; the first of equals.
        distance: (n,) its distance, in feature units or as share of differing codes; 0 for equal rows.
        variant: (n,) the item's variant that came this near, 0 for the item as it is; the first of equals.
    """

    index: IndexVector
    distance: FloatVector
    variant: IndexVector


@dataclass(frozen=True, slots=True)
class LeftOutTrain:
    """Train items held against the other train items, each as if it had been left out.

    An image that stands in the train set twice counts as one: leaving it out leaves out its duplicates.

    Attributes:
        nearest: each item's match, the train item nearest to it that is no duplicate of it and, where
            patients are known, of another patient.
        radius: (n,) the same distance without variants: how far each train item is from its nearest other.
        match_radius: (n,) `radius` of the item's match in a train set without the item, its duplicates and
            its patient. Were the item left in, no match could have a radius beyond the item's own distance.
    """

    nearest: NearestTrain
    radius: FloatVector
    match_radius: FloatVector


def find_nearest_train(
    *,
    real: Array,
    queries: Array,
    metric: DistanceMetric | str = DistanceMetric.EUCLIDEAN,
    block_rows: int = BLOCK_ROWS,
) -> NearestTrain:
    """Find the train item nearest to each synthetic or held-out item.

    Every distance equals that of a plain float64 computation, so that equal rows are exactly 0 apart. Memory
    beside the arguments is O(n d) in float32 for the train set, and O(block_rows^2); nothing grows with n m.

    Args:
        real: (n, d) features of the real train set, or integer codes for "hamming".
        queries: (m, d) features of the items, or (m, v, d) of v variants of each, for example its eight flips
            and turns with the item as it is first; the best variant counts.
        metric: "euclidean" or "hamming".
        block_rows: rows of a tile; changes speed and memory, never the result.

    Returns:
        Index, distance and variant of each of the m items. Equal distances go to the lowest train index, then
        to the lowest variant.

    Raises:
        InputError: if features are not finite, or codes are not integers.
        ValueError: if an array is empty or of another shape.
    """
    rows, n_variants = _flatten(queries)
    first, _ = find_distinct(real)
    pairs = open_pairs(rows, _take(real, first), metric)
    found = search_nearest(
        pairs, n_items=len(queries), n_variants=n_variants, n_columns=len(first), block_rows=block_rows
    )
    return NearestTrain(first[found.column[:, 0]], found.distance[:, 0], found.variant[:, 0])


def find_left_out_train(
    *,
    real: Array,
    patients: Sequence[str | None] | None = None,
    variants: Array | None = None,
    metric: DistanceMetric | str = DistanceMetric.EUCLIDEAN,
    block_rows: int = BLOCK_ROWS,
) -> LeftOutTrain:
    """Find each train item's match among the others, as if the item were new to the train set.

    Args:
        real: (n, d) features of the real train set, or integer codes for "hamming".
        patients: (n,) patient of each item; other images of the same patient never match. None for an item
            means that its patient is unknown: it counts as a patient of its own.
        variants: (n, v, d) features of v variants of each item, where the synthetic items are searched under
            variants; needed for a fair null, since the best of several variants comes nearer than one.
        metric: "euclidean" or "hamming".
        block_rows: rows of a tile; changes speed and memory, never the result.

    Returns:
        Matches, radii, and the radii of the matches without the item. A duplicate that stands under a second
        patient has the match and the radius of its first occurrence.

    Raises:
        TooFewImagesError: if fewer than 3 different images of different patients are left.
        InputError: if features are not finite, or codes are not integers.
        ValueError: if an array is empty or of another shape, or `patients` or `variants` do not fit.
    """
    patient = _number_patients(patients, len(real))
    first, member = find_distinct(real)
    group = patient[first]
    n_groups = len(np.unique(group))
    if n_groups < _MIN_GROUPS:
        raise TooFewImagesError(
            f"Leaving train images out needs at least {_MIN_GROUPS} different images"
            f"{'' if patients is None else ' of different patients'}, but there are {n_groups}."
        )
    distinct = _take(real, first)
    among = search_nearest(
        open_pairs(distinct, distinct, metric),
        n_items=len(first),
        n_columns=len(first),
        exclusion=Exclusion(np.arange(len(first)), group, group),
        with_runner_up=True,
        block_rows=block_rows,
    )
    column, distance, variant = (part[member, 0] for part in (among.column, among.distance, among.variant))
    if variants is not None:
        if variants.ndim != 3 or len(variants) != len(real):
            raise ValueError(f"variants of shape {variants.shape} do not fit {len(real)} items")
        rows, n_variants = _flatten(variants)
        under_variants = search_nearest(
            open_pairs(rows, distinct, metric),
            n_items=len(real),
            n_variants=n_variants,
            n_columns=len(first),
            exclusion=Exclusion(member, patient, group),
            block_rows=block_rows,
        )
        column, distance, variant = (
            part[:, 0] for part in (under_variants.column, under_variants.distance, under_variants.variant)
        )
    return LeftOutTrain(
        nearest=NearestTrain(first[column], distance, variant),
        radius=among.distance[member, 0],
        match_radius=_radius_without(among, group, column, left_out=group[member]),
    )


def _radius_without(
    among: NearestColumns, group: IndexVector, column: IndexVector, *, left_out: IndexVector
) -> FloatVector:
    """Return the distance from each named column to its nearest other once a group is gone."""
    is_gone = group[among.column[column, 0]] == left_out
    return np.asarray(np.where(is_gone, among.distance[column, 1], among.distance[column, 0]))


def _flatten(queries: Array) -> tuple[Array, int]:
    """Return (items * variants, d) rows, the variants of an item beside each other, and their number."""
    if queries.ndim == 2:
        return queries, 1
    if queries.ndim != 3:
        raise ValueError(f"features are (n, d) or (n, variants, d), not of shape {queries.shape}")
    return queries.reshape(-1, queries.shape[2]), queries.shape[1]  # (m, v, d) -> (m*v, d)


def _take(points: Array, first: IndexVector) -> Array:
    """Return the rows named; the array itself where that is all of them, which spares a copy."""
    return points if len(first) == len(points) else points[first]


def _number_patients(patients: Sequence[str | None] | None, n: int) -> NDArray[np.intp]:
    if patients is None:
        return np.arange(n)
    if len(patients) != n:
        raise ValueError(f"{len(patients)} patients do not fit {n} items")
    numbers: dict[object, int] = {}
    # An unknown patient gets a key that no other item has.
    keys = [(item,) if patient is None else patient for item, patient in enumerate(patients)]
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.intp)
