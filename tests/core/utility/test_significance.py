"""Tests of change against scipy and statsmodels, and what few repeats cannot say."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from core.utility.significance import (
    ALPHA,
    compare_answers,
    compare_repeats,
    correct_holm,
    explain_draws,
    explain_repeats,
    find_fewest_repeats,
    find_smallest_p,
    student_interval,
)


@pytest.mark.parametrize("n", [2, 5, 6, 10, 25])
def test_signed_rank_without_ties_is_scipys_exact_one(n: int) -> None:
    for seed in range(5):
        changes = np.random.default_rng([n, seed]).normal(0.3, 1, n)
        expected = stats.wilcoxon(changes, method="exact").pvalue
        assert compare_repeats(changes.tolist()).p == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(6))
def test_signed_rank_with_ties_and_zeros_counts_all_signs(seed: int) -> None:
    changes = np.random.default_rng(seed).integers(-3, 5, 8) / 40
    kept = changes[changes != 0]
    ranks = stats.rankdata(np.abs(np.rint(kept * 40)))
    observed = ranks[kept > 0].sum()
    sums = np.array([np.dot(signs, ranks) for signs in itertools.product((0, 1), repeat=len(kept))])
    expected = min(1.0, 2 * min((sums <= observed + 1e-9).mean(), (sums >= observed - 1e-9).mean()))
    # Differences of rounded scores tie however they were rounded.
    rounded = [(change + 0.3) - 0.3 for change in changes]
    assert compare_repeats(rounded).p == pytest.approx(expected)


def test_equal_arms_and_single_repeats() -> None:
    same = compare_repeats([0.0, 0.0, 0.0])
    assert (same.mean, same.low, same.high, same.p) == (0, 0, 0, 1)
    alone = compare_repeats([0.1])
    assert (alone.mean, alone.low, alone.high, alone.p) == (0.1, None, None, None)


def test_interval_of_the_mean_change_is_the_paired_students() -> None:
    arm, baseline = np.random.default_rng(0).normal(0, 1, (2, 7))
    expected = stats.ttest_rel(arm, baseline).confidence_interval(0.95)
    found = compare_repeats((arm - baseline).tolist())
    assert (found.low, found.high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert student_interval([1.0, 3.0])[0] == pytest.approx(2 - stats.t.ppf(0.975, 1))


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (5, 0), (3, 9), (12, 12), (30, 12), (100, 140)])
def test_mcnemar_is_that_of_statsmodels(gained: int, lost: int) -> None:
    p, method = compare_answers(gained, lost)
    exact = gained + lost < 25
    assert method == ("exact" if exact else "chi-square")
    if gained + lost:
        table = [[50, gained], [lost, 50]]
        assert p == pytest.approx(mcnemar(table, exact=exact, correction=True).pvalue)
    else:
        assert p == 1


def test_holm_is_that_of_statsmodels() -> None:
    for seed in range(5):
        p_values = np.random.default_rng(seed).uniform(0, 0.2, 6).tolist()
        assert correct_holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])
    assert correct_holm([]) == ()


def test_fewest_repeats_are_those_that_can_reach_significance() -> None:
    assert find_smallest_p(5) == 0.0625
    assert find_fewest_repeats() == 6
    for n in (2, 5, 6, 9):
        assert compare_repeats([0.01 * (one + 1) for one in range(n)]).p == pytest.approx(find_smallest_p(n))
    for comparisons in (1, 3, 8, 20):
        n = find_fewest_repeats(comparisons)
        assert comparisons * find_smallest_p(n) < ALPHA <= comparisons * find_smallest_p(n - 1)


def test_too_few_repeats_are_told() -> None:
    assert explain_repeats(5, 1) == (
        "With 5 repeats the smallest p-value that a signed-rank test can give is 0.0625, so no change can "
        "reach p < 0.05; 6 repeats are the fewest that can."
    )
    assert "7 after correction for 3 comparisons" in explain_repeats(1, 3)
    assert "1 repeat the" in explain_repeats(1, 3)
    assert explain_repeats(6, 3).startswith("With 6 repeats no change can reach p < 0.05 after correction")
    assert explain_repeats(6, 1) == explain_repeats(7, 3) == ""


def test_signed_rank_is_significant_as_often_as_it_says_at_most() -> None:
    rng = np.random.default_rng(1)
    hits = [(compare_repeats(rng.normal(0, 1, 8).tolist()).p or 0) < ALPHA for _ in range(800)]
    assert 0.02 <= np.mean(hits) <= 0.06


def test_sets_that_repeats_see_nearly_whole_are_named() -> None:
    available = {"gan": 100, "ddpm": 200}
    assert explain_draws({"gan": 50, "ddpm": 100}, available) == ""
    told = explain_draws({"gan": 51, "ddpm": 100}, available)
    assert "51 of 100 of gan" in told and "ddpm" not in told and "these very images" in told
    whole = explain_draws({"gan": 100}, available, whole=True)
    assert "Pretraining takes 100 of 100 of gan" in whole and "ratio" not in whole
