"""What every metric asks of the features that it is given."""

from __future__ import annotations

import math

from core.errors import InputError
from core.metrics.estimate import Array

__all__ = ["largest_magnitude", "require_features"]


def require_features(*sets: Array) -> None:
    """Refuse arrays that are no features of one extractor.

    Args:
        sets: (n, d) arrays.

    Raises:
        InputError: if a feature is not finite.
        ValueError: if an array is not two-dimensional, is empty, or the dimensions differ.
    """
    for points in sets:
        if points.ndim != 2 or not points.size:
            raise ValueError(f"features are a non-empty (n, d) array, not one of shape {points.shape}")
        if points.shape[1] != sets[0].shape[1]:
            raise ValueError(
                f"features of {sets[0].shape[1]} and {points.shape[1]} dimensions cannot be compared"
            )
        if not math.isfinite(largest_magnitude(points)):
            raise InputError("A feature is not a finite number; the extractor or its weights are at fault.")


def largest_magnitude(points: Array) -> float:
    """Return the largest absolute value, without a copy of the array; not finite if any value is not."""
    return max(float(points.max()), -float(points.min()))
