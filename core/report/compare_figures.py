"""Figures that set several synthetic sets side by side over the key metrics."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence

import plotly.graph_objects as go

from core.audit.result import AuditSummary, MetricRow
from core.metrics.metric_facts import Direction
from core.plots.axes import AxisValue, CompareAxis
from core.plots.parallel import plot_parallel
from core.plots.radar import FEWEST_SPOKES, plot_radar
from core.plots.style import Theme, assign_styles
from core.report.figures import ReportFigure
from core.report.metric_groups import AIMS_AT_REAL, find_facts
from core.report.numbers import format_count, format_interval, format_value, typeset

__all__ = ["build_axes", "build_compare_figures"]

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

_RULE = (
    "Shares run from 0 to 1; every other axis from the worst to the best number shown, intervals and real "
    "images included, so that a short way on one axis may be a long one on another. Axes of metrics that are "
    "better low are turned round."
)
_PARALLEL = (
    "Each line is a set, each upright axis a metric with its good end up; bars are 95 % intervals. The "
    "dotted line is what real images score in the synthetic set's place, where that was measured. A "
    "line breaks where a set has no number that compares. {aims}{rule}"
)
_AIMS = "On {names} the dotted line is the aim: beyond it is no better. "
_RADAR = (
    "Outside is better. Compare spoke by spoke: a ring's area and shape mean nothing, since they change with "
    "the order of the spokes. Intervals stand in the figure above. {left_out}{rule}"
)
_LEFT_OUT = "Metrics whose aim is the real images' own value are left out. "


def build_compare_figures(summary: AuditSummary, all_names: Sequence[str]) -> tuple[ReportFigure, ...]:
    """Draw the synthetic sets of a summary over the key metrics.

    Args:
        summary: an audit with the sets, the class and the extractors to show.
        all_names: every synthetic set of the audit, so that each keeps its look.

    Returns:
        Parallel coordinates, and a radar where there are enough metrics; none without numbers.
    """
    names = [one.name for one in summary.sets if one.role == "synthetic"]
    axes = build_axes(summary)
    if not axes:
        return ()
    styles = assign_styles(all_names)
    aims = [axis.title for metric, axis in axes.items() if metric in AIMS_AT_REAL and axis.floor]
    aim = _AIMS.format(names=", ".join(aims)) if aims else ""
    figures = [
        _finish(
            "parallel",
            "All metrics",
            _PARALLEL.format(aims=aim, rule=_RULE),
            tuple(axes.values()),
            names,
            lambda theme: plot_parallel(tuple(axes.values()), names, styles=styles, theme=theme),
        )
    ]
    spokes = tuple(axis for metric, axis in axes.items() if metric not in AIMS_AT_REAL)
    if len(spokes) >= FEWEST_SPOKES:
        left_out = _LEFT_OUT if len(spokes) < len(axes) else ""
        figures.append(
            _finish(
                "radar",
                "Radar",
                _RADAR.format(left_out=left_out, rule=_RULE),
                spokes,
                names,
                lambda theme: plot_radar(spokes, names, styles=styles, theme=theme),
            )
        )
    return tuple(figures)


def build_axes(summary: AuditSummary) -> dict[str, CompareAxis]:
    """Choose the key metrics that the audit has, and scale an axis for each.

    A set whose value was measured at another number of images than most, where that moves it, has none here.

    Where several extractors measured the same, the first of the protocol stands for them, for copies the one
    made for copies.

    Returns:
        Metric id to axis; metrics without a number, or with one number for all, are left out.
    """
    axes = {}
    for alternatives in _KEY_METRICS:
        for metric in alternatives:
            rows = [row for row in summary.results if row.metric == metric and row.value is not None]
            axis = _build_axis(metric, _of_one_n(_of_one_extractor(summary, rows)))
            if axis is not None:
                axes[metric] = axis
                break
    return axes


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
    if facts.unit == "share":
        low, high = 0.0, 1.0
    else:
        low, high = min(numbers, default=0.0), max(numbers, default=0.0)
    if not values or not low < high:
        return None
    worst, best = (high, low) if facts.direction is Direction.LOWER else (low, high)
    n = next(iter(rows), None) and _n_of(rows[0])
    at_n = f" at n = {format_count(n)}" if n else ""
    return CompareAxis(
        title=f"{_SHORT.get(metric, facts.name)}{at_n}",
        worst=worst,
        best=best,
        worst_text=_write_end(worst, low, high),
        best_text=_write_end(best, low, high),
        values=values,
        floor=floor,
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


def _finish(
    figure_id: str,
    title: str,
    caption: str,
    axes: Sequence[CompareAxis],
    names: Sequence[str],
    draw: Callable[[Theme], go.Figure],
) -> ReportFigure:
    alt = " ".join(
        f"{axis.title}: "
        + ", ".join(f"{name} {axis.values[name].text}" for name in names if name in axis.values)
        + (f", real against real {axis.floor.text}." if axis.floor else ".")
        for axis in axes
    )
    light, dark = (json.loads(draw(theme).to_json()) for theme in ("light", "dark"))
    return ReportFigure(figure_id, "Compare", True, title, caption, alt, light, dark)
