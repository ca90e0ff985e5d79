"""Which of several sets is best on a metric, where that can be said at all."""

from __future__ import annotations

from collections.abc import Sequence

from core.metrics.metric_facts import Direction

__all__ = ["find_best"]


def find_best(values: Sequence[tuple[float, float, float] | None], direction: Direction) -> int | None:
    """Find the value that is better than every other one beyond their intervals.

    Args:
        values: (value, low, high) of each set, None where there is no value or no interval.
        direction: which way is better.

    Returns:
        Its index; None where fewer than two values compare, a value has no interval, intervals touch or
        overlap, or no direction is better.
    """
    present = [index for index, one in enumerate(values) if one is not None]
    if direction is Direction.NONE or len(present) < 2:
        return None
    sign = 1.0 if direction is Direction.HIGHER else -1.0

    def ends(index: int) -> tuple[float, float]:
        one = values[index]
        assert one is not None
        return min(sign * one[1], sign * one[2]), max(sign * one[1], sign * one[2])

    best = max(present, key=lambda index: ends(index)[0])
    worst_of_best = ends(best)[0]
    return best if all(ends(other)[1] < worst_of_best for other in present if other != best) else None
