"""Cohen's and Fleiss' kappa: agreement beyond what chance would give."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.rating.image_bootstrap import measure_drawn
from core.rating.measured import Measured, missing

__all__ = ["MOST_INTERVALS", "ONE_RATER", "SAME", "compute_cohen", "compute_fleiss", "draw_cohen"]

MOST_INTERVALS: Final = 66
"""Pairs of raters up to which each has its own interval: those of 12 raters."""

ONE_RATER: Final = "Agreement takes at least two raters who saw the same images."
SAME: Final = "All answers are the same, so chance would have raters agree always: undefined."

# Standard error below which only rounding is left of it.
_NO_WIDTH: Final = 1e-7


def compute_cohen(counts: NDArray[np.int64], *, with_interval: bool = True) -> Measured:
    """Cohen's kappa of two raters, unweighted, with the large-sample interval cut at -1 and 1.

    Args:
        counts: (2, 2) how often the first said the row while the second said the column.
        with_interval: left out where there are very many pairs of raters, since it takes longest.

    References:
        Cohen, A coefficient of agreement for nominal scales, Educational and Psychological Measurement 1960.
        Fleiss, Cohen and Everitt, Large sample standard errors of kappa and weighted kappa, Psychological
        Bulletin 1969.
    """
    # Pages import this module; what computes kappa is loaded when it is asked for.
    from statsmodels.stats.inter_rater import cohens_kappa

    n, first, second = int(counts.sum()), counts.sum(axis=1), counts.sum(axis=0)
    if n < 2:
        return missing("Agreement takes at least two images that both raters saw.", n)
    if np.count_nonzero(first + second) == 1:
        return missing(SAME, n)
    if np.count_nonzero(first) == 1 or np.count_nonzero(second) == 1:
        note = "One rater said the same of all images, so there is no interval."
        return Measured(value=0.0, n=n, note=note)
    if not with_interval:
        note = f"With more than {MOST_INTERVALS} pairs of raters, single pairs have no interval."
        return Measured(value=float(cohens_kappa(counts, return_results=False)), n=n, note=note)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = cohens_kappa(counts)
    value = float(found.kappa)
    if not float(found.std_kappa) > _NO_WIDTH:
        what = "agree" if np.trace(counts) == n else "differ"
        return Measured(value=value, n=n, note=f"The raters {what} on all images, so there is no interval.")
    low, high = max(float(found.kappa_low), -1.0), min(float(found.kappa_upp), 1.0)
    return Measured(value=value, low=low, high=high, n=n, method="large-sample standard error")


def compute_fleiss(counts: NDArray[np.float64], n_raters: int, weights: NDArray[np.float64]) -> Measured:
    """Fleiss' kappa over the images that every rater answered.

    Args:
        counts: (images, kinds) how many raters gave each answer.
        n_raters: raters.
        weights: (draws, images) how often each bootstrap draw has an image.

    References:
        Fleiss, Measuring nominal scale agreement among many raters, Psychological Bulletin 1971.
    """
    from statsmodels.stats.inter_rater import fleiss_kappa

    whole = counts.sum(axis=1) == n_raters
    n = int(whole.sum())
    if n_raters < 2:
        return missing(ONE_RATER)
    if not n:
        return missing("No image was answered by every rater: see Krippendorff's alpha.")
    if np.count_nonzero(counts[whole].sum(axis=0)) == 1:
        return missing(SAME, n)
    left = int((~whole).sum())
    note = f"{left} images that some raters did not answer are left out." if left else ""
    own, drawn = counts[whole], weights[:, whole]
    totals = drawn @ own
    m = totals.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        alike = (drawn @ ((own**2).sum(axis=1) - n_raters)) / (m[:, 0] * (n_raters - 1))
        chance = ((totals / m) ** 2).sum(axis=1)
        values = np.where(chance < 1 - _NO_WIDTH, (alike - chance) / (1 - chance), np.nan)
    return measure_drawn(float(fleiss_kappa(own)), values, n, note)


def draw_cohen(
    weights: NDArray[np.float64], one: NDArray[np.int64], other: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Cohen's kappa of two raters in each bootstrap draw.

    Args:
        weights: (draws, images) how often each draw has an image.
        one: (images,) the first rater's answers, 0 or 1.
        other: (images,) the second's.

    Returns:
        (draws,) kappa, NaN where it is undefined.
    """
    n = weights.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        first, second, same = weights @ one / n, weights @ other / n, weights @ (one == other) / n
        chance = first * second + (1 - first) * (1 - second)
        kappas: NDArray[np.float64] = np.where(chance < 1 - _NO_WIDTH, (same - chance) / (1 - chance), np.nan)
    return kappas
