"""How numbers are written: never more digits than the interval supports."""

from __future__ import annotations

import math
import re

__all__ = ["format_count", "format_interval", "format_positive", "format_share", "format_value", "typeset"]

_DIGITS_WITHOUT_INTERVAL = 3
_MAX_DECIMALS = 5
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def format_value(value: float, low: float | None, high: float | None) -> str:
    """Write a value with the digits that its interval supports.

    The last digit is the first significant digit of the interval's half-width, or the second where the first
    is a 1 (else rounding could move the value by half of the half-width). Without an interval, or with one of
    no width, whole numbers are written out and others get three significant digits.

    Args:
        value: a finite number.
        low: lower end of its interval, or None.
        high: upper end, or None.

    Returns:
        Plain ASCII: `77`, `0.61`, `1,230`, `-0.004`, `3.2e-06`.

    Raises:
        ValueError: if the value is not finite.
    """
    return _write(value, _choose_decimals(value, low, high))


def format_interval(value: float, low: float | None, high: float | None) -> str:
    """Write an interval with the digits of `format_value`, as `[0.55, 0.67]`; empty where there is none."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return ""
    decimals = _choose_decimals(value, low, high)
    return f"[{_write(low, decimals)}, {_write(high, decimals)}]"


def format_share(value: float, low: float | None, high: float | None) -> str:
    """Write a share from 0 to 1 and its interval in percent, as `16 % [11 %, 23 %]`.

    Whole percents at least: rounded to tens, the ends of a wide interval would move too far.
    """

    def percent(share: float | None) -> float | None:
        return None if share is None else 100 * share

    value, low, high = 100 * value, percent(low), percent(high)
    decimals = max(_choose_decimals(value, low, high), 0)
    text = f"{_write(value, decimals)} %"
    if low is None or high is None:
        return text
    return f"{text} [{_write(low, decimals)} %, {_write(high, decimals)} %]"


def format_positive(value: float, low: float | None, high: float | None) -> tuple[str, str]:
    """Write a positive number and its interval, where that is as wide upwards as downwards by ratio.

    As `format_value` and `format_interval`, but with two significant digits of each at least: half the width
    of `10 to 100,000` says nothing of how well the lower end is known.

    Args:
        value: above 0.
        low: lower end, above 0, or None.
        high: upper end, or None.

    Returns:
        The value, and the interval or nothing: `1,000`, `[10, 100,000]`.
    """
    decimals = _choose_decimals(value, low, high)

    def write(one: float) -> str:
        least = 1 - math.floor(math.log10(one)) if one > 0 else decimals
        return _write(one, max(decimals, least))

    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return write(value), ""
    return write(value), f"[{write(low)}, {write(high)}]"


def format_count(count: int) -> str:
    """Write a whole number in groups of three digits."""
    return f"{count:,}"


def typeset(text: str) -> str:
    """Turn formatted numbers' ASCII into its printed form: a true minus sign, powers of ten raised."""
    raised = re.sub(r"(?<=\d)e([+-]?\d+)", lambda e: f"×10{str(int(e[1])).translate(_SUPERSCRIPTS)}", text)
    return re.sub(r"-(?=\d)", "\N{MINUS SIGN}", raised)


def _choose_decimals(value: float, low: float | None, high: float | None) -> int:
    """Decimals to write; negative ones round to tens and hundreds."""
    if not math.isfinite(value):
        raise ValueError("only finite numbers are written")
    half_width = 0.0 if low is None or high is None else (high - low) / 2
    if half_width > 0 and math.isfinite(half_width):
        exponent = math.floor(math.log10(half_width))
        # Floats just below a power of ten must count as the power itself.
        leading = round(half_width / 10.0**exponent, 9)
        if leading >= 10:
            exponent, leading = exponent + 1, leading / 10
        return -exponent + (1 if leading < 2 else 0)
    if value == 0 or float(value).is_integer():
        return 0
    return _DIGITS_WITHOUT_INTERVAL - 1 - math.floor(math.log10(abs(value)))


def _write(value: float, decimals: int) -> str:
    if decimals > _MAX_DECIMALS:
        return _write_scientific(value, decimals)
    # Python rounds exact halves to even from the binary value; for a displayed digit either is right.
    text = f"{round(value, decimals):,.{max(decimals, 0)}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.,") else text


def _write_scientific(value: float, decimals: int) -> str:
    if round(value, decimals) == 0:
        return "0"
    digits = max(decimals + math.floor(math.log10(abs(value))), 0)
    return f"{value:.{digits}e}"
