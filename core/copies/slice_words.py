"""Says in words at which slices two volumes agree best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

__all__ = ["describe_best_slices"]

# Slices whose correlation is this near to the best one agree as well, as far as a reader can tell.
_ALIKE: Final = 0.02


def describe_best_slices(agreement: Sequence[float | None], n_slices: int, *, plane: str = "axial") -> str:
    """Name the slices of the real volume around the best one that agree as well, counted from 1.

    Args:
        agreement: correlation at places that share the extent evenly, from the first slice to the last; None
            or NaN where there is none.
        n_slices: slices of the real volume along the plane.
        plane: what the plane is called.

    Returns:
        A sentence such as "Axial slices 14 to 20 of 36 agree best (r = 0.98).", with the best correlation;
        empty where no slice could be compared.
    """
    values = [-math.inf if one is None or math.isnan(one) else float(one) for one in agreement]
    best = max(values, default=-math.inf)
    if best == -math.inf:
        return ""
    first = last = values.index(best)
    while first > 0 and values[first - 1] >= best - _ALIKE:
        first -= 1
    while last + 1 < len(values) and values[last + 1] >= best - _ALIKE:
        last += 1
    # A place stands for all slices within its equal share of the extent.
    low = first * n_slices // len(values) + 1
    high = -(-(last + 1) * n_slices // len(values))
    r = f"(r = {best:.2f})".replace("-", "\N{MINUS SIGN}")
    if last - first + 1 == sum(value > -math.inf for value in values):
        which = f"All {n_slices} {plane} slices"
        if (low, high) != (1, n_slices):
            which = f"All {plane} slices that can be compared, {low} to {high} of {n_slices},"
        return f"{which} agree about equally well {r}."
    if low == high:
        return f"{plane.capitalize()} slice {low} of {n_slices} agrees best {r}."
    return f"{plane.capitalize()} slices {low} to {high} of {n_slices} agree best {r}."
