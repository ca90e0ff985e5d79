"""Authenticity: how many synthetic items are not closer to a training image than its own neighbour is."""

from __future__ import annotations

from core.metrics._intervals import estimate_share
from core.metrics.estimate import Estimate
from core.metrics.neighbourhood import Neighbourhood

__all__ = ["compute_authenticity"]


def compute_authenticity(neighbourhood: Neighbourhood) -> Estimate:
    """AuthPct: share of synthetic items further from their nearest real item than that item's own neighbour.

    The radius is that of the matched real item. A fresh draw of the real distribution scores little
    more than one half, not 1.

    Args:
        neighbourhood: relations of the two sets.

    Returns:
        The share, from 0 to 1, higher copies less, with a Wilson interval over the synthetic items.

    References:
        Alaa et al., How faithful is your synthetic data?, ICML 2022, sec. 4 (authenticity).
    """
    matched_radius = neighbourhood.real_knn[neighbourhood.nearest_real, 0]
    return estimate_share(
        neighbourhood.nearest_real_distance > matched_radius,
        n_real=neighbourhood.n_real,
        n_synthetic=neighbourhood.n_synthetic,
    )
