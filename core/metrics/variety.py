"""Variety: mean-image file sizes of several sets, put on one scale from 0 to 1."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["compute_variety"]


def compute_variety(sizes: Mapping[str, int]) -> dict[str, float | None]:
    """Rescale mean-image file sizes over the compared sets: 1 for the smallest file, 0 for the largest.

    The score ranks the sets it was computed over and means nothing across comparisons: adding a set changes
    the score of the others.

    Args:
        sizes: name of each compared set to the file size of its mean image in bytes, all in one format.

    Returns:
        `1 - (size - min) / (max - min)` for each name, higher is more varied; None for every name where the
        score is undefined, which is with fewer than two sets or with equal sizes.
    """
    if not sizes:
        return {}
    smallest, largest = min(sizes.values()), max(sizes.values())
    if smallest == largest:
        return dict.fromkeys(sizes)
    return {name: 1.0 - (size - smallest) / (largest - smallest) for name, size in sizes.items()}
