"""Figures of a crop experiment: utilities and metrics of every set before and after."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from core.crop_experiment.result import CropSummary, MetricChange, ScoreChange
from core.plots.before_after import plot_before_after
from core.plots.style import REAL, assign_styles
from core.report.metric_groups import GROUPS, find_facts
from core.report.numbers import format_interval, format_value, typeset
from core.utility.score_facts import SCORES
from core.utility.significance import ALPHA

__all__ = ["CropFigure", "build_metric_figure", "build_utility_figure", "list_extractors", "list_scores"]

_ARROWS: Final = {"higher": " ↑", "lower": " ↓"}
_STAR: Final = "✱"
_FAMILIES: Final = {
    "alone": "Trained on alone",
    "pretrained": "Pretrained on",
    "synthetic": "With real images, × {number}",
    "both": "The same, traditional, × {number}",
    "fraction": "With {number} of real images",
}
# What real images do in the same way, for comparison.
_REAL_ARMS: Final = {
    "alone": "none", "pretrained": "pretrained-real", "synthetic": "none", "both": "traditional",
}  # fmt: skip
# Numbers of files, and numbers that rank a set among others, say little of a crop.
_LEFT_OUT: Final = {"mean_image_ljpeg_bytes", "mean_image_png_bytes", "variety"}


@dataclass(frozen=True, slots=True)
class CropFigure:
    """One figure.

    Attributes:
        light: on a light ground.
        dark: on a dark ground.
        alt: what it shows, for readers who do not see it.
    """

    light: go.Figure
    dark: go.Figure
    alt: str


def list_scores(summary: CropSummary) -> dict[str, str]:
    """Scores of whole test sets: id to title."""
    found = dict.fromkeys(one.score for one in summary.scores if one.class_name is None)
    return {one: SCORES[one].title if one in SCORES else one for one in found}


def list_extractors(summary: CropSummary) -> tuple[str, ...]:
    """Extractors of the audits' numbers, in their order."""
    return tuple(dict.fromkeys(one.extractor for one in summary.metrics if one.extractor is not None))


def build_utility_figure(summary: CropSummary, score: str, *, known: Sequence[str] = ()) -> CropFigure | None:
    """Draw what each set teaches, by each way of using it; None where there is no such score.

    A star marks changes with p < 0.05 by the signed-rank test after Holm's correction.

    Args:
        summary: the experiment.
        score: id of a score.
        known: all synthetic sets of the study in its order, so that each keeps its colour and symbol.
    """
    rows = [
        one
        for one in summary.scores
        if one.score == score and one.class_name is None and (one.baseline is None or _is_gain(one))
    ]
    # Ways that need no real images stand first: they say what the set itself teaches.
    order = {"alone": 0, "pretrained": 1}
    real = {one.arm: one for one in rows if one.synthetic is None}
    families = dict.fromkeys((one.family, one.baseline) for one in rows if one.synthetic is not None)
    records = pd.DataFrame(
        [
            _score_record(one, family)
            for family, baseline in sorted(
                families, key=lambda key: (order.get(key[0], 2), key[1] is not None)
            )
            for one in (
                *([] if baseline else filter(None, [real.get(_REAL_ARMS.get(family.partition(":")[0], ""))])),
                *(row for row in rows if row.synthetic and (row.family, row.baseline) == (family, baseline)),
            )
        ]
    )
    return _draw(summary, records, known, f"{score} of each set before and after the crop")


def build_metric_figure(
    summary: CropSummary, extractor: str | None, *, known: Sequence[str] = ()
) -> CropFigure | None:
    """Draw the audit's numbers of whole sets, of one extractor and of none; None where there are none.

    A star marks changes whose interval does not hold 0.

    Args:
        summary: the experiment.
        extractor: the extractor, or None for numbers of pixels and files alone.
        known: see `build_utility_figure`.
    """
    order = [metric for group in GROUPS.values() for metric in group]
    rows = [
        one
        for one in summary.metrics
        if one.class_name is None
        and one.metric not in _LEFT_OUT
        and one.extractor in (extractor, None)
        and (one.before is not None or one.after is not None)
    ]
    rows.sort(key=lambda one: order.index(one.metric) if one.metric in order else len(order))
    records = pd.DataFrame([_metric_record(one) for one in rows])
    return _draw(summary, records, known, "metrics of each set before and after the crop")


def _draw(summary: CropSummary, records: pd.DataFrame, known: Sequence[str], alt: str) -> CropFigure | None:
    if records.empty:
        return None
    names = [one.name for one in summary.sets if one.role == "synthetic"]
    styles = assign_styles(dict.fromkeys((*known, *names)))
    light, dark = (plot_before_after(records, styles=styles, theme=theme) for theme in ("light", "dark"))
    return CropFigure(light, dark, alt)


def _is_gain(one: ScoreChange) -> bool:
    """Gains over what a reader would train without the set, for sets that join real images."""
    return one.baseline == "none" and one.family.startswith(("synthetic:", "fraction:"))


def _score_record(one: ScoreChange, family: str) -> dict[str, object]:
    scale = 100.0
    way, _, number = family.partition(":")
    title = _FAMILIES.get(way, family).format(number=number)
    is_proven = one.p_holm is not None and one.p_holm < ALPHA
    return {
        "panel": f"{title}, %" if one.baseline is None else f"Gain: {title[0].lower()}{title[1:]}, points",
        "set": one.synthetic or REAL,
        **_numbers(one, scale),
        "mark": _STAR if is_proven else "",
        "label": _hover(one.title, one, scale, "" if one.p_holm is None else f"p = {one.p_holm:.2g}"),
    }


def _metric_record(one: MetricChange) -> dict[str, object]:
    facts = find_facts(one.metric)
    apart = one.low is not None and one.high is not None and (one.low > 0 or one.high < 0)
    return {
        "panel": f"{facts.name}{_ARROWS.get(one.direction, '')}",
        "set": one.synthetic,
        **_numbers(one, 1.0),
        "mark": _STAR if apart else "",
        "label": _hover(facts.name, one, 1.0, f"{one.n_synthetic:,} synthetic images"),
    }


def _numbers(one: ScoreChange | MetricChange, scale: float) -> dict[str, float]:
    names = ("before", "before_low", "before_high", "after", "after_low", "after_high")
    return {name: math.nan if (v := getattr(one, name)) is None else scale * v for name in names}


def _hover(title: str, one: ScoreChange | MetricChange, scale: float, more: str) -> str:
    lines: Iterable[str] = (
        title,
        f"before {_write(one.before, one.before_low, one.before_high, scale)}",
        f"after {_write(one.after, one.after_low, one.after_high, scale)}",
        f"change {_write(one.change, one.low, one.high, scale)}",
        more,
    )
    return "\n".join(filter(None, lines))


def _write(value: float | None, low: float | None, high: float | None, scale: float) -> str:
    if value is None or not math.isfinite(value):
        return "not defined"
    ends = [None if one is None else scale * one for one in (low, high)]
    return typeset(f"{format_value(scale * value, *ends)} {format_interval(scale * value, *ends)}".strip())
