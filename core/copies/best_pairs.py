"""The best pairs of each query while the real set is worked through in blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["BestPairs", "are_constant"]

Indices = NDArray[np.intp]
Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class BestPairs:
    """The best pairs of each query so far, (n_queries, n_candidates) each, best first; -1 where none is."""

    score: Scores
    real: Indices
    transform: Indices

    @classmethod
    def empty(cls, n: int, k: int) -> BestPairs:
        """Return no pair of n queries, with room for k each."""
        none = np.full((n, k), -1, dtype=np.intp)
        return cls(np.full((n, k), -np.inf, dtype=np.float32), none, none)

    def merge(self, scores: Scores, start: int) -> BestPairs:
        """Take in (n, n_turns, n_rows) scores of the real images from `start` on."""
        n, k = self.score.shape
        flat = scores.reshape(n, -1)
        bar = self.score[:, -1]
        if flat.shape[1] > k:
            bar = np.maximum(bar, np.partition(flat, -k, axis=1)[:, -k])
        # With all that tie at the bar: which of them stay must not depend on where a block ends.
        query, place = np.nonzero((flat >= bar[:, None]) & (flat > -np.inf))
        turn, row = np.divmod(place, scores.shape[2])
        all_query = np.concatenate([np.repeat(np.arange(n), k), query])
        all_score = np.concatenate([self.score.ravel(), flat[query, place]])
        all_real = np.concatenate([self.real.ravel(), row + start])
        all_turn = np.concatenate([self.transform.ravel(), turn])
        order = np.lexsort((all_turn, all_real, -all_score, all_query))
        counts = np.bincount(all_query, minlength=n)
        chosen = order[(np.cumsum(counts) - counts)[:, None] + np.arange(k)]
        return BestPairs(all_score[chosen], all_real[chosen], all_turn[chosen])


def are_constant(planes: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return (n,) whether nothing varies in each of (n, ...) planes."""
    return np.logical_not(np.asarray(planes.reshape(len(planes), -1).any(axis=1)))
