"""Otsu's threshold: where grey values part into dark and bright."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["compute_otsu_threshold"]

_BINS: Final = 256


def compute_otsu_threshold(values: NDArray[np.uint8]) -> int:
    """The threshold that parts 8-bit values into two classes with the least variance within them.

    Args:
        values: any shape, not empty.

    Returns:
        Values above it are the upper class; of equally good thresholds the middle one. Constant values are
        their own threshold.

    References:
        Otsu, A threshold selection method from gray-level histograms, IEEE Trans. SMC 1979, eq. 18.
    """
    counts = np.bincount(values.ravel(), minlength=_BINS).astype(np.float64)
    share = np.cumsum(counts) / counts.sum()
    mean = np.cumsum(counts * np.arange(_BINS)) / counts.sum()
    both = (share > 0) & (share < 1)
    if not both.any():
        return int(values.flat[0])
    between = np.zeros(_BINS)
    between[both] = (mean[-1] * share[both] - mean[both]) ** 2 / (share[both] * (1 - share[both]))
    best = np.flatnonzero(np.isclose(between, between.max(), rtol=1e-12))
    return int((best[0] + best[-1]) // 2)
