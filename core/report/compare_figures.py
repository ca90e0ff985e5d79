"""Figures that set several synthetic sets side by side over the key metrics."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

import plotly.graph_objects as go

from core.audit.result import AuditSummary
from core.plots.axes import CompareAxis
from core.plots.parallel import plot_parallel
from core.plots.radar import FEWEST_SPOKES, plot_radar
from core.plots.style import Theme, assign_styles
from core.report.compare_axes import build_axes
from core.report.figures import ReportFigure
from core.report.metric_groups import AIMS_AT_REAL

__all__ = ["build_compare_figures"]

_RULE = (
    "Shares run from 0 to 1; every other axis from the worst to the best number shown, intervals and real "
    "images included, so that a short way on one axis may be a long one on another. Axes of metrics that are "
    "better low are turned round."
)
_ENDS = (
    " The good end of {names} is the aim instead: numbers beyond it are no better and are drawn at it; point "
    "at one to read it."
)
_PARALLEL = (
    "Each line is a set, each upright axis a metric with its good end up; bars are 95 % intervals. The "
    "dotted line is what real images score in the synthetic set's place, where that was measured. A "
    "line breaks where a set has no number that compares. {aims}{rule}"
)
_AIMS = "On {names} the dotted line is the aim: beyond it is no better. "
_UNKNOWN_AIMS = "On {names} the aim is what real images score, which was not measured here. "
_RADAR = (
    "Outside is better, up to the end of a spoke. Compare spoke by spoke: a ring's area and shape mean "
    "nothing, since they change with the order of the spokes. Intervals stand in the figure above. "
    "{left_out}{rule}"
)
_LEFT_OUT = "Metrics whose aim is the real images' own value are left out. "


def build_compare_figures(summary: AuditSummary, all_names: Sequence[str]) -> tuple[ReportFigure, ...]:
    """Draw the synthetic sets of a summary over the key metrics.

    Args:
        summary: an audit with the sets, the class and the extractors to show.
        all_names: every synthetic set of the audit, so that each keeps its look.

    Returns:
        Parallel coordinates, and a radar where there are enough metrics; none without numbers, and none of
        fewer than two sets: places on an axis mean something only beside each other.
    """
    names = [one.name for one in summary.sets if one.role == "synthetic"]
    compared = build_axes(summary)
    axes = compared.axes
    if len(names) < 2 or not axes:
        return ()
    uprights = tuple(axes.values())
    styles = assign_styles(all_names)
    figures = [
        _finish(
            "parallel",
            "All metrics",
            " ".join((_PARALLEL.format(aims=_write_aims(axes), rule=_write_rule(uprights)), *compared.notes)),
            uprights,
            names,
            lambda theme: plot_parallel(uprights, names, styles=styles, theme=theme),
        )
    ]
    spokes = tuple(axis for metric, axis in axes.items() if metric not in AIMS_AT_REAL)
    if len(spokes) >= FEWEST_SPOKES:
        left_out = _LEFT_OUT if len(spokes) < len(axes) else ""
        figures.append(
            _finish(
                "radar",
                "Radar",
                _RADAR.format(left_out=left_out, rule=_write_rule(spokes)),
                spokes,
                names,
                lambda theme: plot_radar(spokes, names, styles=styles, theme=theme),
            )
        )
    return tuple(figures)


def _write_aims(axes: Mapping[str, CompareAxis]) -> str:
    at_real = [axis for metric, axis in axes.items() if metric in AIMS_AT_REAL]
    known = [axis.title for axis in at_real if axis.floor]
    unknown = [axis.title for axis in at_real if not axis.floor]
    said = ((_AIMS, known), (_UNKNOWN_AIMS, unknown))
    return "".join(text.format(names=", ".join(names)) for text, names in said if names)


def _write_rule(axes: Sequence[CompareAxis]) -> str:
    ends = [f"{axis.title} ({axis.best_text})" for axis in axes if axis.ends_at_aim]
    return _RULE + (_ENDS.format(names=", ".join(ends)) if ends else "")


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
