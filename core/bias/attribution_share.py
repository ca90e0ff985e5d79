"""How much of where a classifier looks lies in a region: one share an image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.bias.box import Box

__all__ = ["measure_shares"]


def measure_shares(maps: NDArray[np.float32], box: Box) -> NDArray[np.float64]:
    """Measure which share of each map's mass lies in a rectangle.

    A classifier that looks everywhere alike has the rectangle's area there; a share far above it says that
    the classifier looks at the rectangle.

    Args:
        maps: (n, h, w) maps; what is below 0 speaks against the class and counts as 0.
        box: the rectangle; pixels at its edge count by the part of them that it covers.

    Returns:
        (n,) shares between 0 and 1; not a number for a map that is nowhere positive.
    """
    positive = np.maximum(maps, 0).astype(np.float64)
    rows = _cover(box.top, box.bottom, maps.shape[1])
    columns = _cover(box.left, box.right, maps.shape[2])
    inside = np.einsum("nyx,y,x->n", positive, rows, columns)
    total = positive.sum(axis=(1, 2))
    shares: NDArray[np.float64] = np.divide(inside, total, out=np.full(len(maps), np.nan), where=total > 0)
    return shares


def _cover(start: float, end: float, n: int) -> NDArray[np.float64]:
    """Part of each of n pixels that lies between two shares of their line."""
    edges = np.arange(n + 1) / n
    covered: NDArray[np.float64] = (
        np.clip(np.minimum(edges[1:], end) - np.maximum(edges[:-1], start), 0, None) * n
    )
    return covered
