"""From how much of the real set's most suspect sign a synthetic set carries to an honest sentence."""

from __future__ import annotations

from typing import Final

from core.audit.result import MetricRow
from core.report.judgements import LITTLE, Finding
from core.report.numbers import format_interval, format_value, typeset

__all__ = ["METRIC", "judge_inheritance"]

METRIC: Final = "bias_inheritance"


def judge_inheritance(row: MetricRow) -> Finding:
    """Tell from inheritance at the most suspect place whether a set carries what may be a shortcut.

    Args:
        row: `bias_inheritance`; without a value where the real set has no local sign.
    """
    if row.value is None:
        return Finding("No suspect place to inherit from", row.note, "clear")
    carried = _write(row.value, row.low, row.high)
    parts = [
        f"It carries {carried} of the real images' most suspect sign (1 is all of it, 0 none"
        f"{', below 0 the classes are swapped' if row.value < 0 else ''})"
    ]
    floor = row.floor_detail
    if floor is not None:
        parts[0] += f"; held-out real images carry {_write(floor.value, floor.low, floor.high)}"
    parts[0] += "."
    parts.append(row.note)
    if row.low is None or row.high is None:
        return Finding("Cannot be judged", " ".join(parts), "open")
    if row.low > LITTLE:
        return Finding("Carries the most suspect sign", " ".join(parts), "concern")
    if row.high < -LITTLE:
        return Finding("Carries the most suspect sign with the classes swapped", " ".join(parts), "concern")
    if row.low > -LITTLE and row.high < LITTLE:
        return Finding("Carries little or none of the most suspect sign", " ".join(parts), "clear")
    return Finding("Whether it carries the most suspect sign is open", " ".join(parts), "open")


def _write(value: float, low: float | None, high: float | None) -> str:
    return typeset(f"{format_value(value, low, high)} {format_interval(value, low, high)}".strip())
