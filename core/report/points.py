"""How changes of shares are written: in percentage points, with their sign; and how p-values are."""

from __future__ import annotations

from typing import Final

from core.report.numbers import format_interval, format_value, typeset

__all__ = ["format_p", "format_points", "format_points_interval"]

# Rounded to tens, the ends of a wide interval would move too far.
_WIDE: Final = 40.0


def format_points(change: float, low: float | None, high: float | None) -> str:
    """Write a change of a score between 0 and 1 in percentage points, as `+1.2`; a change of 0 has no sign.

    Args:
        change: the change, not yet in points.
        low: lower end of its interval, or None; it decides the digits.
        high: upper end, or None.
    """
    text = _write(change, low, high)[0]
    return text if text.startswith("\N{MINUS SIGN}") or not text.strip("0.") else f"+{text}"


def format_points_interval(change: float, low: float | None, high: float | None) -> str:
    """Write a change's interval in percentage points, as `[-0.3, 2.7]`; empty where there is none."""
    return _write(change, low, high)[1]


def format_p(p: float) -> str:
    """Write a p-value with two digits, small ones as a bound: `p = 0.031`, `p < 0.001`."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def _write(change: float, low: float | None, high: float | None) -> tuple[str, str]:
    # Differences of equal scores carry the noise of floats.
    value, *ends = (None if one is None else round(100 * one, 9) for one in (change, low, high))
    assert value is not None
    first, last = ends
    if first is not None and last is not None and last - first >= _WIDE:
        value, first, last = (float(round(one)) for one in (value, first, last))
        return typeset(f"{value:.0f}"), typeset(f"[{first:.0f}, {last:.0f}]")
    return typeset(format_value(value, first, last)), typeset(format_interval(value, first, last))
