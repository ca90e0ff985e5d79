"""Fréchet distances of many subsets of the same two feature arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.metrics._gaussians import frechet_distance, nuclear_norm
from core.metrics.estimate import Array

__all__ = ["SubsetDistances"]

# Entries of the table of products that is kept: 32 MiB.
_MAX_TABLE = 2**22


class SubsetDistances:
    """Computes `frechet_distance(real[i], synthetic[j])` for many i and j.

    For few images of many dimensions, the inner products of all pairs are taken once; a subset's own are cut
    from them and centred. Larger sets and fewer dimensions go the plain way.

    Args:
        real: (n, d) features.
        synthetic: (m, d) features.
    """

    def __init__(self, real: Array, synthetic: Array) -> None:
        self._real, self._synthetic = real, synthetic
        self._products: NDArray[np.float64] | None = None
        if len(real) * len(synthetic) <= min(_MAX_TABLE, 4 * real.shape[1] ** 2):
            # Near the origin, products lose the fewest digits.
            centre = real.mean(axis=0, dtype=np.float64)
            self._real = np.subtract(real, centre, dtype=np.float64)
            self._synthetic = np.subtract(synthetic, centre, dtype=np.float64)
            self._products = self._real @ self._synthetic.T

    def __call__(self, chosen_real: NDArray[np.intp], chosen_synthetic: NDArray[np.intp]) -> float:
        """Return the distance of two subsets, agreeing with the plain computation to about 1e-7."""
        if self._products is None:
            return frechet_distance(self._real[chosen_real], self._synthetic[chosen_synthetic])
        n, m = len(chosen_real), len(chosen_synthetic)
        left, right = self._real[chosen_real], self._synthetic[chosen_synthetic]
        mean_real, mean_synthetic = left.mean(axis=0), right.mean(axis=0)
        trace_real = (np.vdot(left, left) - n * (mean_real @ mean_real)) / (n - 1)
        trace_synthetic = (np.vdot(right, right) - m * (mean_synthetic @ mean_synthetic)) / (m - 1)
        products = self._products[np.ix_(chosen_real, chosen_synthetic)]
        # Centring both sides' features is centring the products' rows and columns.
        products -= products.mean(axis=0)
        products -= products.mean(axis=1, keepdims=True)
        root_trace = nuclear_norm(products) / np.sqrt((n - 1) * (m - 1))
        gap = mean_real - mean_synthetic
        return max(float(gap @ gap + trace_real + trace_synthetic - 2 * root_trace), 0.0)
