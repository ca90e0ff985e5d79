"""Calibrated copies: how near to a train image is too near, judged by images that cannot be copies.

A fresh real image, too, is often nearer to a train image than that image's own neighbour is, so that nearness
alone accuses innocent generators. The statistic of an item s with nearest train item r is

    rho(s) = d(s, r) / (distance of r to its nearest other train item),

and it is held against the same statistic of the null: held-out images or, without any, train images left out
one at a time (`core.metrics.nearest_train`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from core.errors import InputError
from core.metrics._intervals import wilson_interval
from core.metrics.estimate import Array, Estimate

__all__ = [
    "DEFAULT_FALSE_FLAG_RATE",
    "CalibratedCopies",
    "RateComparison",
    "compute_calibrated_copies",
    "compute_ratios",
]

DEFAULT_FALSE_FLAG_RATE: Final = 0.01

FloatVector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RateComparison:
    """One rate among the synthetic items beside the same rate of the null.

    Attributes:
        synthetic: share of the synthetic items, with Wilson's interval.
        null: share to be expected of innocent items, with the interval that the finite null leaves.
        excess: `synthetic - null`, from -1 to 1, with Newcombe's interval, which holds both uncertainties.
    """

    synthetic: Estimate
    null: Estimate
    excess: Estimate


@dataclass(frozen=True, slots=True)
class CalibratedCopies:
    """What the null says about each synthetic item and about the set.

    Attributes:
        ratios: (m,) rho of each synthetic item.
        p_values: (m,) share of the null at most as large, `(1 + #{null <= rho}) / (1 + n_null)`.
        q_values: (m,) false discovery rate at which the item would be called a copy (Benjamini-Hochberg).
        flagged: (m,) whether the p-value is at most `false_flag_rate`.
        threshold: an item is flagged when its rho is below this; 0 when the null is too small to flag any.
        false_flag_rate: the nominal rate asked for.
        attained_rate: the rate at which innocent items are flagged on average, the largest one up to
            `false_flag_rate` that this many null items can hold.
        n_null: items behind the null.
        copy_rate: items nearer to a train image than that image's neighbour (rho < 1), which needs no
            threshold from the null; a fresh draw of real images reaches a third or more.
        flag_rate: flagged items; its excess estimates the share of copies. Without intervals where nothing
            can be flagged.
        expected_false_flags: flags that an innocent set of this size would receive: the mean, and the range
            that holds 95 % of such sets.
        note: one sentence when nothing can be flagged, otherwise empty.
    """

    ratios: FloatVector
    p_values: FloatVector
    q_values: FloatVector
    flagged: NDArray[np.bool_]
    threshold: float
    false_flag_rate: float
    attained_rate: float
    n_null: int
    copy_rate: RateComparison
    flag_rate: RateComparison
    expected_false_flags: Estimate
    note: str


def compute_ratios(*, distance_to_nearest: Array, nearest_distance_of_train: Array) -> FloatVector:
    """Divide each item's distance to its nearest train item by that train item's own neighbour distance.

    An exact copy has ratio 0, also of a train item with an exact duplicate, where 0 / 0 would stand: what is
    repeated in training is memorised first, and held-out images that repeat a train image get the 0, too.
    Any other item beside a duplicated train item has an infinite ratio; `find_left_out_train` counts
    duplicates as one image, so that its radii never bring that about.

    Args:
        distance_to_nearest: (m,) distance of each item to its nearest train item.
        nearest_distance_of_train: (m,) distance of that train item to its nearest other train item.

    Returns:
        (m,) float64 ratios from 0 to infinity; never NaN.

    Raises:
        InputError: if a distance is negative or not a finite number.
        ValueError: if the shapes differ or are not (m,).
    """
    above = np.asarray(distance_to_nearest, dtype=np.float64)
    below = np.asarray(nearest_distance_of_train, dtype=np.float64)
    if above.ndim != 1 or above.shape != below.shape:
        raise ValueError(f"distances of shapes {above.shape} and {below.shape} are not two of (m,)")
    if not all((np.isfinite(part) & (part >= 0)).all() for part in (above, below)):
        raise InputError("A distance is negative or not a finite number.")
    ratios = np.full(above.shape, np.inf)
    ratios[above == 0] = 0.0
    # A quotient beyond the range of floats is infinite, too.
    with np.errstate(over="ignore"):
        np.divide(above, below, out=ratios, where=(below > 0) & (above > 0))
    return ratios


def compute_calibrated_copies(
    *, synthetic: Array, null: Array, n_real: int, false_flag_rate: float = DEFAULT_FALSE_FLAG_RATE
) -> CalibratedCopies:
    """Judge the ratios of synthetic items by those of items that cannot be copies.

    The convention for the threshold: with n null items, an innocent item, exchangeable with them, has a
    p-value of at most k / (n + 1) with probability exactly k / (n + 1), averaged over nulls, whatever the
    distribution. An empirical quantile of the null (k / n) would flag more than that. So k is the largest
    whole number with k / (n + 1) <= `false_flag_rate`, an item is flagged when its rho is below the k-th
    smallest of the null, and k / (n + 1) is reported as the rate attained: exact in expectation, without a
    coin tossed for the remainder. A null of fewer than 1 / rate - 1 items can flag nothing.

    Ties count against flagging: an item as near as a null item does not have it below. A null that holds
    exact copies of train images (rho = 0) therefore takes exact copies for ordinary, as it should.

    The q-values are those of Benjamini and Hochberg. P-values that share one null depend on each other
    positively, which leaves them valid (Bates et al. 2023). Storey's estimate of the innocent share is not
    used: it gains little where copies are few, which is the case to be careful about.

    Args:
        synthetic: (m,) rho of the synthetic items.
        null: (n,) rho of the null, found under the same variants as the synthetic ones. Held-out images that
            repeat a train image, as it is or turned, are leaks between the sets and no null: leave them out,
            and left-out items whose match repeats them, or what is copied looks ordinary beside them.
        n_real: train images behind the ratios.
        false_flag_rate: share of innocent items that may be flagged, within (0, 1).

    Returns:
        Per-item p- and q-values and flags, and the set's rates. Intervals take items for independent draws;
        several null images of one patient make the true ones wider. Left-out items that are each other's
        match share a distance, too: their distribution is that of held-out items, but a threshold at the k-th
        smallest then flags up to (k + 1) / k of the rate attained where most items come in such pairs, which
        takes features of two or three dimensions.

    Raises:
        InputError: if there is no item or no null, or a ratio is negative or not a number.
        ValueError: if an array is not (m,), or the rate lies outside (0, 1).

    References:
        Bates et al., Testing for outliers with conformal p-values, Annals of Statistics 2023, sec. 2.
        Benjamini and Hochberg, Controlling the false discovery rate, JRSS B 1995.
        Newcombe, Interval estimation for the difference between independent proportions, Statistics in
        Medicine 1998, method 10.
    """
    if not 0 < false_flag_rate < 1:
        raise ValueError(f"the false-flag rate lies between 0 and 1, not at {false_flag_rate}")
    synthetic, null = _require_ratios("synthetic", synthetic), np.sort(_require_ratios("null", null))
    m, n = len(synthetic), len(null)
    p_values = (1 + np.searchsorted(null, synthetic, side="right")) / (1 + n)
    # Half a unit in the last place decides whether 0.01 * 100 reaches 1.
    k = math.floor(false_flag_rate * (n + 1) * (1 + 1e-12))
    flagged = p_values * (n + 1) < k + 0.5
    attained = k / (n + 1)

    def estimate(value: float, ends: tuple[float, float]) -> Estimate:
        return Estimate(value, *ends, n_real, m)

    def compare(n_synthetic: int, null_share: float, null_ends: tuple[float, float]) -> RateComparison:
        share, ends = n_synthetic / m, wilson_interval(n_synthetic, m)
        excess = share - null_share
        return RateComparison(
            estimate(share, ends),
            estimate(null_share, null_ends),
            estimate(excess, _difference_interval(share, ends, null_share, null_ends)),
        )

    n_near, n_null_near = (int(np.count_nonzero(ratios < 1)) for ratios in (synthetic, null))
    copy_rate = compare(n_near, n_null_near / n, wilson_interval(n_null_near, n))
    if k:
        # The share of innocent items below the k-th of n order statistics is Beta(k, n + 1 - k).
        low, high = map(float, stats.beta(k, n + 1 - k).ppf([0.025, 0.975]))
        flag_rate = compare(int(np.count_nonzero(flagged)), attained, (low, high))
        # The count of such items among m is then beta-binomial: the binomial, and the null's own chance.
        low, high = map(float, stats.betabinom(m, k, n + 1 - k).ppf([0.025, 0.975]))
        false_flags = estimate(m * attained, (low, high))
        note = ""
    else:
        note = _explain_too_few(n, false_flag_rate)
        false_flags = Estimate(0.0, None, None, n_real, m, note)
        flag_rate = RateComparison(false_flags, false_flags, false_flags)
    return CalibratedCopies(
        ratios=synthetic,
        p_values=p_values,
        q_values=_adjust(p_values),
        flagged=flagged,
        threshold=float(null[k - 1]) if k else 0.0,
        false_flag_rate=false_flag_rate,
        attained_rate=attained,
        n_null=n,
        copy_rate=copy_rate,
        flag_rate=flag_rate,
        expected_false_flags=false_flags,
        note=note,
    )


def _explain_too_few(n_null: int, false_flag_rate: float) -> str:
    needed = math.ceil(1 / false_flag_rate * (1 - 1e-12)) - 1
    return (
        f"{n_null} images to compare with can flag nothing at a rate of {false_flag_rate:g}: that takes at "
        f"least {needed}."
    )


def _require_ratios(side: str, ratios: Array) -> FloatVector:
    ratios = np.asarray(ratios, dtype=np.float64)
    if ratios.ndim != 1:
        raise ValueError(f"ratios are one value an item, not an array of shape {ratios.shape}")
    if not len(ratios):
        raise InputError(f"Calibrated copies need at least one {side} image.")
    if not (ratios >= 0).all():
        raise InputError(f"A ratio of the {side} images is negative or not a number.")
    return ratios


def _adjust(p_values: FloatVector) -> FloatVector:
    """Return the q-values of Benjamini and Hochberg, in the items' order and monotone in the p-value."""
    m = len(p_values)
    order = np.argsort(p_values, kind="stable")
    scaled = p_values[order] * m / np.arange(1, m + 1)
    q_values = np.empty(m)
    q_values[order] = np.minimum.accumulate(scaled[::-1])[::-1].clip(max=1.0)
    # p m / m may come out a hair below p.
    return np.maximum(q_values, p_values)


def _difference_interval(
    first: float, first_ends: tuple[float, float], second: float, second_ends: tuple[float, float]
) -> tuple[float, float]:
    """Return the hybrid interval of a difference of two independent shares, from the interval of each."""
    low = first - second - math.hypot(first - first_ends[0], second_ends[1] - second)
    high = first - second + math.hypot(first_ends[1] - first, second - second_ends[0])
    return max(low, -1.0), min(high, 1.0)
