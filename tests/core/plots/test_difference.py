from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.plots.difference import DIFFERENCE_STOPS, choose_difference_limit, colour_difference


def test_below_zero_is_blue_above_is_orange_and_zero_is_dark_grey() -> None:
    below, zero, above = colour_difference(np.array([[-5.0, 0.0, 5.0]]), limit=5.0)[0].astype(int)
    assert below[2] > below[0] + 60
    assert above[0] > above[2] + 60
    assert np.ptp(zero) <= 2
    assert zero.max() < 40


def test_opposite_differences_are_equally_light() -> None:
    values = np.linspace(-1, 1, 255)[np.newaxis]
    rgb = colour_difference(values, limit=1.0)[0] / 255.0
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    lightness = 116 * np.cbrt(luminance) - 16
    np.testing.assert_allclose(lightness, lightness[::-1], atol=6)
    assert (np.diff(lightness[127:]) > -0.5).all()
    assert lightness[-1] > 70


def test_values_beyond_the_limit_take_its_colour() -> None:
    inside, beyond = colour_difference(np.array([[5.0, 50.0]]), limit=5.0)[0]
    np.testing.assert_array_equal(inside, beyond)


def test_a_scale_without_extent_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        colour_difference(np.zeros((2, 2)), limit=0.0)


@given(st.floats(1e-6, 1e6))
def test_limit_holds_the_largest_difference_without_wasting_half_of_the_scale(largest: float) -> None:
    limit = choose_difference_limit([np.array([0.0, -largest]), np.zeros(3)])
    assert largest <= limit * (1 + 1e-8)
    assert limit < 1.7 * largest


def test_limit_without_any_difference_is_one() -> None:
    assert choose_difference_limit([]) == choose_difference_limit([np.zeros((2, 2))]) == 1.0


def test_stops_run_from_blue_to_orange() -> None:
    assert len(DIFFERENCE_STOPS) == 9
    assert len(set(DIFFERENCE_STOPS)) == 9
