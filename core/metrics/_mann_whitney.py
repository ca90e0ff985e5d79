"""How often a value of one sample lies below one of another: the area under a ROC curve, with its spread."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from core.metrics.estimate import Array

__all__ = ["RankComparison", "compare_ranks"]


@dataclass(frozen=True, slots=True)
class RankComparison:
    """The Mann-Whitney statistic of two samples, per pair.

    Attributes:
        below: share of pairs in which the first sample's value is the smaller; ties count one half.
        null_sd: standard deviation of `below` were both samples of one distribution, corrected for ties.
        sampling_sd: its standard deviation over fresh samples like these, after DeLong.
    """

    below: float
    null_sd: float
    sampling_sd: float


def compare_ranks(first: Array, second: Array) -> RankComparison:
    """Compare two samples by ranks, in O(n log n).

    Args:
        first: (n,) values, n at least 2.
        second: (m,) values, m at least 2.

    References:
        Mann and Whitney, On a test of whether one of two random variables is stochastically larger than the
        other, Annals of Mathematical Statistics 1947.
        DeLong et al., Comparing the areas under two or more correlated receiver operating characteristic
        curves, Biometrics 1988, computed as in Sun and Xu, Fast implementation of DeLong's algorithm, IEEE
        Signal Processing Letters 2014.
    """
    n, m = len(first), len(second)
    together = np.concatenate([first, second])
    ranks = stats.rankdata(together)
    # Share of the other sample above each value of the first and below each value of the second.
    above_first = 1 - (ranks[:n] - stats.rankdata(first)) / m
    below_second = (ranks[n:] - stats.rankdata(second)) / n
    _, ties = np.unique(together, return_counts=True)
    total = n + m
    tied = float((ties.astype(np.float64) ** 3 - ties).sum()) / (total * (total - 1))
    return RankComparison(
        below=float(above_first.mean()),
        null_sd=math.sqrt(max(total + 1 - tied, 0.0) / (12 * n * m)),
        sampling_sd=math.sqrt(above_first.var(ddof=1) / n + below_second.var(ddof=1) / m),
    )
