"""Sensitivity and criterion against closed forms and published formulas."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from core.rating.measured import Measured, missing
from core.rating.rater_bootstrap import draw_raters
from core.rating.signal_detection import (
    compute_criterion,
    compute_mean_over_raters,
    compute_pair_sensitivity,
    compute_sensitivity,
)


def one_rater(hits: int, n_fake: int, alarms: int, n_real: int) -> dict[str, NDArray[np.generic]]:
    n = n_fake + n_real
    said = np.concatenate([np.arange(n_fake) < hits, np.arange(n_real) < alarms])
    return {
        "is_fake": np.arange(n) < n_fake,
        "said_fake": said,
        "raters": np.zeros(n, dtype=np.intp),
        "images": np.arange(n),
    }


def test_textbook_values() -> None:
    """z(0.84) is 1 and z(0.16) is -1, nearly: d' = 2 without a leaning."""
    found = compute_sensitivity(**one_rater(84, 100, 16, 100))
    assert found.value == pytest.approx(2 * stats.norm.ppf(0.84))
    assert found.value == pytest.approx(2, abs=0.02)
    assert compute_criterion(**one_rater(84, 100, 16, 100)).value == pytest.approx(0, abs=1e-12)
    assert found.note == "One rater: the interval says nothing of other raters."


@pytest.mark.parametrize(("hits", "alarms"), [(70, 30), (90, 20), (40, 60)])
def test_interval_is_gourevitch_and_galanters(hits: int, alarms: int) -> None:
    data = one_rater(hits, 100, alarms, 80)
    variance = [
        p * (1 - p) / (n * stats.norm.pdf(stats.norm.ppf(p)) ** 2)
        for p, n in ((hits / 100, 100), (alarms / 80, 80))
    ]
    z = [stats.norm.ppf(hits / 100), stats.norm.ppf(alarms / 80)]
    found = compute_sensitivity(**data)
    assert found.value == pytest.approx(z[0] - z[1])
    assert (found.high - found.low) / 2 == pytest.approx(1.959964 * np.sqrt(sum(variance)), rel=1e-6)
    criterion = compute_criterion(**data)
    assert criterion.value == pytest.approx(-(z[0] + z[1]) / 2)
    assert (criterion.high - criterion.low) / 2 == pytest.approx(
        1.959964 * np.sqrt(sum(variance)) / 2, rel=1e-6
    )


def test_perfect_answers_get_hautus_correction_and_say_so() -> None:
    found = compute_sensitivity(**one_rater(20, 20, 0, 30))
    assert found.value == pytest.approx(stats.norm.ppf(20.5 / 21) - stats.norm.ppf(0.5 / 31))
    assert "log-linear" in found.note
    assert found.low < found.value < found.high
    # A raw rate stays raw beside another raw one only.
    assert "log-linear" not in compute_sensitivity(**one_rater(19, 20, 1, 30)).note


def test_leaning_moves_the_criterion_and_not_the_sensitivity() -> None:
    eager, shy = one_rater(93, 100, 50, 100), one_rater(50, 100, 7, 100)
    assert compute_sensitivity(**eager).value == pytest.approx(compute_sensitivity(**shy).value, abs=1e-9)
    assert compute_criterion(**eager).value < -0.5 < 0.5 < compute_criterion(**shy).value


def test_raters_who_differ_widen_and_the_bootstrap_sees_them() -> None:
    rng = np.random.default_rng(4)
    n_raters, n = 6, 60
    is_fake = np.tile(np.arange(n) < 30, n_raters)
    raters = np.repeat(np.arange(n_raters), n)
    d_prime = np.array([0.2, 0.5, 1.0, 1.5, 2.0, 2.5])
    said = rng.normal(size=n_raters * n) + is_fake * d_prime[raters] > 0.6
    draws = draw_raters(n_raters, n_bootstrap=400, seed=0)
    data = {
        "is_fake": is_fake,
        "said_fake": said,
        "raters": raters,
        "images": np.tile(np.arange(n), n_raters),
    }
    found = compute_sensitivity(**data, bootstrap=draws)
    plain = compute_sensitivity(**data | {"raters": np.zeros_like(raters), "images": np.arange(len(raters))})
    assert found.high - found.low > 1.4 * (plain.high - plain.low)
    assert found.bootstrap[0] < found.value < found.bootstrap[1]


def test_pairs_are_scaled_to_single_images() -> None:
    named = np.arange(100) < 76
    found = compute_pair_sensitivity(named, raters=np.zeros(100, dtype=np.intp), images=np.arange(100))
    assert found.value == pytest.approx(np.sqrt(2) * stats.norm.ppf(0.76))
    error = np.sqrt(2 * 0.76 * 0.24 / 100) / stats.norm.pdf(stats.norm.ppf(0.76))
    assert (found.high - found.low) / 2 == pytest.approx(1.959964 * error, rel=1e-6)
    half = compute_pair_sensitivity(
        np.arange(100) % 2 == 0, raters=np.zeros(100, dtype=np.intp), images=np.arange(100)
    )
    assert half.value == pytest.approx(0, abs=1e-12)
    all_named = np.ones(10, dtype=bool)
    perfect = compute_pair_sensitivity(all_named, raters=np.zeros(10, dtype=np.intp), images=np.arange(10))
    assert (
        perfect.value == pytest.approx(np.sqrt(2) * stats.norm.ppf(10.5 / 11))
        and "log-linear" in perfect.note
    )


def test_one_kind_of_image_has_no_sensitivity() -> None:
    assert compute_sensitivity(**one_rater(5, 10, 0, 0)).value is None
    assert compute_criterion(**one_rater(0, 0, 5, 10)).value is None
    nobody = np.zeros(0, dtype=np.intp)
    assert compute_pair_sensitivity(nobody.astype(bool), raters=nobody, images=nobody).value is None


def test_mean_over_raters_is_students() -> None:
    values = [Measured(value=one, n=10, note="x") for one in (0.5, 1.0, 1.8)]
    found = compute_mean_over_raters([*values, missing("none")], "a d'")
    low, high = stats.t.interval(0.95, 2, np.mean([0.5, 1.0, 1.8]), stats.sem([0.5, 1.0, 1.8]))
    assert (found.value, found.low, found.high) == pytest.approx((1.1, low, high))
    assert found.n == 3 and found.note == "1 of 4 raters have none."
    assert compute_mean_over_raters(values[:1], "a d'").low is None
    assert compute_mean_over_raters([], "a d'").value is None
