"""Improved precision and recall: how much of one set lies in the manifold of the other."""

from __future__ import annotations

from core.metrics._intervals import estimate_share
from core.metrics.estimate import Estimate
from core.metrics.neighbourhood import Neighbourhood

__all__ = ["compute_precision", "compute_recall"]


def compute_precision(neighbourhood: Neighbourhood) -> Estimate:
    """Share of synthetic items that lie in the k-ball of any real item.

    Args:
        neighbourhood: relations of the two sets; the paper takes k = 3, prdc k = 5.

    Returns:
        The share, from 0 to 1, higher is more faithful, with a Wilson interval over the synthetic items.

    References:
        Kynkäänniemi et al., Improved precision and recall metric for assessing generative models,
        NeurIPS 2019, eq. 2.
    """
    return estimate_share(
        neighbourhood.in_real_ball, n_real=neighbourhood.n_real, n_synthetic=neighbourhood.n_synthetic
    )


def compute_recall(neighbourhood: Neighbourhood) -> Estimate:
    """Share of real items that lie in the k-ball of any synthetic item.

    Args:
        neighbourhood: relations of the two sets.

    Returns:
        The share, from 0 to 1, higher covers more of the real variety, with a Wilson interval over the real
        items. A few far-off synthetic items have balls that hold many real ones: coverage is the sturdier.

    References:
        Kynkäänniemi et al., Improved precision and recall metric for assessing generative models,
        NeurIPS 2019, eq. 2.
    """
    return estimate_share(
        neighbourhood.in_synthetic_ball, n_real=neighbourhood.n_real, n_synthetic=neighbourhood.n_synthetic
    )
