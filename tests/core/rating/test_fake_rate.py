"""Shares of answers against statsmodels, and what widens their intervals."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from statsmodels.stats.proportion import proportion_confint

from core.rating.fake_rate import compute_answer_share, compute_balanced_accuracy, wilson_ends
from core.rating.measured import Measured
from core.rating.rater_bootstrap import draw_raters


def share(answers: NDArray[np.bool_], n_raters: int = 1, *, n_bootstrap: int = 0) -> Measured:
    n_images = len(answers) // n_raters
    return compute_answer_share(
        answers,
        raters=np.repeat(np.arange(n_raters), n_images),
        images=np.tile(np.arange(n_images), n_raters),
        bootstrap=draw_raters(n_raters, n_bootstrap=n_bootstrap, seed=0) if n_bootstrap else None,
    )


@pytest.mark.parametrize(("k", "n"), [(1, 30), (15, 30), (29, 30), (0, 12), (12, 12)])
def test_one_rater_has_wilsons_interval(k: int, n: int) -> None:
    found = share(np.arange(n) < k)
    low, high = proportion_confint(k, n, method="wilson")
    assert found.value == k / n
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-12)
    assert found.wilson == (found.low, found.high)
    assert found.n == n and found.bootstrap is None
    assert "nothing of other raters" in found.note


def test_equal_raters_have_wilsons_interval_over_all_answers() -> None:
    answers = np.tile(np.arange(40) % 4 == 0, 5)
    # The same number of fakes for each rater, on other images.
    answers = np.concatenate([np.roll(part, at) for at, part in enumerate(np.split(answers, 5))])
    found = share(answers, 5)
    assert found.method == "Wilson, answers pooled"
    assert (found.low, found.high) == pytest.approx(proportion_confint(50, 200, method="wilson"))


def test_raters_who_differ_widen_the_interval() -> None:
    rng = np.random.default_rng(2)
    alike = (rng.random((5, 40)) < 0.5).ravel()
    differing = (rng.random((5, 40)) < np.array([0.1, 0.3, 0.5, 0.7, 0.9])[:, np.newaxis]).ravel()
    one, other = share(alike, 5, n_bootstrap=500), share(differing, 5, n_bootstrap=500)
    assert one.high - one.low < 0.16
    assert other.high - other.low > 2.5 * (other.wilson[1] - other.wilson[0])
    assert other.bootstrap[1] - other.bootstrap[0] > 2 * (one.bootstrap[1] - one.bootstrap[0])
    assert "raters differ" in other.method and "Student's t" in other.method


def test_images_that_differ_widen_the_interval() -> None:
    rng = np.random.default_rng(3)
    easy = rng.random(30) < 0.5
    answers = (rng.random((20, 30)) < np.where(easy, 0.95, 0.05)).ravel()
    found = share(answers, 20)
    # 600 answers are worth little more than 30 images.
    assert found.high - found.low > 0.3 > 3 * (found.wilson[1] - found.wilson[0])
    assert "images differ" in found.method


def test_unanimous_answers_count_each_image_once() -> None:
    found = share(np.ones(60, dtype=bool), 3)
    assert (found.low, found.high) == pytest.approx(proportion_confint(20, 20, method="wilson"))
    assert "each image counts once" in found.note
    assert found.wilson[0] > found.low


def test_no_answer_has_no_share() -> None:
    found = share(np.zeros(0, dtype=bool))
    assert found.value is None and found.low is None and found.note


def test_bootstrap_draws_raters_and_takes_three_of_them() -> None:
    answers = np.concatenate([np.ones(10), np.zeros(10), np.arange(10) < 5]).astype(bool)
    draws = draw_raters(3, n_bootstrap=300, seed=1)
    found = share(answers, 3, n_bootstrap=300)
    rates = (draws.weights @ np.array([1.0, 0.0, 0.5])) / 3
    # draw_raters above has another seed; the naive one repeats the found one's.
    rates = (draw_raters(3, n_bootstrap=300, seed=0).weights @ np.array([1.0, 0.0, 0.5])) / 3
    assert found.bootstrap == pytest.approx(tuple(np.percentile(rates, [2.5, 97.5])))
    assert (draws.weights.sum(axis=1) == 3).all()
    assert share(answers[:20], 2, n_bootstrap=300).bootstrap is None


def test_wilson_of_a_quantile_is_its_formula() -> None:
    p, n, q = 0.3, 12.5, 2.7
    centre = (p + q * q / (2 * n)) / (1 + q * q / n)
    half = q / (1 + q * q / n) * np.sqrt(p * (1 - p) / n + q * q / (4 * n * n))
    assert wilson_ends(p, n, q) == pytest.approx((centre - half, centre + half))


def test_balanced_accuracy_weighs_fakes_and_reals_alike() -> None:
    is_fake = np.array([True] * 30 + [False] * 10)
    said = np.array([True] * 15 + [False] * 15 + [False] * 10)
    found = compute_balanced_accuracy(
        is_fake=is_fake, said_fake=said, raters=np.zeros(40, dtype=np.intp), images=np.arange(40)
    )
    assert found.value == pytest.approx((0.5 + 1.0) / 2)
    assert found.low < 0.75 < found.high
    only = compute_balanced_accuracy(
        is_fake=is_fake[:30], said_fake=said[:30], raters=np.zeros(30, dtype=np.intp), images=np.arange(30)
    )
    assert only.value is None
