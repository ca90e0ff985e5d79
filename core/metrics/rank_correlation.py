"""Spearman's rank correlation of few pairs: its interval, and a p-value from all orders there are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from core.metrics._intervals import Z_95
from core.metrics.estimate import Array

__all__ = ["FEWEST_PAIRS", "RankCorrelation", "correlate_ranks", "find_smallest_p"]

FEWEST_PAIRS: Final = 4
"""With three pairs even a perfect order comes about by chance in one of three."""

# 8! = 40,320 orders are listed; of more pairs, orders are drawn.
_MOST_LISTED: Final = 8
_N_DRAWN: Final = 19_999
# Rank products are multiples of a quarter: differences below this are rounding.
_TIE: Final = 1e-6
# Decimals, as a share of the largest number, beyond which numbers count as equal.
_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class RankCorrelation:
    """How far two numbers put the same things in the same order.

    Attributes:
        value: from -1, opposite orders, to 1, the same order; None where there is none, with the reason in
            `note`.
        low: lower end of the 95 % interval, or None with `value`.
        high: upper end.
        p: two-sided p-value of no association, or None with `value`.
        n: pairs.
        method: `exact` over all orders, or `drawn` orders.
        note: one sentence on a missing value or an unusual interval, otherwise empty.
    """

    value: float | None
    low: float | None
    high: float | None
    p: float | None
    n: int
    method: Literal["exact", "drawn"]
    note: str = ""


def correlate_ranks(x: Array, y: Array, *, seed: int = 0) -> RankCorrelation:
    """Correlate the ranks of two numbers of the same things; ties share their middle rank.

    The interval is Fisher's z with the variance of Bonett and Wright, `(1 + r^2 / 2) / (n - 3)`. Where all
    pairs are in one order, r = 1 has no such interval: the end that is not 1 is that of the next smaller
    correlation that n pairs can have (one swap of neighbours). Its coverage, simulated for 4 to 20 pairs from
    a bivariate normal distribution, is 93 to 100 % up to a true correlation of 0.95 and less beyond (82 % at
    0.99); with heavy tails or a mixture it is 90 to 100 %. The pairs are taken for independent draws.

    Args:
        x: (n,) numbers.
        y: (n,) numbers of the same things.
        seed: seeds the drawn orders of more than 8 pairs.

    Raises:
        ValueError: if the lengths differ or a number is not finite.

    References:
        Spearman, The proof and measurement of association between two things, American Journal of Psychology
        1904.
        Bonett and Wright, Sample size requirements for estimating Pearson, Kendall and Spearman correlations,
        Psychometrika 2000.
        Phipson and Smyth, Permutation p-values should never be zero, Statistical Applications in Genetics and
        Molecular Biology 2010, for drawn orders.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"two numbers of each thing are needed, not arrays of shape {x.shape} and {y.shape}")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("only finite numbers have ranks")
    n = len(x)
    method: Literal["exact", "drawn"] = "exact" if n <= _MOST_LISTED else "drawn"
    if n < FEWEST_PAIRS:
        have = {0: "There is no pair", 1: "There is one pair"}.get(n, f"There are {n} pairs")
        note = f"{have} of numbers; a rank correlation needs at least {FEWEST_PAIRS}."
        return RankCorrelation(None, None, None, None, n, method, note)
    ranks_x, ranks_y = _rank(x), _rank(y)
    if np.ptp(ranks_x) == 0 or np.ptp(ranks_y) == 0:
        note = "All values of one of the two numbers are equal, so that there is no order to correlate."
        return RankCorrelation(None, None, None, None, n, method, note)
    centred_x, centred_y = ranks_x - (n + 1) / 2, ranks_y - (n + 1) / 2
    covariance = float(centred_x @ centred_y)
    value = covariance / math.sqrt(float(centred_x @ centred_x) * float(centred_y @ centred_y))
    value = min(max(value, -1.0), 1.0)
    low, high = _interval(value, n)
    null = _list_null(tuple(np.sort(centred_x)), tuple(np.sort(centred_y)), seed)
    as_far = len(null) - int(np.searchsorted(null, abs(covariance) - _TIE))
    p = as_far / len(null) if method == "exact" else (1 + as_far) / (1 + len(null))
    note = ""
    if abs(value) == 1:
        note = (
            "All pairs are in one order; the interval is that of the next weaker correlation, drawn out to "
            f"{value:+.0f}."
        )
    return RankCorrelation(value, low, high, p, n, method, note)


def find_smallest_p(n: int) -> float:
    """Smallest two-sided p-value that n pairs without ties can have.

    Args:
        n: pairs, at least 2.
    """
    return 2 / math.factorial(n) if n <= _MOST_LISTED else 1 / (1 + _N_DRAWN)


def _rank(values: Array) -> NDArray[np.float64]:
    """Middle ranks; equal shares that were averaged in another order differ by rounding, and tie."""
    largest = float(np.abs(values).max()) or 1.0
    ranks: NDArray[np.float64] = stats.rankdata(np.round(values / largest, _DIGITS))
    return ranks


def _interval(value: float, n: int) -> tuple[float, float]:
    nearest = 1 - 12 / (n**3 - n)
    inner = min(max(value, -nearest), nearest)
    half = Z_95 * math.sqrt((1 + inner**2 / 2) / (n - 3))
    low, high = math.tanh(math.atanh(inner) - half), math.tanh(math.atanh(inner) + half)
    return (-1.0 if value == -1 else low), (1.0 if value == 1 else high)


@lru_cache(maxsize=64)
def _list_null(x: tuple[float, ...], y: tuple[float, ...], seed: int) -> NDArray[np.float64]:
    """Absolute covariances of centred ranks over all orders, or over drawn ones; ascending."""
    orders = _list_orders(len(x), seed)
    return np.sort(np.abs(np.asarray(y)[orders] @ np.asarray(x)))


@lru_cache(maxsize=8)
def _list_orders(n: int, seed: int) -> NDArray[np.intp]:
    if n <= _MOST_LISTED:
        return np.array(list(permutations(range(n))), dtype=np.intp)
    return np.random.default_rng(seed).permuted(np.tile(np.arange(n), (_N_DRAWN, 1)), axis=1)
