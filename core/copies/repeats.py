"""Tells pictures that repeat another one from pictures that merely look like it.

Public collections often hold a picture twice, turned or with another contrast, under two names. Such a repeat
in the held-out set would make copying look innocent, and one in the train set would make a train image's own
neighbourhood so narrow that no copy of it stands out.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.copies.search import CopyMatches

__all__ = ["REPEAT_DISTANCE", "are_repeats", "merge_repeats"]

REPEAT_DISTANCE: Final = 0.4
"""Below it (correlation of detail above 0.92), two pictures or volumes show the same.

Measured: the nearest pictures of different patients are at least 0.42 apart among phantom films, 0.48 among
chest X-rays and 1.1 among tissue tiles; a turned slice saved with another contrast comes up to 0.39. The
nearest volumes are at least 0.88 apart among MR volumes of the hippocampus; one saved with another contrast,
or shifted by two voxels, comes up to 0.36.
"""


def are_repeats(matches: CopyMatches) -> NDArray[np.bool_]:
    """Return (n,) whether each query shows the same as its nearest real image."""
    return matches.distance < REPEAT_DISTANCE


def merge_repeats(groups: NDArray[np.intp], left_out: CopyMatches) -> NDArray[np.intp]:
    """Put real images that repeat each other into one group.

    Groups grow with each search: after one that found repeats, the search is taken again with the groups
    returned, until they are those that were handed in.

    Args:
        groups: (n_real,) a group of each real image, a patient where patients are known.
        left_out: the search of the real set against itself with these groups.

    Returns:
        (n_real,) groups; each is named by the smallest of the names that it had before.
    """
    merged = np.array(groups, dtype=np.intp)
    for row in np.flatnonzero(are_repeats(left_out)):
        one, other = merged[row], merged[left_out.real_index[row]]
        merged[merged == max(one, other)] = min(one, other)
    return merged
