"""The report's figures: which numbers stand in which plot, and what each says in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.audit.result import AuditSummary, MetricRow
from core.plots.intervals import INTERVAL_COLUMNS, plot_intervals
from core.plots.style import HELDOUT, Theme, assign_styles
from core.plots.tradeoff import TRADEOFF_COLUMNS, plot_tradeoff
from core.report.metric_groups import find_facts
from core.report.numbers import format_count, format_interval, format_value, typeset

__all__ = ["ReportFigure", "build_report_figures"]

_SHARES = (0.0, 1.0)
_Numbers = tuple[float | None, float | None, float | None]

_DISTANCE_CAPTION = (
    "Point and bar: a synthetic set with its 95 % interval. Dotted line and grey band: other real images in "
    "its place. A set whose bar lies right of the band is told from real."
)
_NEIGHBOUR_CAPTION = (
    "Precision and density ask of each synthetic image whether real ones are near; recall and coverage ask "
    "of each real image whether synthetic ones are. High precision with low recall marks a collapsed "
    "set. Dotted line and grey band: held-out real images, where there are any."
)
_FLAGGED_CAPTION = (
    "Flagged: nearer to a training image than hardly any innocent image is. Dotted line and grey band: the "
    "share of innocent images that is flagged by chance. Excess copy rate: 0 is what innocent images have."
)
_PRIVACY_CAPTION = (
    "Dotted line and grey band: held-out real images, which fall near training images by chance. A set whose "
    "bar lies left of the band has more look-alikes than chance gives. Without a held-out set there is no "
    "band, and nothing to hold a set against."
)
_BIAS_CAPTION = (
    "1: the set carries all of the sign that gives the class away at the most suspect place of the real "
    "images, 0: none of it. Dotted line and grey band: held-out real images. Where that place is a marker or "
    "another shortcut, 0 is best; disease and anatomy should be carried."
)
_TRADEOFF_CAPTION = "Copying moves a set down, implausible images move it left."
_TRADEOFF_HELDOUT = (
    "The open circle is the held-out set: real images of other patients, and what a generator that copies "
    "nothing can reach."
)


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """One figure.

    Attributes:
        id: unique in the report.
        group: the question it answers: Fidelity, Variety, Privacy or Bias.
        wide: whether it needs the whole width of a page.
        title: what it shows.
        caption: how to read it.
        alt: its numbers in words.
        light: plotly's JSON on a light ground.
        dark: the same on a dark one.
    """

    id: str
    group: str
    wide: bool
    title: str
    caption: str
    alt: str
    light: dict[str, Any]
    dark: dict[str, Any]


def build_report_figures(summary: AuditSummary) -> tuple[ReportFigure, ...]:
    """Draw the key metrics of the whole sets; a figure without any number is left out."""
    figures = [
        _draw_intervals(
            summary,
            _distance_records(summary),
            ("distances", "Fidelity", "Fréchet distance from the real set"),
            _DISTANCE_CAPTION,
        )
    ]
    kinds = (
        (("precision", "recall", "density", "coverage"), "Variety", "Realism and reach", _NEIGHBOUR_CAPTION),
        (("flagged", "copy_excess"), "Privacy", "Flagged as copies", _FLAGGED_CAPTION),
        (("privacy", "authenticity"), "Privacy", "Distance kept from training images", _PRIVACY_CAPTION),
        (("bias_inheritance",), "Bias", "Suspect sign of the real images", _BIAS_CAPTION),
    )
    for metrics, group, title, caption in kinds:
        for index, extractor in enumerate(_extractors(summary, metrics)):
            records = _metric_records(summary, metrics, extractor)
            heading = (f"{metrics[0]}-{index}", group, f"{title} ({extractor})" if extractor else title)
            figures.append(_draw_intervals(summary, records, heading, caption))
    for index, extractor in enumerate(_extractors(summary, ("privacy",))):
        figures.append(_draw_tradeoff(summary, extractor, f"tradeoff-{index}"))
    return tuple(figure for figure in figures if figure is not None)


def _whole_set_rows(summary: AuditSummary, metrics: Sequence[str]) -> list[MetricRow]:
    """Rows with a value, metric by metric, sets in the study's order."""
    return [
        row
        for metric in metrics
        for name in _synthetic_names(summary)
        for row in summary.results
        if row.metric == metric and row.synthetic == name and row.class_name is None and row.value is not None
    ]


def _synthetic_names(summary: AuditSummary) -> list[str]:
    return [one.name for one in summary.sets if one.role == "synthetic"]


def _extractors(summary: AuditSummary, metrics: Sequence[str]) -> list[str | None]:
    return list(dict.fromkeys(row.extractor for row in _whole_set_rows(summary, metrics)))


def _distance_records(summary: AuditSummary) -> list[dict[str, Any]]:
    rows = _whole_set_rows(summary, ("fid", "fd"))
    called_fid = {row.extractor for row in rows if row.metric == "fid"}
    records = []
    for row in rows:
        floor = row.floor_detail
        if floor is None or floor.value_at_n is None or (row.metric == "fd" and row.extractor in called_fid):
            continue
        records.append(
            _record(
                row,
                panel=f"{'FID' if row.metric == 'fid' else 'Fréchet distance'} ({row.extractor})",
                numbers=(floor.value_at_n, floor.value_at_n_low, floor.value_at_n_high),
                condition=f" at {format_count(floor.n)} images a side",
            )
        )
    return records


