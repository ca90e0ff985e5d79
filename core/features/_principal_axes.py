"""Principal components of features, by blocks and without a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from core.progress import Progress

__all__ = ["PrincipalAxes", "project_to_axes"]

_BLOCK_ROWS: Final = 2048


@dataclass(frozen=True, slots=True)
class PrincipalAxes:
    """Coordinates along the directions of largest variance.

    Attributes:
        coordinates: (n, k) float32, centred; each axis points the way in which its largest entry is positive.
        explained: (k,) share of the features' variance along each axis; zeros where nothing varies.
    """

    coordinates: NDArray[np.float32]
    explained: NDArray[np.float64]


def project_to_axes(features: NDArray[Any], n_axes: int, *, progress: Progress) -> PrincipalAxes:
    """Compute the exact principal components, from the smaller of covariance and Gram matrix.

    Args:
        features: (n, d) real features, n at least 1.
        n_axes: how many axes; those that features of this shape do not have are zeros.
        progress: told about every block of rows; may cancel.
    """
    n, d = features.shape
    k = min(n_axes, n, d)
    progress.start("Principal components", n, "images")
    mean = features.mean(axis=0, dtype=np.float64)
    square = np.zeros((d, d) if d <= n else (n, n))
    centred = None if d <= n else features.astype(np.float64) - mean
    for start in range(0, n, _BLOCK_ROWS):
        rows = slice(start, start + _BLOCK_ROWS)
        if centred is None:
            block = features[rows].astype(np.float64) - mean
            square += block.T @ block
        else:
            square[rows] = centred[rows] @ centred.T
        progress.advance(min(_BLOCK_ROWS, n - start))
    total = float(np.trace(square))
    values, vectors = linalg.eigh(square, subset_by_index=(len(square) - k, len(square) - 1))
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    coordinates = np.zeros((n, n_axes), dtype=np.float32)
    if centred is None:
        for start in range(0, n, _BLOCK_ROWS):
            rows = slice(start, start + _BLOCK_ROWS)
            coordinates[rows, :k] = (features[rows].astype(np.float64) - mean) @ vectors
    else:
        coordinates[:, :k] = vectors * np.sqrt(values)
    # Eigenvectors have no sign of their own; without a rule two machines could show mirrored maps.
    largest = np.abs(coordinates).argmax(axis=0)
    coordinates *= np.where(coordinates[largest, np.arange(n_axes)] < 0, -1, 1).astype(np.float32)
    explained = np.zeros(n_axes)
    if total > 0:
        explained[:k] = values / total
    return PrincipalAxes(coordinates, explained)
