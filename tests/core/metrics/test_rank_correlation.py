"""Spearman's correlation: closed forms, a naive reference, coverage of its interval, rate of false alarms."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from core.metrics.rank_correlation import FEWEST_PAIRS, correlate_ranks, find_smallest_p


def numbers(*values: float) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)


def test_the_example_of_bonetts_own_package() -> None:
    # statpsych, ci.spear: estimate, lower and upper limit.
    y = numbers(21, 4, 9, 12, 35, 18, 10, 22, 24, 1, 6, 8, 13, 16, 19)
    x = numbers(67, 28, 30, 28, 52, 40, 25, 37, 44, 10, 14, 20, 28, 40, 51)
    found = correlate_ranks(x, y)
    assert (found.value, found.low, found.high) == pytest.approx((0.8699639, 0.5840951, 0.9638297), abs=1e-6)
    assert (found.n, found.method) == (15, "drawn")


def test_orders_decide_and_nothing_else() -> None:
    x, y = numbers(3, 1, 4, 1.5, 9), numbers(2, 7, 1, 8, 3)
    found = correlate_ranks(x, y)
    # Ranks 3 1 4 2 5 and 2 4 1 5 3: squared differences 1 9 9 9 4.
    assert found.value == pytest.approx(1 - 6 * 32 / (5 * 24))
    assert correlate_ranks(np.exp(x), y**3) == found
    order = [4, 0, 3, 1, 2]
    again = correlate_ranks(x[order], y[order])
    assert (again.value, again.p) == pytest.approx((found.value, found.p))
    turned = correlate_ranks(x, -y)
    assert (turned.value, turned.low, turned.high) == pytest.approx((-found.value, -found.high, -found.low))


@pytest.mark.parametrize("tied", [False, True])
def test_the_p_value_counts_all_orders(tied: bool) -> None:
    x, y = numbers(1, 2, 3, 4, 5, 6), numbers(2, 1, 4, 3, 6, 4 if tied else 5)
    observed = abs(stats.spearmanr(x, y).statistic)
    as_far = [abs(stats.spearmanr(x, order).statistic) >= observed - 1e-9 for order in permutations(y)]
    found = correlate_ranks(x, y)
    assert found.value == pytest.approx(stats.spearmanr(x, y).statistic)
    assert found.p == pytest.approx(np.mean(as_far))
    assert found.method == "exact"


def test_one_order_is_as_far_as_few_sets_can_go() -> None:
    for n in range(FEWEST_PAIRS, 9):
        found = correlate_ranks(np.arange(n), np.arange(n) ** 2)
        assert (found.value, found.high) == (1, 1)
        assert found.p == pytest.approx(find_smallest_p(n)) == pytest.approx(2 / math.factorial(n))
        assert found.low is not None and found.low < 1
        assert "one order" in found.note
    opposite = correlate_ranks(np.arange(5), -np.arange(5))
    assert (opposite.value, opposite.low) == (-1, -1)
    # The lower end is that of the next smaller correlation, with one swap of neighbours.
    swapped = correlate_ranks(numbers(1, 2, 3, 4, 5), numbers(1, 2, 3, 5, 4))
    assert opposite.high == pytest.approx(-(swapped.low or 0))


@pytest.mark.parametrize("n", [0, 1, 3])
def test_too_few_pairs_have_no_correlation(n: int) -> None:
    found = correlate_ranks(np.arange(n), np.arange(n))
    assert (found.value, found.low, found.high, found.p, found.n) == (None, None, None, None, n)
    assert "at least 4" in found.note


def test_equal_values_have_no_order() -> None:
    found = correlate_ranks(np.arange(6), np.ones(6))
    assert found.value is None and "equal" in found.note


def test_numbers_that_differ_by_rounding_tie() -> None:
    rounded = correlate_ranks(numbers(0.1 + 0.2, 0.3, 1, 2), np.arange(4))
    assert rounded == correlate_ranks(numbers(0.3, 0.3, 1, 2), np.arange(4))
    assert correlate_ranks(numbers(0, 0, 1e-20, 2e-20), np.arange(4)).value == pytest.approx(0.9486833)


def test_bad_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        correlate_ranks(numbers(1, 2, 3, math.nan), np.arange(4))
    with pytest.raises(ValueError, match="each thing"):
        correlate_ranks(np.arange(4), np.arange(5))


def test_drawn_orders_agree_with_listed_ones() -> None:
    """At nine pairs, one above what is listed, with the known null distribution of untied ranks."""
    x, y = np.arange(9), numbers(3, 1, 2, 5, 4, 9, 6, 8, 7)
    found = correlate_ranks(x, y)
    assert found.p is not None and found.method == "drawn"
    approximate = float(stats.spearmanr(x, y).pvalue)
    assert found.p == pytest.approx(approximate, abs=0.005)
    assert correlate_ranks(x, y) == found
    assert correlate_ranks(x, y, seed=1).p == pytest.approx(found.p, abs=0.003)


@pytest.mark.parametrize("n", [4, 5, 7, 12])
@pytest.mark.parametrize("true", [0.0, 0.5, 0.9])
def test_the_interval_covers_the_truth(n: int, true: float) -> None:
    rng = np.random.default_rng(n)
    # Of a normal distribution, Pearson's correlation with Spearman's `true`.
    pearson = 2 * math.sin(math.pi * true / 6)
    covered = 0
    for _ in range(300):
        x = rng.standard_normal(n)
        y = pearson * x + math.sqrt(1 - pearson**2) * rng.standard_normal(n)
        found = correlate_ranks(x, y)
        assert found.low is not None and found.high is not None
        covered += found.low <= true <= found.high
    # 0.93 at the least, less three standard errors of 300 draws.
    assert covered / 300 >= 0.89


def test_chance_alone_is_rarely_significant() -> None:
    rng = np.random.default_rng(0)
    p_values = [correlate_ranks(rng.standard_normal(6), rng.standard_normal(6)).p or 0 for _ in range(600)]
    assert 0.01 < np.mean(np.array(p_values) < 0.05) < 0.07
