from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError, TooFewImagesError
from core.features.standardise import LINEAR_RANGE, MIN_STD, standardise_by_real

ROWS = np.random.default_rng(0).normal(loc=[3.0, -1.0, 100.0], scale=[1.0, 0.5, 20.0], size=(400, 3))


def test_within_the_linear_range_a_score_is_the_z_score_by_the_real_set() -> None:
    real, other = ROWS[:200], ROWS[200:]
    expected_real = (real - real.mean(axis=0)) / real.std(axis=0, ddof=1)
    expected_other = (other - real.mean(axis=0)) / real.std(axis=0, ddof=1)
    scored_real, scored_other = standardise_by_real(real, other)
    for scored, expected in ((scored_real, expected_real), (scored_other, expected_other)):
        near = np.abs(expected) <= LINEAR_RANGE
        assert near.mean() > 0.95
        np.testing.assert_allclose(scored[near], expected[near], rtol=1e-12, atol=1e-12)


def test_others_do_not_change_the_real_scores_nor_each_other() -> None:
    alone = standardise_by_real(ROWS[:100])[0]
    with_others = standardise_by_real(ROWS[:100], ROWS[100:200] + 7.0, ROWS[200:300])
    np.testing.assert_array_equal(alone, with_others[0])
    np.testing.assert_array_equal(standardise_by_real(ROWS[:100], ROWS[200:300])[1], with_others[2])


def test_inputs_stay_as_they_are() -> None:
    real, other = ROWS[:50].copy(), ROWS[50:].copy()
    standardise_by_real(real, other)
    np.testing.assert_array_equal(real, ROWS[:50])
    np.testing.assert_array_equal(other, ROWS[50:])


def test_a_nearly_constant_feature_is_divided_by_the_floor() -> None:
    real = np.array([[0.5], [0.5 + 1e-7], [0.5 - 1e-7]], dtype=np.float32)
    moved = real + np.float32(MIN_STD / 2)
    _, scores = standardise_by_real(real, moved)
    np.testing.assert_allclose(scores, 0.5, atol=1e-4)


def test_far_scores_grow_logarithmically() -> None:
    real = np.array([[-1.0], [1.0]]) / np.sqrt(2.0)  # mean 0, std 1
    t = LINEAR_RANGE
    _, scores = standardise_by_real(real, np.array([[t], [np.e * t], [-(np.e**2) * t]]))
    np.testing.assert_allclose(scores[:, 0], [t, 2 * t, -3 * t], rtol=1e-12)


def test_scores_are_continuous_with_their_slope_at_the_end_of_the_linear_range() -> None:
    real = np.array([[-1.0], [1.0]]) / np.sqrt(2.0)
    step = 1e-4
    around = np.array([[LINEAR_RANGE - step], [LINEAR_RANGE], [LINEAR_RANGE + step]])
    scores = standardise_by_real(real, around)[1][:, 0]
    np.testing.assert_allclose(np.diff(scores), step, rtol=1e-3)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_scores_keep_the_order_of_values(one: float, two: float) -> None:
    real = np.array([[-1.0], [1.0]])
    low, high = standardise_by_real(real, np.array([[min(one, two)], [max(one, two)]]))[1][:, 0]
    assert low <= high
    if abs(one - two) > 1e-6 * max(1.0, abs(one), abs(two)):
        assert low < high


def test_errors() -> None:
    with pytest.raises(TooFewImagesError, match="at least 2"):
        standardise_by_real(ROWS[:1], ROWS)
    with pytest.raises(InputError, match="same number"):
        standardise_by_real(ROWS, ROWS[:, :2])
    with pytest.raises(InputError, match="same number"):
        standardise_by_real(ROWS, ROWS[0])
    broken = ROWS.copy()
    broken[3, 1] = np.nan
    for sets in ((broken, ROWS), (ROWS, broken)):
        with pytest.raises(InputError, match="finite"):
            standardise_by_real(*sets)
