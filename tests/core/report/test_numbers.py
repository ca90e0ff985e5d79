from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.report.numbers import (
    format_count,
    format_interval,
    format_positive,
    format_share,
    format_value,
    typeset,
)

finite = st.floats(-1e9, 1e9, allow_nan=False)
widths = st.floats(1e-9, 1e6)


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (77.31, 73.0, 81.0, "77"),
        (0.6142, 0.55, 0.67, "0.61"),
        (0.6142, 0.6022, 0.6262, "0.614"),  # half-width 0.012: a leading 1 keeps one digit more
        (1234.5, 1200.0, 1270.0, "1,230"),
        (5.0, 0.0, 10.0, "5"),
        (0.05, -0.05, 0.15, "0.05"),
        (-0.00412, -0.009, 0.001, "-0.004"),
        (-0.0004, -0.006, 0.006, "0.000"),
        (3.21e-6, 3.0e-6, 3.4e-6, "3.2e-06"),
        (0.0, None, None, "0"),
        (8573.0, None, None, "8,573"),
        (0.63158, None, None, "0.632"),
        (12345.6789, None, None, "12,300"),
        (1.0, 1.0, 1.0, "1"),
    ],
)
def test_writes_the_digits_that_the_interval_supports(
    value: float, low: float | None, high: float | None, text: str
) -> None:
    assert format_value(value, low, high) == text


def test_interval_has_the_digits_of_its_value() -> None:
    assert format_interval(0.6142, 0.55, 0.671) == "[0.55, 0.67]"
    assert format_interval(0.9996, 0.998, 1.0) == "[0.9980, 1.0000]"
    assert format_interval(3.0, None, None) == ""
    assert format_interval(3.0, 1.0, math.inf) == ""


def test_shares_are_percent() -> None:
    assert format_share(0.164, 0.11, 0.23) == "16 % [11 %, 23 %]"
    assert format_share(0.164, None, None) == "16.4 %"


def test_positive_numbers_keep_two_digits_however_far_up_the_interval_goes() -> None:
    assert format_positive(1034.0, 9.64, 110_900.0) == ("1,000", "[9.6, 110,000]")
    assert format_positive(3247.0, 3208.0, 3283.0) == ("3,250", "[3,210, 3,280]")
    assert format_positive(412.4, None, None) == ("412", "")


def test_only_finite_numbers_are_written() -> None:
    for bad in (math.nan, math.inf):
        with pytest.raises(ValueError, match="finite"):
            format_value(bad, None, None)


def test_typeset_touches_numbers_only() -> None:
    assert typeset("-0.5 [-1.0, 0.2]") == "−0.5 [−1.0, 0.2]"
    assert typeset("[1.2e-05, 3.0e+08]") == "[1.2×10⁻⁵, 3.0×10⁸]"
    assert typeset("held-out") == "held-out"


def test_counts_are_grouped() -> None:
    assert format_count(1234567) == "1,234,567"


@given(value=finite, half=widths)
def test_rounding_moves_a_value_by_at_most_half_of_its_half_width(value: float, half: float) -> None:
    shown = float(format_value(value, value - half, value + half).replace(",", ""))
    half = (value + half - (value - half)) / 2
    # The last digit is worth at most the half-width (5e-10 relative for floats of the test itself).
    assert abs(shown - value) <= 0.5 * half * (1 + 1e-6) + abs(value) * 1e-15 or half == 0


@given(value=finite, half=widths)
def test_no_digit_is_worth_less_than_a_twentieth_of_the_half_width(value: float, half: float) -> None:
    low, high = value - half, value + half
    half = (high - low) / 2
    text = format_value(value, low, high)
    if half == 0 or "e" in text:
        return
    decimals = len(text.partition(".")[2])
    assert decimals == 0 or 10.0**-decimals >= 0.05 * half * (1 - 1e-6)


@given(value=finite, half=widths)
def test_value_and_interval_have_the_same_decimals(value: float, half: float) -> None:
    texts = [format_value(value, value - half, value + half)]
    texts += format_interval(value, value - half, value + half).strip("[]").split(", ")
    if any("e" in text for text in texts):
        return
    assert len({len(text.partition(".")[2]) for text in texts}) == 1


@given(value=finite)
def test_zero_has_no_sign(value: float) -> None:
    assert not re.fullmatch(r"-[0.,]+", format_value(value, value - 1, value + 1))
