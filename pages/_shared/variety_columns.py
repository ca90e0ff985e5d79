"""The numbers that go with mean images, as a table for pages, each with the sentence that explains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from core.report.metric_table import MetricTable, TableRow
from pages._shared.metric_columns import lay_out_metrics
from pages._shared.table import Cell, Table

__all__ = ["lay_out_variety"]

_METRICS: Final = (
    "mean_image_png_bytes",
    "mean_image_ljpeg_bytes",
    "variety",
    "feature_std",
    "vendi_score",
    "ms_ssim",
)


def lay_out_variety(table: MetricTable) -> Table:
    """Lay out how varied each set is, with the real set's own value beside the synthetic sets'.

    Args:
        table: every number of an audit, or of one class of it.
    """
    rows = [row for group in table.groups for row in group.rows if row.facts.id in _METRICS]
    ordered = tuple(sorted(rows, key=lambda row: _METRICS.index(row.facts.id)))
    groups = (replace(table.groups[0], name="Variety", rows=ordered),) if ordered else ()
    plain = lay_out_metrics(replace(table, groups=groups))
    metric, extractor, real, *sets = plain.columns
    columns = (
        replace(metric, width=380),
        extractor,
        replace(real, title="real", tooltip="What the real set itself scores."),
        *sets,
    )
    explained, told = [], set[str]()
    for row, (row_id, cells) in zip(ordered, plain.rows, strict=True):
        explained.append((row_id, _explain(row, cells, is_told=row.facts.id in told)))
        told |= set() if row.qualifier else {row.facts.id}
    return Table(columns, tuple(explained), plain.caption)


def _explain(row: TableRow, cells: Mapping[str, Cell], *, is_told: bool) -> dict[str, Cell]:
    """Say below a metric's name what it tells, once a metric however many extractors there are."""
    shown = dict(cells)
    if not row.qualifier:
        sentence = "" if is_told else row.facts.sentence
        shown["metric"] = replace(cells["metric"], detail=sentence, tooltip=row.facts.definition)
    return shown
