"""Krippendorff's alpha for answers that have no order, whoever did not see which image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["compute_alpha", "count_answers"]


def count_answers(codes: NDArray[np.integer[Any]], n_kinds: int) -> NDArray[np.float64]:
    """Count how often each unit got each answer.

    Args:
        codes: (units, raters) answers from 0, negative where a rater gave none.
        n_kinds: different answers that there are.

    Returns:
        (units, n_kinds) counts.
    """
    counts = [(codes == kind).sum(axis=1) for kind in range(n_kinds)]
    return np.stack(counts, axis=1).astype(np.float64)


def compute_alpha(
    counts: NDArray[np.float64], weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Alpha = 1 - observed over expected disagreement, of nominal answers.

    Units with fewer than two answers do not enter. Disagreement is expected from all answers that enter,
    drawn without replacement, so that alpha is right for few of them, too.

    Args:
        counts: (units, kinds) from `count_answers`.
        weights: (draws, units) how often each unit counts, such as bootstrap draws; once each by default.

    Returns:
        (draws,) alpha from -1 to 1: 1 where all agree, 0 where they agree as by chance; NaN where all
        answers are the same or none can be compared.

    References:
        Krippendorff, Computing Krippendorff's alpha-reliability, University of Pennsylvania 2011, section C.
    """
    n_of = counts.sum(axis=1)
    paired = n_of >= 2
    counts, n_of = counts[paired], n_of[paired]
    weights = np.ones((1, len(counts))) if weights is None else weights[:, paired]
    # Ordered pairs of unlike answers within a unit, over one less than its answers.
    unlike = (n_of**2 - (counts**2).sum(axis=1)) / np.maximum(n_of - 1, 1)
    totals = weights @ counts
    n = totals.sum(axis=1)
    expected = n**2 - (totals**2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        alpha: NDArray[np.float64] = 1 - (n - 1) * (weights @ unlike) / expected
    return np.where(expected > 0, alpha, np.nan)
