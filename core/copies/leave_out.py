"""The real set searched against itself, each image as if it were new: the scale of every distance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from core.copies.repeats import are_repeats, merge_repeats
from core.copies.search import CopyMatches

__all__ = ["LeftOutMatches", "leave_out"]

Indices = NDArray[np.intp]

Search = Callable[[Indices, Indices], CopyMatches]
"""Searches the real images of the given rows among all those of other groups: (rows, groups) to matches."""


@dataclass(frozen=True, slots=True)
class LeftOutMatches:
    """Each real image beside its nearest other one.

    Attributes:
        matches: the search of the real set against itself; `distance` is how far each image is from its
            nearest other one, of another patient and no repeat of it.
        groups: (n,) group of each image: its patient and the repeats of the same picture.
        repeats: (n,) whether an image shows the same picture as one of another patient (or, where patients
            are not known, as any other image).
    """

    matches: CopyMatches
    groups: Indices
    repeats: NDArray[np.bool_]

    @property
    def radius(self) -> NDArray[np.float64]:
        """(n,) distance of each image to its nearest other one."""
        return self.matches.distance

    def compute_match_radius(self, search: Search) -> NDArray[np.float64]:
        """Return (n,) the radius of each image's match in a set without the image and its group.

        Were the image left in, no match could have a radius beyond the image's own distance, and the image
        would look as if it were further away than a fresh one.

        Args:
            search: as in `leave_out`.
        """
        nearest, groups = self.matches.real_index, self.groups
        radius = self.radius[nearest].copy()
        # Matches that lose their own nearest image, by the group that goes.
        lost = np.flatnonzero(groups[nearest[nearest]] == groups)
        pairs = {(int(nearest[row]), int(groups[row])) for row in lost}
        again: dict[tuple[int, int], float] = {}
        while pairs:
            # Each round leaves out pairs of groups that have none in common: one renaming serves them all.
            taken: set[int] = set()
            chosen = []
            for match, gone in sorted(pairs):
                own = int(groups[match])
                if not taken & {own, gone}:
                    taken |= {own, gone}
                    chosen.append((match, gone))
            renamed = groups.copy()
            for match, gone in chosen:
                renamed[groups == gone] = groups[match]
            rows = np.array([match for match, _ in chosen], dtype=np.intp)
            found = search(rows, renamed)
            again |= dict(zip(chosen, found.distance.tolist(), strict=True))
            pairs -= set(chosen)
        for row in lost:
            radius[row] = again[int(nearest[row]), int(groups[row])]
        return radius


def leave_out(search: Search, groups: Indices) -> LeftOutMatches:
    """Search the real set against itself until no image's match repeats it.

    Groups grow where a match turns out to be a repeat; only the images of such groups are searched again.

    Args:
        search: searches the real images of given rows among those of other groups.
        groups: (n,) a group of each real image: its patient where patients are known, else its own.

    Raises:
        TooFewImagesError: if there are no two groups.
        CancelledError: if the search is cancelled.
    """
    groups = np.asarray(groups, dtype=np.intp)
    found = search(np.arange(len(groups)), groups)
    repeats = np.zeros(len(groups), dtype=np.bool_)
    while True:
        rows = np.flatnonzero(are_repeats(found))
        repeats[rows] = repeats[found.real_index[rows]] = True
        merged = merge_repeats(groups, found)
        # A group that took in another has a member whose name changed; all its members look again.
        changed = np.unique(merged[merged != groups])
        if not len(changed):
            return LeftOutMatches(found, groups, repeats)
        groups = merged
        rows = np.flatnonzero(np.isin(groups, changed))
        found = _put(found, rows, search(rows, groups))


def _put(found: CopyMatches, rows: Indices, other: CopyMatches) -> CopyMatches:
    columns = {}
    for field in fields(found):
        column = getattr(found, field.name).copy()
        column[rows] = getattr(other, field.name)
        columns[field.name] = column
    return replace(found, **columns)
