"""Calibrated copies: p- and q-values, the threshold's convention, rates, and ground truth planted in Gaussians."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from core.errors import InputError
from core.metrics.calibrated_copies import CalibratedCopies, compute_calibrated_copies, compute_ratios
from core.metrics.nearest_train import find_left_out_train, find_nearest_train


def judge(synthetic: object, null: object, rate: float = 0.01) -> CalibratedCopies:
    return compute_calibrated_copies(
        synthetic=np.asarray(synthetic, float), null=np.asarray(null, float), n_real=50, false_flag_rate=rate
    )


def test_ratios_of_copies_and_of_duplicated_train_items() -> None:
    ratios = compute_ratios(
        distance_to_nearest=np.array([1.0, 0.0, 0.0, 3.0, 1e300]),
        nearest_distance_of_train=np.array([2.0, 2.0, 0.0, 0.0, 1e-300]),
    )
    np.testing.assert_array_equal(ratios, [0.5, 0.0, 0.0, np.inf, np.inf])
    assert compute_ratios(distance_to_nearest=np.zeros(0), nearest_distance_of_train=np.zeros(0)).shape == (
        0,
    )


def test_p_values_by_hand() -> None:
    result = judge([0.0, 0.5, 0.6, 2.0, np.inf], [0.5, 1.0, 1.5, np.inf])
    np.testing.assert_allclose(result.p_values, np.array([1, 2, 2, 4, 5]) / 5)


@settings(max_examples=100, deadline=None)
@given(
    synthetic=st.lists(st.integers(0, 8), min_size=1, max_size=30),
    null=st.lists(st.integers(0, 8), min_size=1, max_size=60),
    rate=st.sampled_from([0.01, 0.05, 0.2, 1 / 3, 0.9]),
)
def test_equals_the_definitions_item_by_item(synthetic: list[int], null: list[int], rate: float) -> None:
    result = judge(synthetic, null, rate)
    p_values = [(1 + sum(other <= rho for other in null)) / (1 + len(null)) for rho in synthetic]
    np.testing.assert_array_equal(result.p_values, p_values)
    np.testing.assert_allclose(result.q_values, stats.false_discovery_control(p_values), rtol=1e-12)
    np.testing.assert_array_equal(result.flagged, np.array(p_values) <= rate + 1e-12)
    np.testing.assert_array_equal(result.flagged, np.array(synthetic) < result.threshold)
    assert (np.diff(result.q_values[np.argsort(p_values)]) >= 0).all()
    assert (result.q_values >= result.p_values).all()
    for rates in (result.copy_rate, result.flag_rate):
        for estimate in (rates.synthetic, rates.null, rates.excess):
            assert estimate.low is None or estimate.low <= estimate.value <= estimate.high
        assert rates.excess.value == pytest.approx(rates.synthetic.value - rates.null.value)


@pytest.mark.parametrize(
    ("n_null", "attained"), [(99, 1 / 100), (150, 1 / 151), (199, 2 / 200), (1000, 10 / 1001)]
)
def test_the_attained_rate_is_the_one_in_expectation(n_null: int, attained: float) -> None:
    """Innocent items are flagged at exactly k / (n + 1), averaged over nulls."""
    rng = np.random.default_rng(n_null)
    results = [judge(rng.random(2000), rng.random(n_null)) for _ in range(400)]
    assert results[0].attained_rate == pytest.approx(attained)
    shares = [result.flagged.mean() for result in results]
    assert abs(np.mean(shares) - attained) < 4 * np.std(shares) / np.sqrt(400)
    # An empirical quantile of the null would flag more: (k + 1) / (n + 1).
    assert np.mean(shares) < attained + 0.5 / (n_null + 1)


def test_expected_false_flags_hold_the_chance_of_null_and_set() -> None:
    rng = np.random.default_rng(0)
    results = [judge(rng.random(500), rng.random(200), 0.05) for _ in range(1000)]
    expected = results[0].expected_false_flags
    counts = np.array([result.flagged.sum() for result in results])
    assert expected.value == pytest.approx(500 * 10 / 201)
    within = np.mean((counts >= expected.low) & (counts <= expected.high))
    assert 0.94 <= within <= 0.985
    # The binomial alone is too narrow: the null's 200 items are no certain threshold.
    low, high = stats.binom(500, 10 / 201).ppf([0.025, 0.975])
    assert np.mean((counts >= low) & (counts <= high)) < 0.9


@pytest.mark.parametrize("copied", [0.0, 0.1, 0.5])
def test_the_intervals_of_the_excess_cover(copied: float) -> None:
    """Over fresh nulls and sets, 95 % intervals hold the true excess about that often."""
    rng = np.random.default_rng(1)
    n_copied = int(copied * 300)
    covered_near, covered_flagged = [], []
    for _ in range(600):
        null = rng.random(400) * 2.5  # 40 % below 1
        synthetic = np.concatenate([np.full(n_copied, 1e-9), rng.random(300 - n_copied) * 2.5])
        result = judge(synthetic, null, 0.05)
        near, flagged = result.copy_rate.excess, result.flag_rate.excess
        covered_near.append(near.low <= copied * (1 - 0.4) <= near.high)
        # The share that the threshold flags among innocent items is what the null estimates.
        true_rate = result.threshold / 2.5
        covered_flagged.append(flagged.low <= copied * (1 - true_rate) <= flagged.high)
    # Planted shares are fixed, which makes the sets vary less than the intervals allow for.
    assert 0.93 <= np.mean(covered_near) <= 1.0
    assert 0.93 <= np.mean(covered_flagged) <= 1.0


def test_newcombes_example() -> None:
    # Newcombe 1998, table II, first row: 56/70 - 48/80, method 10: 0.0524 to 0.3339.
    synthetic = [0.5] * 56 + [2.0] * 14
    null = [0.5] * 48 + [2.0] * 32
    excess = judge(synthetic, null).copy_rate.excess
    assert (excess.low, excess.high) == (pytest.approx(0.0524, abs=5e-5), pytest.approx(0.3339, abs=5e-5))


def test_a_null_with_copies_takes_copies_for_ordinary() -> None:
    assert not judge([0.0] * 5, [0.0] * 3 + [1.0] * 97).flagged.any()
    assert judge([0.0] * 5, [1.0] * 100).flagged.all()


def test_too_small_a_null_flags_nothing_and_says_so() -> None:
    result = judge([0.0, 1.0], np.ones(98))
    assert not result.flagged.any()
    assert (result.threshold, result.attained_rate) == (0.0, 0.0)
    assert (
        result.note == "98 images to compare with can flag nothing at a rate of 0.01: that takes at least 99."
    )
    assert result.flag_rate.excess.low is None and result.expected_false_flags.note == result.note
    enough = judge([0.0, 1.0], np.ones(99))
    assert list(enough.flagged) == [True, False] and enough.note == ""


def test_item_order_follows_the_items() -> None:
    rng = np.random.default_rng(3)
    synthetic, null, order = rng.random(50), rng.random(120), rng.permutation(50)
    plain, shuffled = judge(synthetic, null), judge(synthetic[order], null[::-1])
    np.testing.assert_array_equal(shuffled.q_values, plain.q_values[order])
    np.testing.assert_array_equal(shuffled.ratios, plain.ratios[order])


def test_errors() -> None:
    for bad in ([-0.1], [np.nan]):
        with pytest.raises(InputError, match="negative or not a number"):
            judge([1.0], bad)
        with pytest.raises(InputError, match="negative or not a finite"):
            compute_ratios(distance_to_nearest=np.array(bad), nearest_distance_of_train=np.ones(1))
    with pytest.raises(InputError, match="one null image"):
        judge([1.0], [])
    with pytest.raises(InputError, match="one synthetic image"):
        judge([], [1.0])
    with pytest.raises(ValueError, match="one value an item"):
        judge([[1.0]], [1.0])
    for rate in (0.0, 1.0):
        with pytest.raises(ValueError, match="between 0 and 1"):
            judge([1.0], [1.0], rate)
    for shape in ((2,), (1, 1)):
        with pytest.raises(ValueError, match="not two of"):
            compute_ratios(distance_to_nearest=np.ones(1), nearest_distance_of_train=np.ones(shape))


def calibrate(
    real: np.ndarray, synthetic: np.ndarray, heldout: np.ndarray | None, rate: float = 0.01
) -> CalibratedCopies:
    left_out = find_left_out_train(real=real)
    found = find_nearest_train(real=real, queries=synthetic)
    if heldout is None:
        null = compute_ratios(
            distance_to_nearest=left_out.nearest.distance, nearest_distance_of_train=left_out.match_radius
        )
    else:
        held = find_nearest_train(real=real, queries=heldout)
        null = compute_ratios(
            distance_to_nearest=held.distance, nearest_distance_of_train=left_out.radius[held.index]
        )
    ratios = compute_ratios(
        distance_to_nearest=found.distance, nearest_distance_of_train=left_out.radius[found.index]
    )
    return compute_calibrated_copies(synthetic=ratios, null=null, n_real=len(real), false_flag_rate=rate)


@pytest.mark.slow
@pytest.mark.parametrize("dimension", [8, 32])
@pytest.mark.parametrize("null", ["held-out", "left-out"])
def test_a_fresh_draw_is_flagged_at_the_nominal_rate_and_copies_are_found(dimension: int, null: str) -> None:
    """A set of the real distribution is flagged at 1 %; planted copies are all found.

    Without the correction for the item left out, left-out ratios never fall below 1 and flag some 40 %.
    """
    n_flagged, n_judged, within, near = 0, 0, 0, []
    for seed in range(20):
        rng = np.random.default_rng([dimension, seed])
        real, fresh, heldout = (
            rng.standard_normal((size, dimension)).astype(np.float32) for size in (1000, 1000, 1000)
        )
        result = calibrate(real, fresh, heldout if null == "held-out" else None)
        n_flagged += int(result.flagged.sum())
        n_judged += len(fresh)
        expected = result.expected_false_flags
        within += expected.low <= result.flagged.sum() <= expected.high
        near.append(result.copy_rate.excess.value)

        planted = fresh.copy()
        copied = rng.choice(1000, 100, replace=False)
        planted[copied] = real[rng.choice(1000, 100, replace=False)]
        found = calibrate(real, planted, heldout if null == "held-out" else None)
        assert found.flagged[copied].all(), "recall 1"
        assert (found.q_values[copied] < 0.05).all()
        assert found.flag_rate.excess.low <= 0.1 <= found.flag_rate.excess.high
    # Twenty nulls of 1000 and twenty sets of 1000: the flags of all are beta-binomial in sum, too.
    spread = np.sqrt(20 * stats.betabinom(1000, 10, 991).var())
    assert abs(n_flagged - n_judged * 10 / 1001) < 2.6 * spread
    assert within >= 17
    assert abs(np.mean(near)) < 0.015
