"""Raters of known sensitivity and false-alarm rate: how often 95 % intervals hold the truth.

What is measured is in the assertions. Raters who do not differ: each number's interval holds it in 93 to 97 % of
1,000 sessions. Raters who differ: fewer raters give intervals that are somewhat too narrow, and the plain Wilson
interval over all answers misses the truth in every second session.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from core.rating.agreement import compute_agreement
from core.rating.answer_table import AnswerTable, tabulate_answers
from core.rating.rates import compute_rates
from core.rating.simulation import simulate_answers

NUMBERS = ("fir", "false_alarm_rate", "accuracy", "balanced_accuracy", "d_prime", "criterion")
D_PRIME, CRITERION = 1.0, 0.2


def make_table(n_raters: int, n_images: int) -> AnswerTable:
    """A session's trials, half of them fakes; answers are simulated into it."""
    frame = simulate_answers(n_raters=n_raters, n_fake={"a": n_images}, n_real=n_images, d_prime=D_PRIME)
    return tabulate_answers(frame).test


def answer(
    table: AnswerTable, rng: np.random.Generator, *, d_prime_sd: float, criterion_sd: float, image_sd: float
) -> AnswerTable:
    """The model of `core.rating.simulation.simulate_answers`, into arrays that are there."""
    n_raters, n_images = len(table.raters), len(table.images)
    sensitivity = D_PRIME + d_prime_sd * rng.normal(size=n_raters)
    threshold = CRITERION + D_PRIME / 2 + criterion_sd * rng.normal(size=n_raters)
    evidence = table.is_fake * sensitivity[table.rater] + image_sd * rng.normal(size=n_images)[table.image]
    evidence += np.sqrt(1 - image_sd**2) * rng.normal(size=len(table))
    return replace(table, said_fake=evidence > threshold[table.rater])


def find_truth(*, d_prime_sd: float = 0.0, criterion_sd: float = 0.0) -> dict[str, float]:
    """What the numbers are over all raters and images that there could be."""
    threshold = CRITERION + D_PRIME / 2
    hits = stats.norm.cdf((D_PRIME - threshold) / np.sqrt(1 + d_prime_sd**2 + criterion_sd**2))
    alarms = stats.norm.cdf(-threshold / np.sqrt(1 + criterion_sd**2))
    z = stats.norm.ppf([hits, alarms])
    return {
        "fir": hits,
        "false_alarm_rate": alarms,
        "accuracy": (hits + 1 - alarms) / 2,
        "balanced_accuracy": (hits + 1 - alarms) / 2,
        "d_prime": z[0] - z[1],
        "criterion": -(z[0] + z[1]) / 2,
    }


def measure(
    n_raters: int,
    n_images: int,
    n_sessions: int,
    *,
    d_prime_sd: float = 0.0,
    criterion_sd: float = 0.0,
    image_sd: float = 0.0,
) -> dict[str, float]:
    """Share of sessions whose interval holds the truth, by number; `wilson` is the plain one of `fir`."""
    table, truth = (
        make_table(n_raters, n_images),
        find_truth(d_prime_sd=d_prime_sd, criterion_sd=criterion_sd),
    )
    rng, held = np.random.default_rng(20 * n_raters + n_images), Counter()
    for _ in range(n_sessions):
        rates = compute_rates(
            answer(table, rng, d_prime_sd=d_prime_sd, criterion_sd=criterion_sd, image_sd=image_sd)
        )
        for name in NUMBERS:
            found = getattr(rates, name)
            held[name] += found.low <= truth[name] <= found.high
        held["wilson"] += rates.fir.wilson[0] <= truth["fir"] <= rates.fir.wilson[1]
    return {name: count / n_sessions for name, count in held.items()}


@pytest.mark.parametrize(("n_raters", "n_images"), [(1, 30), (3, 30), (10, 25)])
def test_intervals_hold_the_truth_of_raters_who_do_not_differ(n_raters: int, n_images: int) -> None:
    held = measure(n_raters, n_images, 1000)
    assert all(0.93 <= held[name] <= 0.97 for name in (*NUMBERS, "wilson")), held


@pytest.mark.parametrize(("n_raters", "least"), [(3, 0.85), (5, 0.89), (10, 0.92)])
def test_intervals_allow_for_raters_and_images_that_differ(n_raters: int, least: float) -> None:
    held = measure(n_raters, 30, 300, d_prime_sd=0.5, criterion_sd=0.3, image_sd=0.5)
    assert all(least <= held[name] <= 0.985 for name in NUMBERS), held
    # What pooling the answers would have claimed.
    assert held["wilson"] < 0.7


def test_images_that_differ_are_allowed_for_with_many_raters() -> None:
    held = measure(20, 25, 200, image_sd=0.7)
    assert all(0.9 <= held[name] <= 0.99 for name in NUMBERS), held
    assert held["wilson"] < 0.75


def test_the_chance_corrected_agreement_holds_the_truth() -> None:
    """Independent answers given the truth: alpha follows from the two rates."""
    table, rng, truth = make_table(3, 30), np.random.default_rng(1), find_truth()
    hits, alarms = truth["fir"], truth["false_alarm_rate"]
    mean = (hits + alarms) / 2
    alpha = 1 - (hits * (1 - hits) + alarms * (1 - alarms)) / (2 * mean * (1 - mean))
    held = Counter()
    for at in range(300):
        answered = answer(table, rng, d_prime_sd=0, criterion_sd=0, image_sd=0)
        found = compute_agreement(answered, n_bootstrap=300, seed=at)
        for name in ("krippendorff_alpha", "fleiss_kappa", "cohen_kappa"):
            one = getattr(found, name)
            held[name] += one.low <= alpha <= one.high
    assert all(0.91 <= count / 300 <= 0.98 for count in held.values()), held
