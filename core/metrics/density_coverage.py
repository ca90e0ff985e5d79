"""Density and coverage: precision and recall made sturdy against outliers."""

from __future__ import annotations

from core.metrics._intervals import bootstrap_mean, estimate_share
from core.metrics.estimate import Estimate
from core.metrics.neighbourhood import Neighbourhood

__all__ = ["compute_coverage", "compute_density"]


def compute_density(neighbourhood: Neighbourhood, *, seed: int = 0) -> Estimate:
    """Mean number of real k-balls that hold a synthetic item, divided by k.

    Args:
        neighbourhood: relations of the two sets.
        seed: seeds the bootstrap of the interval.

    Returns:
        0 or more and 1 on average for a fresh draw of the real distribution; above 1 where synthetic items
        crowd in the densest regions. The interval is a bootstrap over the synthetic items.

    References:
        Naeem et al., Reliable fidelity and diversity metrics for generative models, ICML 2020, eq. 5.
    """
    per_item = neighbourhood.n_real_balls / neighbourhood.nearest_k
    low, high = bootstrap_mean(per_item, seed=seed)
    return Estimate(float(per_item.mean()), low, high, neighbourhood.n_real, neighbourhood.n_synthetic)


def compute_coverage(neighbourhood: Neighbourhood) -> Estimate:
    """Share of real items whose own k-ball holds a synthetic item.

    Args:
        neighbourhood: relations of the two sets.

    Returns:
        The share, from 0 to 1, higher covers more of the real variety, with a Wilson interval over the real
        items. For a fresh draw of the same size it is about 1 - 1 / 2^k (Naeem et al. 2020, eq. 10).

    References:
        Naeem et al., Reliable fidelity and diversity metrics for generative models, ICML 2020, eq. 6.
    """
    return estimate_share(
        neighbourhood.nearest_synthetic_distance < neighbourhood.real_radius,
        n_real=neighbourhood.n_real,
        n_synthetic=neighbourhood.n_synthetic,
    )
