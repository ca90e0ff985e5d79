"""Simulated raters answer as they are made to."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from core.db.rating_record import Answer, NewAnswer, StimulusRecord, Trial, TrialKind
from core.rating.simulation import SimulatedRater, simulate_answers
from core.rating.truth import find_truth


def make_stimuli(n: int) -> tuple[StimulusRecord, ...]:
    """Real images, images of `a` and of `b`, and two checks at the end."""
    sets = [None] * n + ["a"] * n + ["b"] * n
    images = [
        StimulusRecord(at, TrialKind.TEST, name, None, name is not None, f"{at}.png", f"{at}")
        for at, name in enumerate(sets)
    ]
    checks = [StimulusRecord(3 * n + at, TrialKind.CHECK, None, None, True, "", None) for at in range(2)]
    return (*images, *checks)


STIMULI = make_stimuli(300)
SINGLES = tuple(Trial(TrialKind.TEST, (at,)) for at in range(900))


def say_fake(answers: tuple[NewAnswer, ...], numbers: range) -> float:
    return float(np.mean([answers[at].answer is Answer.FAKE for at in numbers]))


def test_rates_are_those_of_signal_detection() -> None:
    rater = SimulatedRater({"a": 0.5, "b": 2.0}, criterion=0.2, seed=1)
    answers = rater.answer_trials(SINGLES, STIMULI, with_confidence=True)
    threshold = 0.2 + 1.25 / 2
    for numbers, place in ((range(300), 0.0), (range(300, 600), 0.5), (range(600, 900), 2.0)):
        assert say_fake(answers, numbers) == pytest.approx(stats.norm.cdf(place - threshold), abs=0.07)
    assert [one.position for one in answers] == list(range(900))
    assert len({one.token for one in answers}) == 900
    assert {one.confidence for one in answers} == {1, 2, 3, 4, 5}
    assert all(one.reaction_time_ms >= 180 for one in answers)


def test_the_same_rater_says_the_same_and_others_do_not() -> None:
    def give(seed: int) -> tuple[NewAnswer, ...]:
        return SimulatedRater({"a": 1.0, "b": 1.0}, seed=seed).answer_trials(
            SINGLES, STIMULI, with_confidence=False
        )

    assert give(1) == give(1) != give(2)
    assert all(one.confidence is None for one in give(1))


def test_steady_raters_repeat_themselves() -> None:
    twice = tuple(Trial(TrialKind.TEST, (at % 300,)) for at in range(600))
    same = []
    for steadiness in (0.0, 0.5, 1.0):
        rater = SimulatedRater({"a": 1.0}, image_sd=0.3, steadiness=steadiness, seed=3)
        answers = rater.answer_trials(twice, STIMULI, with_confidence=False)
        same.append(np.mean([answers[at].answer is answers[300 + at].answer for at in range(300)]))
    assert same[0] < same[1] < same[2] == 1


def test_pairs_name_the_fake_and_checks_are_passed() -> None:
    pairs = tuple(Trial(TrialKind.TEST, (at, 600 + at) if at % 2 else (600 + at, at)) for at in range(300))
    checks = (Trial(TrialKind.CHECK, (900,)), Trial(TrialKind.CHECK, (0, 901)))
    rater = SimulatedRater({"b": 1.0}, lapse_rate=0.0, seed=4)
    answers = rater.answer_trials((*pairs, *checks), STIMULI, with_confidence=True)
    is_fake = {one.number: one.is_fake for one in STIMULI}
    right = [
        one.answer is find_truth(trial, is_fake)
        for one, trial in zip(answers, (*pairs, *checks), strict=True)
    ]
    # Two images of unit variance: the share is that of d' over the root of 2.
    assert np.mean(right[:300]) == pytest.approx(stats.norm.cdf(1 / np.sqrt(2)), abs=0.07)
    assert all(right[300:])


def test_tables_have_every_rater_see_every_image() -> None:
    frame = simulate_answers(
        n_raters=3, n_fake={"a": 4, "b": 6}, n_real=5, d_prime=1.0, with_confidence=True, seed=5
    )
    assert len(frame) == 45 and frame.groupby("rater")["item"].nunique().tolist() == [15] * 3
    assert frame["synthetic"].value_counts().to_dict() == {"": 15, "a": 12, "b": 18}
    assert frame["confidence"].between(1, 5).all()
    again = simulate_answers(
        n_raters=3, n_fake={"a": 4, "b": 6}, n_real=5, d_prime=1.0, with_confidence=True, seed=5
    )
    assert frame.equals(again)


def test_spreads_keep_the_rates_that_are_promised() -> None:
    frame = simulate_answers(
        n_raters=400,
        n_fake={"a": 40},
        n_real=40,
        d_prime={"a": 1.5},
        criterion=0.3,
        d_prime_sd=0.6,
        criterion_sd=0.5,
        seed=6,
    )
    said = (frame["answer"] == "fake").groupby(frame["truth"]).mean()
    assert said["fake"] == pytest.approx(stats.norm.cdf((1.5 - 1.05) / np.sqrt(1 + 0.36 + 0.25)), abs=0.03)
    assert said["real"] == pytest.approx(stats.norm.cdf(-1.05 / np.sqrt(1.25)), abs=0.03)
