"""The plan of a session's intervals against simulated sessions and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from core.rating import crossed_variance, power
from core.rating.design import Task
from core.rating.fake_rate import compute_answer_share
from core.rating.power import compute_power
from tests.core.rating.drawn import design_of


def plan(n_images: int, n_raters: int, spread: float = 0.1, **choices: object) -> power.RatePower:
    design = design_of({(None, None): 30, ("gan", None): n_images}, n_raters=n_raters, **choices)
    return compute_power(design, spread=spread).sets[0]


def simulate(
    n_images: int, n_raters: int, spread: float, *, rate: float = 0.5, n_sessions: int = 300
) -> tuple[float, float]:
    """Mean half width in points, and share of sessions whose interval leaves out 50 %."""
    rng = np.random.default_rng(5)
    # Beta distributions of this mean, whose standard deviation at 50 % is the spread.
    weight = 0.25 / spread**2 - 1 if spread else math.inf
    raters = np.repeat(np.arange(n_raters), n_images)
    images = np.tile(np.arange(n_images), n_raters)
    widths, told = [], 0
    for _ in range(n_sessions):
        own = rng.beta(rate * weight, (1 - rate) * weight, n_raters) if spread else np.full(n_raters, rate)
        answers = rng.random(n_raters * n_images) < own[raters]
        share = compute_answer_share(answers, raters=raters, images=images)
        assert share.low is not None
        assert share.high is not None
        widths.append(50 * (share.high - share.low))
        told += not share.low <= 0.5 <= share.high
    return float(np.mean(widths)), told / n_sessions


@pytest.mark.parametrize(("n_images", "n_raters", "spread"), [(30, 3, 0.1), (30, 10, 0.1), (20, 5, 0.2)])
def test_the_half_width_is_what_sessions_find(n_images: int, n_raters: int, spread: float) -> None:
    planned = plan(n_images, n_raters, spread).half_width
    assert planned == pytest.approx(simulate(n_images, n_raters, spread)[0], rel=0.07)


@pytest.mark.parametrize(("n_images", "n_raters"), [(30, 5), (30, 10), (60, 20)])
def test_the_smallest_difference_is_told_apart_in_four_of_five_sessions(n_images: int, n_raters: int) -> None:
    difference = plan(n_images, n_raters).smallest_difference
    assert difference is not None
    told = simulate(n_images, n_raters, 0.1, rate=0.5 + difference / 100)[1]
    # Standard error 0.023; images that seem to differ by chance cost a little more.
    assert told == pytest.approx(0.8, abs=0.075)


def test_raters_who_are_alike_give_wilsons_interval() -> None:
    for n_images, n_raters in ((30, 1), (30, 3), (50, 20)):
        one = plan(n_images, n_raters)
        low, high = proportion_confint(one.n_answers / 2, one.n_answers, method="wilson")
        assert one.n_answers == n_images * n_raters
        assert one.half_width_alike == pytest.approx(50 * (high - low))
    # The usual formula for large numbers: (z of 97.5 % + z of 80 %) standard errors.
    many = plan(500, 20).smallest_difference_alike
    assert many == pytest.approx(100 * (1.95996 + 0.84162) * 0.5 / 100, rel=0.01)


def test_more_is_never_worse() -> None:
    by_raters = [plan(30, n).half_width for n in (2, 3, 5, 10, 20)]
    assert by_raters == sorted(by_raters, reverse=True)
    by_images = [plan(n, 5).half_width for n in (10, 20, 40, 80)]
    assert by_images == sorted(by_images, reverse=True)
    by_spread = [plan(30, 5, spread).half_width for spread in (0.0, 0.05, 0.1, 0.2)]
    assert by_spread == sorted(by_spread)
    for one in (plan(30, 3), plan(10, 10)):
        assert one.half_width is not None
        assert one.half_width_alike < one.half_width < 50


def test_it_plans_for_the_rule_that_the_scores_follow() -> None:
    assert power._RATERS_LEVEL == crossed_variance._RATERS_LEVEL


def test_one_rater_says_nothing_about_others() -> None:
    found = compute_power(design_of(n_raters=1))
    for one in (*found.sets, found.all_fakes, found.false_alarms):
        assert one is not None
        assert one.half_width is None
        assert one.smallest_difference is None
    assert found.sentences[-1] == "One rater says nothing about others; plan three or more."
    assert "see alike" not in found.sentences[0]


def test_sets_are_planned_apart_and_together() -> None:
    found = compute_power(design_of({(None, "a"): 20, ("gan", "a"): 5, ("gan", "b"): 7, ("ddpm", "a"): 12}))
    assert [(one.synthetic, one.n_images) for one in found.sets] == [("gan", 12), ("ddpm", 12)]
    assert found.all_fakes.n_images == 24
    assert found.false_alarms is not None
    assert found.false_alarms.n_images == 20
    half_width, alike = found.sets[0].half_width, found.sets[0].half_width_alike
    assert found.sentences[0] == (
        "With 12 fakes a set and 3 raters, the 95 % interval of a fake identification rate near 50 % will be "
        f"±{alike:.0f} points if all raters see alike, and about ±{half_width:.0f} points if their own rates "
        "scatter by 10."
    )
    assert len(found.sentences) == 2
    uneven = compute_power(design_of({(None, "a"): 20, ("gan", "a"): 5, ("ddpm", "a"): 15}, is_joint=True))
    assert "With 15 fakes of 'ddpm' and 3 groups" in uneven.sentences[0]
    assert "With 5 fakes of 'gan'" in uneven.sentences[2]
    # Two groups' five answers cannot tell anything from 50 %.
    few = compute_power(design_of({(None, "a"): 2, ("gan", "a"): 2}, n_raters=2))
    assert few.sentences[1].startswith("Not even a set that everybody recognises")
    pairs = compute_power(design_of(task=Task.PAIR))
    assert pairs.false_alarms is None
    assert "8 pairs a set" in pairs.sentences[0]


def test_the_spread_is_checked() -> None:
    for spread in (-0.1, 0.5):
        with pytest.raises(ValueError, match="spread"):
            compute_power(design_of(), spread=spread)
