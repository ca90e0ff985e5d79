"""Staircases against the points at which the papers say that they settle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special

from core.rating.staircase import HYPE_STAIRCASE, Staircase, frames_of


def simulate(
    rule: Staircase, *, n_trials: int = 3000, n_raters: int = 40, seed: int = 0
) -> NDArray[np.float64]:
    """Share of right answers of raters whose chance to be right falls from 1 to 0 below 500 ms.

    The rule is written again here, for all raters at once.
    """
    rng = np.random.default_rng(seed)
    exposure = np.full(n_raters, rule.start_ms)
    in_a_row = np.zeros(n_raters, dtype=int)
    right = np.zeros((n_trials, n_raters), dtype=bool)
    for trial in range(n_trials):
        right[trial] = rng.random(n_raters) < special.expit((exposure - 500.0) / 60.0)
        in_a_row = np.where(right[trial], in_a_row + 1, 0)
        down = in_a_row == rule.n_right
        in_a_row[down] = 0
        exposure = exposure - rule.shorter_ms * down + rule.longer_ms * ~right[trial]
        exposure = exposure.clip(rule.shortest_ms, rule.longest_ms)
    assert [rule.exposure_ms(right[:, rater]) for rater in range(3)] == pytest.approx(exposure[:3])
    return right[500:].mean(axis=0)


# Levitt 1971, table I: with equal steps, one, two, three and four right answers in a row for a step down.
@pytest.mark.parametrize(("n_right", "point"), [(1, 0.5), (2, 0.707), (3, 0.794), (4, 0.841)])
def test_transformed_up_down_settles_where_levitt_says(n_right: int, point: float) -> None:
    rule = Staircase(600, 4, 4, n_right, 0, 2000)
    assert rule.settles_at == pytest.approx(point, abs=0.0005)
    assert simulate(rule).mean() == pytest.approx(point, abs=0.012)


# Kaernbach 1991, eq. 1: p = up / (up + down) with one right answer a step.
@pytest.mark.parametrize(("shorter", "longer", "point"), [(2, 6, 0.75), (3, 7, 0.7), (4, 4, 0.5)])
def test_weighted_up_down_settles_where_kaernbach_says(shorter: float, longer: float, point: float) -> None:
    rule = Staircase(500, shorter, longer, 1, 0, 2000)
    assert rule.settles_at == pytest.approx(point)
    assert simulate(rule).mean() == pytest.approx(point, abs=0.012)


def test_hype_has_the_papers_numbers() -> None:
    rule = HYPE_STAIRCASE
    assert (rule.start_ms, rule.shortest_ms, rule.longest_ms) == (500, 100, 1000)
    assert {rule.shorter_ms, rule.longer_ms} == {10, 30}
    assert rule.settles_at == 0.75
    assert simulate(rule).mean() == pytest.approx(0.75, abs=0.012)
    # Steps the other way round could not reach the aim of 75 %.
    assert replace(rule, shorter_ms=30, longer_ms=10).settles_at == 0.25


def test_a_worked_sequence() -> None:
    right, wrong = True, False
    rule = HYPE_STAIRCASE
    assert rule.exposure_ms([]) == 500
    assert rule.exposure_ms([right, right, wrong, right]) == 500 - 10 - 10 + 30 - 10
    three = Staircase(500, 50, 50, 3, 100, 1000)
    steps = [three.exposure_ms([right] * n) for n in range(7)]
    assert steps == [500, 500, 500, 450, 450, 450, 400]
    assert three.exposure_ms([right, right, wrong, right, right]) == 550
    assert three.exposure_ms([right, right, wrong, right, right, right]) == 500


def test_exposures_stay_between_their_ends() -> None:
    assert HYPE_STAIRCASE.exposure_ms([True] * 200) == 100
    assert HYPE_STAIRCASE.exposure_ms([False] * 200) == 1000
    # What goes beyond an end is not owed afterwards.
    assert HYPE_STAIRCASE.exposure_ms([True] * 200 + [False]) == 130
    assert HYPE_STAIRCASE.exposure_ms([False] * 200 + [True]) == 990


def test_frames_are_the_nearest_of_the_screen() -> None:
    assert frames_of(500, 60.0) == 30
    assert frames_of(500, None) == 30
    assert frames_of(490, 60.0) == 29
    assert frames_of(500, 144.0) == 72
    assert frames_of(1, 60.0) == 1