def _metric_records(
    summary: AuditSummary, metrics: Sequence[str], extractor: str | None
) -> list[dict[str, Any]]:
    return [
        _record(row, panel=find_facts(row.metric).name, numbers=(row.value, row.low, row.high))
        for row in _whole_set_rows(summary, metrics)
        if row.extractor == extractor
    ]


def _record(row: MetricRow, *, panel: str, numbers: _Numbers, condition: str = "") -> dict[str, Any]:
    """One row of `plot_intervals`, and whether its axis is a share's."""
    floor = row.floor_detail
    text = f"{row.synthetic}: {_write(numbers)}{condition}"
    if floor is not None:
        text += f"\nreal images: {_write((floor.value, floor.low, floor.high))}"
    return {
        "panel": panel,
        "set": row.synthetic,
        "value": numbers[0],
        "low": numbers[1],
        "high": numbers[2],
        "floor": None if floor is None else floor.value,
        "floor_low": None if floor is None else floor.low,
        "floor_high": None if floor is None else floor.high,
        "label": text,
        # Of flagged images there are few: on an axis to 1 all sets would lie in its corner.
        "is_share": find_facts(row.metric).unit == "share" and row.metric != "flagged",
    }


def _draw_intervals(
    summary: AuditSummary, records: Sequence[dict[str, Any]], heading: tuple[str, str, str], caption: str
) -> ReportFigure | None:
    if not records:
        return None
    styles = assign_styles(_synthetic_names(summary))
    ranges = {record["panel"]: _SHARES for record in records if record["is_share"]}
    table = _to_frame(records, INTERVAL_COLUMNS)
    panels = dict.fromkeys(record["panel"] for record in records)
    alt = " ".join(
        f"{panel}. {_join_labels([one for one in records if one['panel'] == panel])}" for panel in panels
    )
    return _finish(
        heading,
        caption,
        alt,
        # Panels of privacy stand beside the trade-off; others have many ticks or panels.
        heading[1] != "Privacy" or len(panels) > 2,
        lambda theme: plot_intervals(table, styles=styles, theme=theme, ranges=ranges),
    )


def _draw_tradeoff(summary: AuditSummary, extractor: str | None, figure_id: str) -> ReportFigure | None:
    rows = [row for row in _whole_set_rows(summary, ("fidelity", "privacy")) if row.extractor == extractor]
    pairs = [
        ({row.metric: row for row in rows if row.synthetic == name}, name)
        for name in _synthetic_names(summary)
    ]
    whole = [(pair["fidelity"], pair["privacy"], name) for pair, name in pairs if len(pair) == 2]
    if not whole:
        return None
    records = [_point(name, (x.value, x.low, x.high), (y.value, y.low, y.high)) for x, y, name in whole]
    x_floor, y_floor = whole[0][0].floor_detail, whole[0][1].floor_detail
    caption = _TRADEOFF_CAPTION
    if x_floor is not None and y_floor is not None:
        caption = f"{_TRADEOFF_HELDOUT} {caption}"
        x_numbers = x_floor.value, x_floor.low, x_floor.high
        records.insert(0, _point(HELDOUT, x_numbers, (y_floor.value, y_floor.low, y_floor.high)))
    styles = assign_styles(_synthetic_names(summary))
    table = _to_frame(records, TRADEOFF_COLUMNS)
    return _finish(
        (figure_id, "Privacy", f"Fidelity against privacy ({extractor})"),
        caption,
        _join_labels(records),
        False,
        lambda theme: plot_tradeoff(
            table,
            x_title="Fidelity: like a training image or nearer",
            y_title="Privacy: outside the copy set",
            styles=styles,
            theme=theme,
        ),
    )


def _point(name: str, x: _Numbers, y: _Numbers) -> dict[str, Any]:
    numbers = dict(zip(("x", "x_low", "x_high", "y", "y_low", "y_high"), (*x, *y), strict=True))
    return {"set": name, **numbers, "label": f"{name}\nfidelity {_write(x)}\nprivacy {_write(y)}"}


def _to_frame(records: Sequence[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    frame = pd.DataFrame(records)[list(columns)]
    numeric = [column for column in columns if column not in {"panel", "set", "label"}]
    return frame.astype(dict.fromkeys(numeric, "float64"))


def _finish(
    heading: tuple[str, str, str], caption: str, alt: str, wide: bool, draw: Callable[[Theme], go.Figure]
) -> ReportFigure:
    figure_id, group, title = heading
    light, dark = (json.loads(draw(theme).to_json()) for theme in ("light", "dark"))
    return ReportFigure(figure_id, group, wide, title, caption, alt, light, dark)


def _write(numbers: _Numbers) -> str:
    value, low, high = numbers
    if value is None:
        return "undefined"
    return typeset(f"{format_value(value, low, high)} {format_interval(value, low, high)}".strip())


def _join_labels(records: Sequence[dict[str, Any]]) -> str:
    return " ".join(f"{record['label'].replace(chr(10), ', ')}." for record in records)
