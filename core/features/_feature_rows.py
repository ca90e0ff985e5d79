"""Features of items as they are computed: equal items once, in any order, stored as they come."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from core.datasets.image_set import Item
from core.features.base import FeatureBatch
from core.features.store import FeatureStore
from core.images.display import DEFAULT_INTENSITY
from core.images.intensity import Intensity

__all__ = ["FeatureRows", "find_policy"]


def find_policy(items: Sequence[Item]) -> Intensity:
    """The one intensity policy that items have."""
    policies = {item.intensity for item in items} or {DEFAULT_INTENSITY}
    assert len(policies) == 1, "features of different policies cannot be compared"
    return policies.pop()


class FeatureRows:
    """Rows that fill up in any order; on leaving, also by an error, those not yet stored are.

    Args:
        items: in the order wanted; equal ones share a row.
        cache: where rows are found and kept, or None.
        save_every: rows of a stored shard.

    Attributes:
        unique: the first item of each row.
        missing: rows that the cache did not hold, ascending.
        n_found: items that it did hold.
    """

    def __init__(self, items: Sequence[Item], *, cache: FeatureStore | None, save_every: int) -> None:
        self.unique = list({item.digest: item for item in items}.values())
        self._row_of = {item.digest: row for row, item in enumerate(self.unique)}
        self._items = items
        self._cache = cache
        self._save_every = save_every
        self._unsaved: list[int] = []
        self._filled = np.zeros(len(self.unique), dtype=bool)
        self._features: NDArray[Any] | None = None
        self._logits: NDArray[np.float32] | None = None
        if cache is not None:
            found = cache.read([item.digest for item in self.unique])
            if found.batch is not None:
                self._fill(found.positions, found.batch)
        self.missing = np.flatnonzero(~self._filled).tolist()
        self.n_found = len(items) - len(self.missing)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._save()

    def put(self, rows: Sequence[int], batch: FeatureBatch) -> None:
        """Add computed rows, and store them once there are enough.

        Raises:
            StoreError: if the workspace cannot be written.
        """
        self._fill(np.array(rows, dtype=np.intp), batch)
        self._unsaved += rows
        if len(self._unsaved) >= self._save_every:
            self._save()

    def take(self) -> FeatureBatch:
        """All rows, one an item, in the items' order."""
        assert self._features is not None and self._filled.all(), "every item has a row"
        index = np.array([self._row_of[item.digest] for item in self._items], dtype=np.intp)
        return FeatureBatch(self._features[index], None if self._logits is None else self._logits[index])

    def _fill(self, positions: NDArray[np.intp], batch: FeatureBatch) -> None:
        # Arrays are made when the first rows tell their width.
        if self._features is None:
            n = len(self.unique)
            self._features = np.empty((n, batch.features.shape[1]), dtype=batch.features.dtype)
            if batch.logits is not None:
                self._logits = np.empty((n, batch.logits.shape[1]), dtype=np.float32)
        self._features[positions] = batch.features
        if self._logits is not None and batch.logits is not None:
            self._logits[positions] = batch.logits
        self._filled[positions] = True

    def _save(self) -> None:
        if self._cache is None or not self._unsaved or self._features is None:
            return
        rows = self._unsaved
        logits = None if self._logits is None else self._logits[rows]
        self._cache.write(
            [self.unique[row].digest for row in rows], FeatureBatch(self._features[rows], logits)
        )
        rows.clear()
