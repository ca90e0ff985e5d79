from __future__ import annotations

import pytest

from core.report.points import format_p, format_points, format_points_interval


@pytest.mark.parametrize(
    ("ends", "points", "interval"),
    [
        ((0.012, 0.003, 0.021), "+1.2", "[0.3, 2.1]"),
        ((-0.0214, -0.18, 0.14), "−2", "[−18, 14]"),
        ((-0.066, -0.277, 0.145), "−7", "[−28, 14]"),
        ((0.9, 0.4, 1.4), "+90", "[40, 140]"),
        ((0.0, 0.0, 0.0), "0", "[0, 0]"),
        # Noise of floats is no change.
        ((1e-17, None, None), "0", ""),
        ((0.3125, None, None), "+31.2", ""),
        # A change smaller than the last digit shown has no sign.
        ((-0.004, -0.4, 0.4), "0", "[−40, 40]"),
    ],
)
def test_changes_are_points_with_a_sign(
    ends: tuple[float, float | None, float | None], points: str, interval: str
) -> None:
    assert (format_points(*ends), format_points_interval(*ends)) == (points, interval)


def test_p_values_have_two_digits() -> None:
    assert [format_p(p) for p in (1.0, 0.0625, 0.0078125, 0.0004)] == [
        "p = 1", "p = 0.062", "p = 0.0078", "p < 0.001",
    ]  # fmt: skip
