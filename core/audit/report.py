"""The self-contained HTML report of an audit: answer first, then evidence, then settings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from core.audit.cautions import collect_cautions
from core.audit.findings import find_answers, summarise_answers
from core.audit.judgements import FEW_IMAGES, LITTLE
from core.audit.mean_gallery import MeanGallery, build_mean_gallery, choose_side
from core.audit.metric_groups import GROUPS, find_facts
from core.audit.metric_table import build_metric_table
from core.audit.numbers import format_count, format_value, typeset
from core.audit.report_figures import ReportFigure, build_report_figures
from core.audit.result import AuditResult, AuditSummary, MeanPicture
from core.metrics.metric_facts import Direction, MetricFacts
from core.plots.difference import DIFFERENCE_STOPS
from core.plots.style import SYMBOL_PATHS, assign_styles

__all__ = ["render_report"]

_TEMPLATES = Path(__file__).parent / "templates"
_STRONGEST_COPIES = 5
_MOST_LISTED = 40
_MOST_CAUTIONS = 10

_DIRECTIONS = {
    Direction.HIGHER: ("↑", "higher is better"),
    Direction.LOWER: ("↓", "lower is better"),
    Direction.NONE: ("", "neither direction is better"),
}
_ROLES = {"real": "real (train)", "heldout": "held-out", "synthetic": "synthetic"}


def render_report(result: AuditResult) -> str:
    """Render an audit as one HTML page that loads nothing: styles, scripts, plots and pictures are inside.

    The same result gives the same text. Names of files, folders, sets and classes are escaped wherever they
    stand, and a content security policy lets the page reach no network, whatever it holds.

    Args:
        result: what the audit found.

    Returns:
        The page; a few megabytes, most of them the plotting library.
    """
    summary = result.summary
    answers = find_answers(summary)
    figures = build_report_figures(summary)
    whole = build_metric_table(summary, None)
    classes = sorted({row.class_name for row in summary.results if row.class_name is not None})
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            summary=summary,
            answers=answers,
            headlines=summarise_answers(answers),
            few_images=FEW_IMAGES,
            little=LITTLE,
            cautions=collect_cautions(summary),
            most_cautions=_MOST_CAUTIONS,
            table=whole,
            class_tables=[build_metric_table(summary, name) for name in classes],
            figures={group: [figure for figure in figures if figure.group == group] for group in GROUPS},
            figure_data=_to_script_json({figure.id: _themes(figure) for figure in figures}),
            galleries=_build_galleries(result),
            difference_stops=DIFFERENCE_STOPS,
            copies=_strongest_copies(result.copies),
            styles=assign_styles(one.name for one in summary.sets if one.role == "synthetic"),
            symbol_paths=SYMBOL_PATHS,
            roles=_ROLES,
            glossary=_collect_facts(summary),
            most_listed=_MOST_LISTED,
            # Trusted text of this package and of plotly, not of the study.
            css=_read("report.css"),
            script=_read("report.js"),
            plotly=Markup(get_plotlyjs()),  # noqa: S704
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = format_count
    environment.filters["number"] = lambda value: typeset(format_value(value, None, None))
    environment.filters["arrow"] = lambda facts: _DIRECTIONS[facts.direction][0]
    environment.filters["direction"] = lambda facts: _DIRECTIONS[facts.direction][1]
    environment.filters["range"] = _describe_range
    environment.filters["size"] = _describe_sizes
    environment.filters["choice"] = _describe_choice
    return environment


def _read(name: str) -> Markup:
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704


def _themes(figure: ReportFigure) -> dict[str, Any]:
    return {"light": figure.light, "dark": figure.dark}


def _to_script_json(data: Any) -> Markup:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(data, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704


def _collect_facts(summary: AuditSummary) -> list[MetricFacts]:
    measured = dict.fromkeys(row.metric for row in summary.results)
    order = {metric: place for place, metric in enumerate(m for group in GROUPS.values() for m in group)}
    return [find_facts(metric) for metric in sorted(measured, key=lambda m: order.get(m, len(order)))]


def _build_galleries(result: AuditResult) -> list[MeanGallery]:
    """Mean images of the whole sets, then of each class."""
    names = [one.name for one in result.summary.sets]
    labels: list[str | None] = [None]
    labels += sorted({label for _, label in result.mean_images if label is not None})
    side = choose_side(result.mean_images.values())
    galleries = []
    for label in labels:
        pictures: dict[str, MeanPicture] = {
            name: result.mean_images[name, label] for name in names if (name, label) in result.mean_images
        }
        gallery = build_mean_gallery(pictures, class_name=label, side=side)
        if gallery is not None:
            galleries.append(gallery)
    return galleries


def _strongest_copies(copies: pd.DataFrame) -> list[dict[str, Any]]:
    """For each synthetic set and extractor, how its items divide and the few nearest pairs."""
    groups: list[dict[str, Any]] = []
    for (name, extractor), rows in copies.groupby(["synthetic", "extractor"], sort=False):
        nearest = rows.sort_values(["distance", "synthetic_item"], kind="stable").head(_STRONGEST_COPIES)
        counts = rows["set"].value_counts()
        groups.append(
            {
                "name": name,
                "extractor": extractor,
                "n": len(rows),
                "counts": {label: int(counts.get(label, 0)) for label in ("copy", "real", "non-real")},
                "pairs": nearest.to_dict("records"),
            }
        )
    return groups


def _describe_range(facts: MetricFacts) -> str:
    ends = (facts.low, facts.high)
    low, high = ("∞" if end == float("inf") else "−∞" if end == -float("inf") else f"{end:g}" for end in ends)
    return f"{low} to {high}"


def _describe_sizes(sizes: Sequence[tuple[int, int]]) -> str:
    smallest, largest = (f"{width} × {height}" for width, height in sizes)
    return smallest if smallest == largest else f"{smallest} to {largest}"


def _describe_choice(value: object) -> str:
    if value is None or value == []:
        return "default"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(str(one) for one in value)
    return str(value)
