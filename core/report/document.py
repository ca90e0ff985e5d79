"""The self-contained HTML report of an audit: answer first, then evidence, then settings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from core.audit.mean_volume import MeanVolume
from core.audit.result import AuditResult, AuditSummary, MeanPicture, SetSummary
from core.audit.set_warnings import write_spacing
from core.metrics.metric_facts import Direction, MetricFacts
from core.plots.difference import DIFFERENCE_STOPS
from core.plots.style import SYMBOL_PATHS, assign_styles
from core.report.bias_section import build_bias_section
from core.report.cautions import collect_cautions
from core.report.content import ReportContent
from core.report.deidentify import deidentify
from core.report.figures import ReportFigure, build_report_figures
from core.report.findings import find_answers, summarise_answers
from core.report.judgements import FEW_IMAGES, LITTLE
from core.report.mean_gallery import MeanGallery, build_mean_gallery, choose_side
from core.report.mean_slices import describe_mean_volume, picture_means
from core.report.metric_groups import GROUPS, find_facts
from core.report.metric_table import build_metric_table
from core.report.numbers import format_count, format_interval, format_share, format_value, typeset
from core.report.pictures import PairPictures
from core.report.review_section import Agreement, Rate, ReviewSummary, hide_reviewers
from core.report.strongest_pairs import MAIN_EXTRACTOR, collect_controls, collect_pairs

__all__ = ["render_report"]

_TEMPLATES = Path(__file__).parent / "templates"
_MOST_LISTED = 40
_MOST_CAUTIONS = 10
# With more synthetic sets, only those stay open whose pairs need a look.
_MOST_OPEN = 3

_DIRECTIONS = {
    Direction.HIGHER: ("↑", "higher is better"),
    Direction.LOWER: ("↓", "lower is better"),
    Direction.NONE: ("", "neither direction is better"),
}
_ROLES = {"real": "real (train)", "heldout": "held-out", "synthetic": "synthetic"}


def render_report(
    result: AuditResult,
    *,
    content: ReportContent = ReportContent.IMAGES,
    pictures: PairPictures | None = None,
    reviews: Sequence[ReviewSummary] = (),
    study: str = "",
) -> str:
    """Render an audit as one HTML page that loads nothing: styles, scripts, plots and pictures are inside.

    The same input gives the same text. Names of files, folders, sets and classes are escaped wherever they
    stand, and a content security policy lets the page reach no network, whatever it holds.

    Args:
        result: what the audit found.
        content: whether images and names stand in it.
        pictures: images of the strongest pairs, from `core.report.pictures.picture_pairs`; shown only
            where `content` shows images.
        reviews: what readers said of the pairs.
        study: what the study is called; not shown in a de-identified report.

    Returns:
        The page; a few megabytes, most of them the plotting library and the pictures.
    """
    controls = collect_controls(result) if content.shows_images else ()
    if not content.shows_names:
        result, reviews, study = deidentify(result), hide_reviewers(reviews), ""
    if not content.shows_images:
        result, pictures = replace(result, mean_images={}, mean_volumes={}), {}
    summary = result.summary
    answers = find_answers(summary)
    figures = build_report_figures(summary)
    classes = _classes_first(summary, {row.class_name for row in summary.results})
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            summary=summary,
            nouns=summary.sets[0].noun,
            mean_of=f"Mean {summary.sets[0].noun[:-1]}",
            content=content,
            study=study,
            answers=answers,
            headlines=summarise_answers(answers),
            few_images=FEW_IMAGES,
            little=LITTLE,
            cautions=_list_cautions(summary, content),
            most_cautions=_MOST_CAUTIONS,
            table=build_metric_table(summary, None),
            class_tables=[build_metric_table(summary, name) for name in classes],
            figures={group: [figure for figure in figures if figure.group == group] for group in GROUPS},
            figure_data=_to_script_json({figure.id: _themes(figure) for figure in figures}),
            galleries=_build_galleries(result),
            difference_stops=DIFFERENCE_STOPS,
            pair_groups=collect_pairs(result),
            controls=controls,
            pictures=pictures or {},
            main_extractor=MAIN_EXTRACTOR,
            bias=None
            if result.bias is None
            else build_bias_section(result.bias.document, with_pictures=content.shows_images),
            reviews=reviews,
            styles=assign_styles(one.name for one in summary.sets if one.role == "synthetic"),
            symbol_paths=SYMBOL_PATHS,
            roles=_ROLES,
            glossary=_collect_facts(summary),
            most_listed=_MOST_LISTED,
            most_open=_MOST_OPEN,
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
    environment.filters["size"] = _describe_size
    environment.filters["spacing"] = lambda ends: write_spacing(ends).replace(" x ", " × ")
    environment.filters["choice"] = _describe_choice
    environment.filters["chance"] = lambda value: "< 0.001" if value < 0.001 else f"= {value:.2g}"
    environment.filters["rate"] = _write_rate
    environment.filters["kappa"] = _write_kappa
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


def _classes_first(summary: AuditSummary, labels: Iterable[str | None]) -> list[str]:
    """Classes, then groups, each by name."""
    named = {label for label in labels if label is not None}
    return sorted(named, key=lambda label: (label in summary.groups, label))


def _build_galleries(result: AuditResult) -> list[MeanGallery]:
    """Mean images, or the middle slices of mean volumes, of the whole sets, then of each class and group."""
    names = [one.name for one in result.summary.sets]
    means: Mapping[tuple[str, str | None], MeanPicture | MeanVolume]
    means = result.mean_volumes or result.mean_images
    labels = [None, *_classes_first(result.summary, {label for _, label in means})]

    def picture(label: str | None) -> dict[str, MeanPicture]:
        # Anew each time: all of them at once may be much, and some are still on disk.
        return picture_means({name: means[name, label] for name in names if (name, label) in means})

    side = choose_side(one for label in labels for one in picture(label).values())
    galleries = []
    for label in labels:
        real = result.mean_volumes.get(("real", label))
        size = "" if real is None else describe_mean_volume(real)
        gallery = build_mean_gallery(picture(label), class_name=label, side=side, size=size)
        if gallery is not None:
            galleries.append(gallery)
    return galleries


def _list_cautions(summary: AuditSummary, content: ReportContent) -> list[tuple[str, str]]:
    cautions = collect_cautions(summary)
    if content.shows_names:
        return cautions
    # Reasons name files, and so stand nowhere in this version.
    return [(kind, text.replace("; the reasons stand under Image sets.", ".")) for kind, text in cautions]


def _write_rate(rate: Rate) -> str:
    return f"{typeset(format_share(rate.value, rate.low, rate.high))} of {format_count(rate.n)}"


def _write_kappa(agreement: Agreement) -> str:
    if agreement.kappa is None:
        return "–"
    ends = agreement.kappa, agreement.low, agreement.high
    return typeset(f"{format_value(*ends)} {format_interval(*ends)}".strip())


def _describe_range(facts: MetricFacts) -> str:
    ends = (facts.low, facts.high)
    low, high = ("∞" if end == float("inf") else "−∞" if end == -float("inf") else f"{end:g}" for end in ends)
    return f"{low} to {high}"


def _describe_size(one: SetSummary) -> str:
    smallest, largest = (f"{width} × {height}" for width, height in one.sizes)
    if one.slices is None:
        return f"{_write_range(smallest, largest)} px"
    shapes = (
        f"{slices} × {height} × {width}"
        for slices, (width, height) in zip(one.slices, one.sizes, strict=True)
    )
    return f"{_write_range(*shapes)} voxels"


def _write_range(smallest: str, largest: str) -> str:
    return smallest if smallest == largest else f"{smallest} to {largest}"


def _describe_choice(value: object) -> str:
    if value is None or value == []:
        return "default"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(str(one) for one in value)
    return str(value)
