"""The nearest columns of each item, an item being one row or several variants of one, tile by tile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.metrics._pair_bounds import FloatVector, IndexVector, Pairs, Tile, split_rows

__all__ = ["Exclusion", "NearestColumns", "search_nearest"]

# A tile that leaves more than this many pairs a row open is worth the narrower bounds.
_CROWDED = 16


@dataclass(frozen=True, slots=True)
class NearestColumns:
    """The nearest columns of each item.

    Attributes:
        column: (n, 1) nearest column of each item or, with a runner-up, (n, 2).
        distance: their exact distances.
        variant: the variants of the item that came this near.
    """

    column: IndexVector
    distance: FloatVector
    variant: IndexVector


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Which columns are no candidates for an item: its own, and those of its group.

    Attributes:
        own_column: (n,) the column that is the item itself.
        item_group: (n,) group of each item.
        column_group: (m,) group of each column.
    """

    own_column: IndexVector
    item_group: IndexVector
    column_group: IndexVector

    def apply(self, tile: Tile, items: slice, n_variants: int) -> None:
        """Raise the bounds of a tile's excluded pairs to infinity."""
        excluded = self.item_group[items, None] == self.column_group[tile.columns]
        own = self.own_column[items] - tile.columns.start
        inside = np.flatnonzero((own >= 0) & (own < excluded.shape[1]))
        excluded[inside, own[inside]] = True
        by_item = tile.lower.reshape(
            len(excluded), n_variants, -1
        )  # (items*v, columns) -> (items, v, columns)
        item, column = np.nonzero(excluded)
        by_item[item, :, column] = np.inf


def search_nearest(
    pairs: Pairs,
    *,
    n_items: int,
    n_columns: int,
    n_variants: int = 1,
    exclusion: Exclusion | None = None,
    with_runner_up: bool = False,
    block_rows: int,
) -> NearestColumns:
    """Find the nearest column of each item.

    Bounds rule out nearly all pairs; the rest are settled by exact distances, so that block sizes change
    nothing. Equal distances go to the lowest column, then to the lowest variant.

    Args:
        pairs: rows against columns; rows `item * n_variants + variant`.
        n_items: items.
        n_columns: columns.
        n_variants: rows of each item, of which the nearest counts.
        exclusion: columns that are no candidates; every item must have one left, two groups for a runner-up.
        with_runner_up: also find the nearest column of another group than that of the nearest; takes an
            exclusion and one variant.
        block_rows: rows and columns of a tile.
    """
    search = _Search(pairs, n_variants, exclusion, with_runner_up)
    items_a_block = max(1, block_rows // n_variants)
    found = [
        search.run(items, split_rows(n_columns, block_rows)) for items in split_rows(n_items, items_a_block)
    ]
    return NearestColumns(
        *(np.concatenate([getattr(part, name) for part in found]) for name in NearestColumns.__slots__)
    )


class _Search:
    def __init__(
        self, pairs: Pairs, n_variants: int, exclusion: Exclusion | None, with_runner_up: bool
    ) -> None:
        self._pairs, self._n_variants, self._exclusion = pairs, n_variants, exclusion
        self._group = exclusion.column_group if exclusion is not None and with_runner_up else None

    def run(self, items: slice, blocks: list[slice]) -> NearestColumns:
        """Return the nearest columns of a block of items."""
        shape = (items.stop - items.start, 1 if self._group is None else 2)
        best = NearestColumns(np.zeros(shape, np.intp), np.full(shape, np.inf), np.zeros(shape, np.intp))
        for columns in blocks:
            best = self._visit(items, columns, best)
        return best

    def _visit(self, items: slice, columns: slice, best: NearestColumns) -> NearestColumns:
        rows = slice(items.start * self._n_variants, items.stop * self._n_variants)
        for precise in (False, True):
            tile = self._pairs.bound(rows, columns, precise=precise)
            if self._exclusion is not None:
                self._exclusion.apply(tile, items, self._n_variants)
            row, column = tile.find_below(np.repeat(self._bar(tile, best), self._n_variants))
            if self._pairs.is_exact or len(row) <= _CROWDED * (rows.stop - rows.start):
                break
        if not len(row):
            return best
        if self._pairs.is_exact:
            distance = tile.lower[row, column]
        else:
            distance = self._pairs.exact(row + rows.start, column + columns.start)
        item, variant = np.divmod(row, self._n_variants)
        return self._merge(best, item, column + columns.start, variant, distance)

    def _bar(self, tile: Tile, best: NearestColumns) -> FloatVector:
        """Return the score of each item that a pair's lower bound must stay below to improve on it."""
        widest = tile.column_width.max()
        if self._group is None:
            ceiling = tile.lower.min(axis=1) + tile.row_width + widest
            ceiling = ceiling.reshape(-1, self._n_variants).min(axis=1)
        else:
            # Two columns of different groups are both at most as far as the second's upper bound; where the
            # tile holds one group, only its nearest column can count.
            group = self._group[tile.columns]
            of_nearest = group[tile.lower.argmin(axis=1)]
            others = np.where(group == of_nearest[:, None], np.inf, tile.lower).min(axis=1)
            second = np.where(np.isfinite(others), others, tile.lower.min(axis=1))
            ceiling = second + tile.row_width + widest
        farthest_known = best.distance[:, -1]
        # Columns come in ascending order: a later equal never replaces what is known, and nothing improves on
        # a distance of 0. Within the tile, a pair on the ceiling itself counts.
        known = np.where(farthest_known > 0, self._pairs.score(farthest_known), -np.inf)
        return np.asarray(np.minimum(np.nextafter(ceiling, np.inf), known))

    def _merge(
        self,
        best: NearestColumns,
        item: IndexVector,
        column: IndexVector,
        variant: IndexVector,
        distance: FloatVector,
    ) -> NearestColumns:
        """Return the best of what is known and of the candidates."""
        known = np.nonzero(np.isfinite(best.distance))
        item = np.concatenate([known[0], item])
        column = np.concatenate([best.column[known], column])
        variant = np.concatenate([best.variant[known], variant])
        distance = np.concatenate([best.distance[known], distance])
        order = np.lexsort((variant, column, distance, item))
        item, column, variant, distance = item[order], column[order], variant[order], distance[order]
        merged = NearestColumns(*(getattr(best, name).copy() for name in NearestColumns.__slots__))
        for place in range(best.column.shape[1]):
            if place:
                assert self._group is not None
                kept = self._group[column] != self._group[merged.column[item, 0]]
                item, column, variant, distance = item[kept], column[kept], variant[kept], distance[kept]
            first = np.flatnonzero(np.diff(item, prepend=-1))
            merged.column[item[first], place] = column[first]
            merged.variant[item[first], place] = variant[first]
            merged.distance[item[first], place] = distance[first]
        return merged
