"""Membership inference: ROC and area by counting, intervals by repetition, directions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from core.errors import InputError, TooFewImagesError
from core.metrics.membership_inference import MembershipInference, compute_membership_inference


def attack(real: object, heldout: object, seed: int = 0) -> MembershipInference:
    return compute_membership_inference(
        real=np.asarray(real, float), heldout=np.asarray(heldout, float), n_synthetic=7, seed=seed
    )


def naive_delong_sd(real: list[int], heldout: list[int]) -> float:
    def psi(member: int, other: int) -> float:
        return (member < other) + 0.5 * (member == other)

    rows = [np.mean([psi(a, b) for b in heldout]) for a in real]
    columns = [np.mean([psi(a, b) for a in real]) for b in heldout]
    return float(np.sqrt(np.var(rows, ddof=1) / len(rows) + np.var(columns, ddof=1) / len(columns)))


@settings(max_examples=100, deadline=None)
@given(
    real=st.lists(st.integers(0, 9), min_size=2, max_size=20),
    heldout=st.lists(st.integers(0, 9), min_size=2, max_size=20),
)
def test_equals_counting(real: list[int], heldout: list[int]) -> None:
    found = attack(real, heldout)
    auc = np.mean([(a < b) + 0.5 * (a == b) for a in real for b in heldout])
    assert found.auc.value == pytest.approx(auc)
    sd = naive_delong_sd(real, heldout)
    if sd > 0:
        assert found.auc.high == pytest.approx(min(auc + stats.norm.ppf(0.975) * sd, 1.0))
        assert found.auc.low == pytest.approx(max(auc - stats.norm.ppf(0.975) * sd, 0.0))
    rates = sorted(
        {(np.mean(np.array(heldout) <= t), np.mean(np.array(real) <= t)) for t in [-1, *real, *heldout]}
    )
    np.testing.assert_allclose(found.false_positive_rate, [rate[0] for rate in rates])
    np.testing.assert_allclose(found.true_positive_rate, [rate[1] for rate in rates])
    # The curve's trapezoids make up the area.
    assert np.trapezoid(found.true_positive_rate, found.false_positive_rate) == pytest.approx(auc)


def test_members_are_nearer() -> None:
    near, far = np.linspace(0.1, 1, 300), np.linspace(2, 3, 300)
    told = attack(near, far)
    assert (told.auc.value, told.low_rate_power.value) == (1.0, 1.0)
    assert 0.97 < told.auc.low < 1.0 and told.auc.high == 1.0
    assert 0.97 < told.low_rate_power.low < 1.0
    reverse = attack(far, near)
    assert (reverse.auc.value, reverse.low_rate_power.value) == (0.0, 0.0)
    assert 0.0 < reverse.auc.high < 0.03
    assert (told.auc.n_real, told.auc.n_synthetic) == (300, 7)


def test_power_at_one_percent_by_hand() -> None:
    # 200 held-out distances 1..200: two may lie below the threshold, which is therefore 3.
    heldout = np.arange(1.0, 201)
    real = np.array([0.5, 1.5, 2.5, 2.9, 3.0, 50.0, 60.0, 70.0])
    assert attack(real, heldout).low_rate_power.value == 4 / 8


def test_one_percent_takes_a_hundred_heldout_images() -> None:
    rng = np.random.default_rng(0)
    few = attack(rng.random(50), rng.random(99)).low_rate_power
    assert few.low is None and "at least 100 held-out images to see, and there are 99" in few.note
    assert few.n_real == 50
    enough = attack(rng.random(50), rng.random(100)).low_rate_power
    assert enough.low is not None and enough.note == ""


def test_intervals_cover() -> None:
    """Members' distances gamma, others' shifted: true area and power from a large draw."""
    rng = np.random.default_rng(1)

    def draw(n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
        return rng.standard_normal(n) + 5, rng.standard_normal(m) + 6

    true_auc = stats.norm.cdf(1 / np.sqrt(2))
    true_power = stats.norm.cdf(stats.norm.ppf(0.01) + 1)
    results = [attack(*draw(400, 500), seed=seed) for seed in range(300)]
    assert 0.92 <= np.mean([r.auc.low <= true_auc <= r.auc.high for r in results]) <= 0.985
    assert (
        0.9 <= np.mean([r.low_rate_power.low <= true_power <= r.low_rate_power.high for r in results]) <= 1.0
    )
    # The interval knows that the threshold is estimated: Wilson's alone would be far narrower.
    widths = [r.low_rate_power.high - r.low_rate_power.low for r in results]
    assert np.mean(widths) < 0.25


def test_one_source_cannot_be_told() -> None:
    rng = np.random.default_rng(2)
    results = [attack(rng.random(200), rng.random(200)) for _ in range(200)]
    assert np.mean([r.auc.value for r in results]) == pytest.approx(0.5, abs=0.01)
    assert np.mean([r.low_rate_power.value for r in results]) < 0.03


def test_order_and_seed() -> None:
    rng = np.random.default_rng(3)
    real, heldout = rng.random(150), rng.random(140)
    one, other = attack(real, heldout), attack(real[::-1], rng.permutation(heldout))
    assert one.auc == other.auc and one.low_rate_power == other.low_rate_power


def test_errors() -> None:
    with pytest.raises(TooFewImagesError, match="2 real images, but there are 1"):
        attack([1.0], [1.0, 2.0])
    with pytest.raises(TooFewImagesError, match="2 held-out images"):
        attack([1.0, 2.0], [])
    for bad in (np.nan, -1.0):
        with pytest.raises(InputError, match="held-out image is negative or not a number"):
            attack([1.0, 2.0], [1.0, bad])
    with pytest.raises(ValueError, match="one value an image"):
        attack([[1.0, 2.0]], [1.0, 2.0])
