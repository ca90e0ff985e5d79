"""Shares of answers, such as the fake identification rate; intervals allow for raters and images."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from core.rating.crossed_variance import compute_crossed_variance
from core.rating.measured import Measured, missing
from core.rating.rater_bootstrap import RaterBootstrap

__all__ = ["compute_answer_share", "compute_balanced_accuracy", "wilson_ends"]

_ONE_RATER = "One rater: the interval says nothing of other raters."


def wilson_ends(share: float, n: float, quantile: float | None = None) -> tuple[float, float]:
    """Wilson's interval of a share.

    Args:
        share: from 0 to 1.
        n: answers, or as many independent ones as they are worth.
        quantile: half-width in standard errors; that of 95 % of a normal distribution by default.

    References:
        Wilson, Probable inference, the law of succession, and statistical inference, JASA 1927.
    """
    # In closed form: pages show these, and statsmodels would load all of scipy.stats for them.
    if quantile is None:
        from scipy import special

        quantile = float(special.ndtri(0.975))
    shrink = 1 + quantile**2 / n
    centre = (share + quantile**2 / (2 * n)) / shrink
    half = quantile / shrink * math.sqrt(share * (1 - share) / n + quantile**2 / (4 * n**2))
    # At shares of 0 and 1 the end is the share itself, which rounding would miss.
    return min(max(centre - half, 0.0), share), max(min(centre + half, 1.0), share)


def compute_answer_share(
    answers: NDArray[np.bool_],
    *,
    raters: NDArray[np.intp],
    images: NDArray[np.intp],
    strata: NDArray[np.intp] | None = None,
    bootstrap: RaterBootstrap | None = None,
    empty: str = "There is no such answer.",
) -> Measured:
    """Share of answers that are true, with an interval for other raters and other images.

    The interval is Wilson's with as many answers as they are worth: their number over the design effect of
    `compute_crossed_variance`, with Student's quantile, after Korn and Graubard, and Dean and Pagano, who
    find Wilson's form the best of several. Where neither raters nor images differ by more than chance it is
    Wilson's interval over all answers. Where all answers are equal nothing tells how far raters or images
    differ: each image then counts once, however many looked at it.

    Args:
        answers: (n,) whether each answer is of the kind that is counted.
        raters: (n,) code of who gave it.
        images: (n,) code of the image.
        strata: (n,) code of the image's set, from 0, where there are several.
        bootstrap: draws of raters, or None for no such interval.
        empty: the note where there is no answer.

    Returns:
        The share, 0 to 1, of `n` answers, with `wilson` over all of them and `bootstrap` over raters.

    References:
        Korn and Graubard, Confidence intervals for proportions with small expected number of positive counts
        estimated from survey data, Survey Methodology 1998.
        Dean and Pagano, Evaluating confidence interval methods for binomial proportions in clustered surveys,
        Journal of Survey Statistics and Methodology 2015.
    """
    n = len(answers)
    if not n:
        return missing(empty)
    share = float(np.mean(answers))
    crossed = compute_crossed_variance((answers - share) / n, raters=raters, images=images, strata=strata)
    plain = wilson_ends(share, n)
    note = _ONE_RATER if crossed.n_raters == 1 else ""
    if share in (0.0, 1.0):
        low, high = wilson_ends(share, crossed.n_images)
        method = "Wilson, one answer an image"
        if crossed.n_images < n:
            note = f"{note} All answers are equal, so each image counts once in the interval.".strip()
    elif crossed.design_effect > 1:
        low, high = wilson_ends(share, n / crossed.design_effect, crossed.quantile)
        method = f"Wilson, {crossed.describe()}"
    else:
        (low, high), method = plain, f"Wilson, {crossed.describe()}"
    ends = None
    if bootstrap is not None:
        k = bootstrap.weights.shape[1]
        sums = np.stack([np.bincount(raters, answers, k), np.bincount(raters, minlength=k)], axis=1)
        ends = bootstrap.interval(sums.astype(np.float64), lambda drawn: drawn[:, 0] / drawn[:, 1])
    return Measured(
        value=share, low=low, high=high, n=n, method=method, note=note, wilson=plain, bootstrap=ends
    )


def compute_balanced_accuracy(
    *,
    is_fake: NDArray[np.bool_],
    said_fake: NDArray[np.bool_],
    raters: NDArray[np.intp],
    images: NDArray[np.intp],
    strata: NDArray[np.intp] | None = None,
    bootstrap: RaterBootstrap | None = None,
) -> Measured:
    """Mean of the shares of fake and of real images that were answered right.

    The interval is that of a share which has the same variance, with the design effect of raters and images.

    Args:
        is_fake: (n,) the truth.
        said_fake: (n,) the answer.
        raters: (n,) code of who answered.
        images: (n,) code of the image.
        strata: (n,) code of the image's set, from 0, where there are several.
        bootstrap: draws of raters, or None.
    """
    right = is_fake == said_fake
    counts = np.array([is_fake.sum(), (~is_fake).sum()], dtype=np.float64)
    if not counts.all():
        return missing("It takes answers on fake and on real images.", len(is_fake))
    shares = np.array([right[is_fake].mean(), right[~is_fake].mean()])
    value = float(shares.mean())
    influence = np.where(is_fake, (right - shares[0]) / counts[0], (right - shares[1]) / counts[1]) / 2
    crossed = compute_crossed_variance(influence, raters=raters, images=images, strata=strata)
    note = _ONE_RATER if crossed.n_raters == 1 else ""
    ends = None
    if bootstrap is not None:
        k = bootstrap.weights.shape[1]
        parts = [right & is_fake, right & ~is_fake, is_fake, ~is_fake]
        sums = np.stack([np.bincount(raters, part, k) for part in parts], axis=1).astype(np.float64)
        ends = bootstrap.interval(sums, lambda drawn: (drawn[:, :2] / drawn[:, 2:]).mean(axis=1))
    simple = float(np.sum(shares * (1 - shares) / counts)) / 4
    if simple == 0:
        # As many answers as the rarer kind of image has would have this share twice.
        low, high = wilson_ends(value, min(crossed.n_images, 2 * counts.min()))
    else:
        worth = value * (1 - value) / (simple * crossed.design_effect)
        low, high = wilson_ends(value, worth, crossed.quantile)
    return Measured(
        value=value,
        low=low,
        high=high,
        n=len(is_fake),
        method=f"Wilson of equal variance, {crossed.describe()}",
        note=note,
        bootstrap=ends,
    )
