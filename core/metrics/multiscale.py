"""MM-FID and MM-STD: one metric over several extractors and resolutions, brought to a common scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.metrics.estimate import Estimate

__all__ = ["DEFAULT_RESOLUTIONS", "MultiscaleScore", "compute_mm_fid", "compute_mm_std"]

DEFAULT_RESOLUTIONS = (128, 256, 512, 1024)
"""Sides in pixels that are compared unless the user chooses others: 2^7 to 2^10."""


@dataclass(frozen=True, slots=True)
class MultiscaleScore:
    """A metric summarised over extractors and resolutions.

    Attributes:
        estimate: the mean over all normalised cells.
        spread: their standard deviation (over the number of cells).
        normalised: (extractors, resolutions) cells, each extractor's row of Euclidean length 1.
    """

    estimate: Estimate
    spread: float
    normalised: NDArray[np.float64]


def compute_mm_fid(
    *, distances: Mapping[str, Sequence[float]], n_real: int, n_synthetic: int
) -> MultiscaleScore:
    """Summarise Fréchet distances over extractors and resolutions.

    Args:
        distances: per extractor its Fréchet distances at the resolutions, in the same order for all.
        n_real: real images behind each.
        n_synthetic: synthetic images behind each.

    Returns:
        Mean and standard deviation over all cells after each extractor's row was divided by its Euclidean
        length; lower and evener over the scales is better. Between 0 and 1.

    Raises:
        ValueError: if rows are missing, empty, of unequal length, not finite or negative.
    """
    return _summarise(distances, n_real=n_real, n_synthetic=n_synthetic)


def compute_mm_std(*, deviations: Mapping[str, Sequence[float]], n_synthetic: int) -> MultiscaleScore:
    """Summarise feature standard deviations over extractors and resolutions.

    Args:
        deviations: per extractor its feature STD at the resolutions, in the same order for all.
        n_synthetic: synthetic images behind each.

    Returns:
        Mean and standard deviation over all cells after each extractor's row was divided by its Euclidean
        length. Between 0 and 1; higher is more varied.

    Raises:
        ValueError: if rows are missing, empty, of unequal length, not finite or negative.
    """
    return _summarise(deviations, n_real=0, n_synthetic=n_synthetic)


def _summarise(rows: Mapping[str, Sequence[float]], *, n_real: int, n_synthetic: int) -> MultiscaleScore:
    lengths = {len(row) for row in rows.values()}
    if len(lengths) != 1 or lengths == {0}:
        raise ValueError("each extractor has a value at each of the same resolutions")
    cells = np.array([list(row) for row in rows.values()], dtype=np.float64)
    if not np.isfinite(cells).all() or (cells < 0).any():
        raise ValueError("distances and deviations are finite and not negative")
    norms = np.linalg.norm(cells, axis=1, keepdims=True)
    # A row of zeros stays one: nothing differs at any resolution.
    normalised = np.divide(cells, norms, out=np.zeros_like(cells), where=norms > 0)
    spread = float(normalised.std())
    note = (
        f"Standard deviation {spread:.3g} over {cells.shape[0]} extractors x {cells.shape[1]} resolutions; "
        "no interval, since these are no random draws."
    )
    return MultiscaleScore(
        Estimate(float(normalised.mean()), None, None, n_real, n_synthetic, note), spread, normalised
    )
