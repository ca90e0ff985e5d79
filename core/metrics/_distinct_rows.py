"""Rows of an array that are equal to an earlier row."""

from __future__ import annotations

import hashlib

import numpy as np

from core.metrics._pair_bounds import IndexVector
from core.metrics.estimate import Array

__all__ = ["find_distinct"]


def find_distinct(points: Array) -> tuple[IndexVector, IndexVector]:
    """Group equal rows.

    Args:
        points: (n, d) features or codes.

    Returns:
        The first row of each group, ascending, and the group of each row, groups counted in that order.
    """
    groups: dict[bytes, int] = {}
    # A digest instead of the row itself: the features are not held twice. Adding 0 turns -0 into 0.
    digests = (hashlib.blake2b((row + 0).tobytes(), digest_size=16).digest() for row in points)
    member = np.array([groups.setdefault(digest, len(groups)) for digest in digests], dtype=np.intp)
    return np.unique(member, return_index=True)[1], member
