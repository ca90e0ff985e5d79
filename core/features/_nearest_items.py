"""The nearest neighbours of every item among all items, exactly and by blocks."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from core.progress import Progress

__all__ = ["find_nearest_items"]

# Distances of a block: 100,000 columns of 256 rows are 100 MB.
_BLOCK_ROWS: Final = 256


def find_nearest_items(
    points: NDArray[Any], k: int, *, hamming: bool = False, progress: Progress
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Find each item's k nearest items, itself first at distance 0.

    Candidates come from the expanded square in float32; their distances are then computed anew from the
    differences, since the expansion blurs those of near duplicates.

    Args:
        points: (n, d) coordinates, or codes where `hamming`.
        k: neighbours, the item itself included; at most n.
        hamming: count differing codes instead of measuring Euclidean distance.
        progress: told about every block of items; may cancel.

    Returns:
        (n, k) row numbers and (n, k) distances, ascending.
    """
    n = len(points)
    progress.start("Nearest neighbours", n, "images")
    rows_of = np.empty((n, k), dtype=np.int64)
    distances = np.empty((n, k), dtype=np.float32)
    flat = points if hamming else np.ascontiguousarray(points - points.mean(axis=0), dtype=np.float32)
    squares = None if hamming else np.einsum("ij,ij->i", flat, flat)
    for start in range(0, n, _BLOCK_ROWS):
        block = flat[start : start + _BLOCK_ROWS]
        own = np.arange(start, start + len(block))
        if squares is None:
            rough = cdist(block, flat, "hamming").astype(np.float32)
        else:
            rough = squares - 2.0 * (block @ flat.T)
        rough[np.arange(len(block)), own] = -np.inf
        near = np.argpartition(rough, k - 1, axis=1)[:, :k]
        if squares is None:
            exact = np.take_along_axis(rough, near, axis=1)
        else:
            exact = np.sqrt(np.square(flat[near] - block[:, None, :]).sum(axis=2))
        # An item is its own nearest, also where others equal it.
        exact[near == own[:, None]] = -1.0
        order = np.lexsort((near, exact))
        rows_of[own] = np.take_along_axis(near, order, axis=1)
        distances[own] = np.maximum(np.take_along_axis(exact, order, axis=1), 0.0)
        progress.advance(len(block))
    return rows_of, distances
