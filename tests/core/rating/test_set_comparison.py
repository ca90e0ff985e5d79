"""Sets compared over raters and over images."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from core.rating.answer_table import tabulate_answers
from core.rating.rater_bootstrap import draw_raters
from core.rating.set_comparison import SetComparison, compare_sets, find_smallest_p
from core.rating.simulation import simulate_answers


def compare(frame: pd.DataFrame, seed: int = 0) -> tuple[SetComparison, ...]:
    table = tabulate_answers(frame).test
    return compare_sets(
        table, bootstrap=draw_raters(len(table.raters), n_bootstrap=300, seed=seed), seed=seed
    )


def simulate(n_raters: int, d_prime: dict[str, float], seed: int = 0, **spreads: float) -> pd.DataFrame:
    counts = dict.fromkeys(d_prime, 24)
    return simulate_answers(
        n_raters=n_raters, n_fake=counts, n_real=20, d_prime=d_prime, seed=seed, **spreads
    )


def rates(frame: pd.DataFrame) -> pd.DataFrame:
    fakes = frame[frame["truth"] == "fake"]
    return (fakes["answer"] == "fake").groupby([fakes["rater"], fakes["synthetic"]]).mean().unstack()


def naive_signed_rank(changes: np.ndarray) -> float:
    """Over every sign of the differences that are not 0."""
    changes = np.round(changes[np.abs(changes) > 1e-9], 9)
    ranks = stats.rankdata(np.abs(changes))
    centre = ranks.sum() / 2
    found = abs(ranks[changes > 0].sum() - centre)
    all_signs = [abs(sum(r for r, s in zip(ranks, signs, strict=True) if s) - centre) for signs in
                 product([0, 1], repeat=len(ranks))]  # fmt: skip
    return float(np.mean(np.array(all_signs) >= found - 1e-9))


def test_p_over_raters_is_the_exact_signed_rank_test() -> None:
    frame = simulate(9, {"a": 0.8, "b": 1.2}, seed=3, criterion_sd=0.4)
    (found,) = compare(frame)
    table = rates(frame)
    changes = (table["a"] - table["b"]).to_numpy()
    assert found.difference.value == pytest.approx(changes.mean())
    assert found.p == pytest.approx(naive_signed_rank(changes))
    assert found.n_raters == 9 and found.note == ""
    assert found.difference.low < found.difference.value < found.difference.high
    assert found.difference.bootstrap[0] < found.difference.value < found.difference.bootstrap[1]


def test_better_fakes_are_recognised_less() -> None:
    frame = simulate(8, {"bad": 2.5, "good": 0.3})
    (found,) = compare(frame)
    assert (found.first, found.second) == ("bad", "good")
    assert found.difference.value > 0.3 and found.difference.low > 0
    assert found.p_holm < 0.01 and found.p_images_holm < 0.01


def test_a_leaning_cancels_in_the_difference() -> None:
    """Raters who call all sorts of shares fake, alike of both sets."""
    frame = simulate(10, {"a": 1.0, "b": 1.0}, seed=1, criterion_sd=1.0)
    (found,) = compare(frame)
    assert found.difference.high - found.difference.low < 0.3
    assert found.difference.low < 0 < found.difference.high
    assert rates(frame)["a"].std() > 0.15


def test_few_raters_are_told_that_no_p_can_be_small() -> None:
    (found,) = compare(simulate(3, {"a": 0.0, "b": 3.0}))
    assert found.p == pytest.approx(0.25)
    assert "smallest p-value over raters is 0.25" in found.note
    assert found.p_images < 0.01
    (alone,) = compare(simulate(1, {"a": 0.0, "b": 3.0}))
    assert alone.p is None and alone.p_holm is None and "1 rater" in alone.note
    assert alone.p_images < 0.01
    assert find_smallest_p(6) == 2 / 64


def test_p_over_images_of_one_rater_is_fishers_for_a_large_sample() -> None:
    frame = simulate(1, {"a": 0.4, "b": 1.4}, seed=5)
    (found,) = compare(frame)
    table = pd.crosstab(*(frame[frame["truth"] == "fake"][name] for name in ("synthetic", "answer")))
    # Both condition on the same margins; Fisher sums probabilities, the permutation compares differences.
    assert found.p_images == pytest.approx(stats.fisher_exact(table).pvalue, abs=0.02)


def test_three_sets_are_corrected_by_holm() -> None:
    found = compare(simulate(7, {"a": 0.2, "b": 1.0, "c": 1.8}, seed=2))
    assert [(one.first, one.second) for one in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert [one.p_holm for one in found] == pytest.approx(
        multipletests([one.p for one in found], method="holm")[1]
    )
    assert [one.p_images_holm for one in found] == pytest.approx(
        multipletests([one.p_images for one in found], method="holm")[1]
    )
    six = compare(simulate(6, {"a": 0.2, "b": 1.0, "c": 1.8}, seed=2))
    assert "after correction for 3 comparisons" in six[0].note


def test_equal_answers_and_a_single_set() -> None:
    frame = simulate(4, {"a": 1.0, "b": 1.0}).assign(answer="fake")
    (found,) = compare(frame)
    assert found.difference.value == 0 and found.difference.low is None
    assert found.p == 1 and found.p_images == 1
    assert compare(simulate(4, {"a": 1.0})) == ()


def test_p_over_images_is_level_where_sets_are_alike() -> None:
    p_values = [
        compare(simulate(2, {"a": 1.0, "b": 1.0}, seed=at, image_sd=0.7))[0].p_images for at in range(30)
    ]
    assert 0.3 < np.mean(p_values) < 0.7
    assert np.mean(np.array(p_values) < 0.05) < 0.15
