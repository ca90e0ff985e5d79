"""Axes that set synthetic sets side by side: which metrics, from where to where, and who is left out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.audit.result import AuditSummary, MetricRow
from core.metrics.metric_facts import Direction
from core.plots.axes import AxisValue, CompareAxis
from core.report.metric_groups import AIMS, find_aim, find_facts
from core.report.numbers import format_count, format_interval, format_value, typeset

__all__ = ["ComparedAxes", "build_axes"]

# In the order of the questions; the first of a bracket that was measured stands for all of it.
_KEY_METRICS: tuple[tuple[str, ...], ...] = (
    ("fid", "fd"),
    ("kid",),
    ("precision",),
    ("density",),
    ("recall",),
    ("coverage",),
    ("feature_std",),
    ("vendi_score",),
    ("ms_ssim",),
    ("flag_excess", "copy_excess"),
    ("membership_auc",),
    ("authenticity",),
)
# Titles that fit below an axis.
_SHORT = {
    "fid": "FID",
    "feature_std": "Feature STD",
    "ms_ssim": "Pairwise MS-SSIM",
    "kid": "Kernel distance",
    "membership_auc": "Membership inference",
    "flag_excess": "Flagged beyond chance",
}

_FEWEST_SETS = 2


@dataclass(frozen=True, slots=True)
class ComparedAxes:
    """The key metrics of several sets.

    Attributes:
        axes: metric id to axis; metrics on which fewer than two sets compare have none.
        notes: a sentence each on a set or a metric that is left out.
    """

    axes: Mapping[str, CompareAxis]
    notes: tuple[str, ...]


def build_axes(summary: AuditSummary) -> ComparedAxes:
    """Choose the key metrics that the audit has, and scale an axis for each.

    A set whose value was measured at another number of images than most, where that moves it, has none here.

    Where several extractors measured the same, the first of the protocol stands for them, for copies the one
    made for copies.

    Args:
        summary: an audit with the sets, the class and the extractors to show.
    """
    axes: dict[str, CompareAxis] = {}
    notes: list[str] = []
    for alternatives in _KEY_METRICS:
        tried = []
        for metric in alternatives:
            rows = [row for row in summary.results if row.metric == metric and row.value is not None]
            axis, note = _try_axis(metric, _of_one_extractor(summary, rows))
            tried.append(note)
            if axis is not None:
                axes[metric] = axis
                break
        # The last one tried has the axis, else the first one that was measured says why there is none.
        said = tried[-1] if any(metric in axes for metric in alternatives) else next(filter(None, tried), "")
        notes += [said] if said else []
    return ComparedAxes(axes, tuple(notes))


def _try_axis(metric: str, rows: Sequence[MetricRow]) -> tuple[CompareAxis | None, str]:
    """An axis where two or more sets compare, and what is to be said of those that do not."""
    name = _SHORT.get(metric, find_facts(metric).name)
    if not rows:
        return None, ""
    if len(rows) < _FEWEST_SETS:
        return None, f"{name} has no axis: only {rows[0].synthetic} has a number."
    compared = _of_one_n(rows)
    left_out = ", ".join(f"{row.synthetic} ({_write_n(row)})" for row in rows if row not in compared)
    if len(compared) < _FEWEST_SETS:
        first = f"{compared[0].synthetic} ({_write_n(compared[0])})"
        return None, (
            f"{name} has no axis: its numbers compare only at equal numbers of images, and these differ: "
            f"{first}, {left_out}."
        )
    axis = _build_axis(metric, compared)
    if axis is None:
        aim = find_aim(metric, None)
        reason = "have the same number" if aim is None else f"are at the aim, {aim:g}, or beyond"
        return None, f"{name} has no axis: all sets {reason}."
    note = f"{name} leaves out {left_out}: it compares only at equal numbers of images."
    return axis, note if left_out else ""


def _write_n(row: MetricRow) -> str:
    return f"n = {format_count(_n_of(row) or row.n_synthetic)}"


def _of_one_extractor(summary: AuditSummary, rows: Sequence[MetricRow]) -> list[MetricRow]:
    present = list(dict.fromkeys(row.extractor for row in rows))
    for_copies = [one.name for one in summary.protocol.extractors if one.metrics == ("copies",)]
    chosen = next((name for name in for_copies if name in present), next(iter(present), None))
    return [row for row in rows if row.extractor == chosen]


def _of_one_n(rows: Sequence[MetricRow]) -> list[MetricRow]:
    """Rows whose values were measured at the number of images that most have, where it moves the value."""
    sizes = [_n_of(row) for row in rows]
    usual = max(dict.fromkeys(sizes), key=sizes.count, default=None)
    return [row for row, n in zip(rows, sizes, strict=True) if n == usual]


def _n_of(row: MetricRow) -> int | None:
    floor = row.floor_detail
    return None if floor is None or floor.value_at_n is None else floor.n


def _build_axis(metric: str, rows: Sequence[MetricRow]) -> CompareAxis | None:
    facts = find_facts(metric)
    values = {row.synthetic: _read(row) for row in rows}
    floor = next((_floor(row) for row in rows if row.floor_detail is not None), None)
    shown = [*values.values(), *([floor] if floor else [])]
    numbers = [number for one in shown for number in (one.value, one.low, one.high) if number is not None]
    n = _n_of(rows[0])
    # A floor is an aim only for values at its own number of images.
    aim = find_aim(metric, floor.value if floor and n else None)
    is_lower = facts.direction is Direction.LOWER
    if facts.unit == "share":
        low, high = 0.0, 1.0
    elif aim is None:
        low, high = min(numbers), max(numbers)
    else:
        # From the aim to the worst number: the best one says nothing where it lies beyond.
        low, high = (aim, max(numbers)) if is_lower else (min(numbers), aim)
    if not low < high:
        return None
    worst, best = (high, low) if is_lower else (low, high)
    at_n = f" at n = {format_count(n)}" if n else ""
    return CompareAxis(
        title=f"{_SHORT.get(metric, facts.name)}{at_n}",
        worst=worst,
        best=best,
        worst_text=_write_end(worst, low, high),
        best_text=f"{AIMS[metric]:g}" if metric in AIMS else _write_end(best, low, high),
        values=values,
        floor=floor,
        ends_at_aim=aim is not None,
    )


def _read(row: MetricRow) -> AxisValue:
    """The value at the floor's number of images where it depends on it, else the value."""
    floor = row.floor_detail
    if floor is not None and floor.value_at_n is not None:
        return _write(floor.value_at_n, floor.value_at_n_low, floor.value_at_n_high)
    assert row.value is not None
    return _write(row.value, row.low, row.high)


def _floor(row: MetricRow) -> AxisValue:
    assert row.floor_detail is not None
    return _write(row.floor_detail.value, row.floor_detail.low, row.floor_detail.high)


def _write(value: float, low: float | None, high: float | None) -> AxisValue:
    text = f"{format_value(value, low, high)} {format_interval(value, low, high)}".strip()
    return AxisValue(value, low, high, typeset(text))


def _write_end(value: float, low: float, high: float) -> str:
    """An end with as many digits as tell the axis's ends apart."""
    if float(value).is_integer():
        return typeset(f"{value:,.0f}")
    decimals = max(1 - math.floor(math.log10(high - low)), 0)
    text = f"{value:,.{decimals}f}"
    return typeset(text) if text.strip("-0.,") else "0"
