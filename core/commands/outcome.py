"""What a terminal shows when an audit is done: main numbers, warnings, and where the report is."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from core.audit.numbers import format_value
from core.audit.result import AuditResult, MetricRow
from core.metrics.catalogue import METRICS, Direction

__all__ = ["print_outcome"]

_SHOWN = ("fid", "fd", "kid", "precision", "recall", "coverage", "privacy", "authenticity", "variety")
_ARROWS = {Direction.HIGHER: "higher is better", Direction.LOWER: "lower is better"}


def print_outcome(result: AuditResult, folder: Path) -> None:
    """Print a table of the main metrics, the warnings, and the report's path to standard output."""
    console = Console(highlight=False, soft_wrap=not Console().is_terminal)
    summary = result.summary
    names = [one.name for one in summary.sets if one.role == "synthetic"]
    table = Table("metric", "extractor", *names, "real against real")
    for metric in _SHOWN:
        rows = [row for row in summary.results if row.metric == metric and row.class_name is None]
        for extractor in dict.fromkeys(row.extractor for row in rows):
            by_name = {row.synthetic: row for row in rows if row.extractor == extractor}
            if metric == "fd" and any(
                r.metric == "fid" and r.extractor == extractor for r in summary.results
            ):
                continue
            direction = _ARROWS.get(METRICS[metric].direction, "")
            first = next(iter(by_name.values()))
            table.add_row(
                f"{metric}\n({direction})" if direction else metric,
                extractor or "",
                *(_cell(by_name.get(name)) for name in names),
                _floor(first),
            )
    console.print(table)
    unreadable = sum(len(one.unreadable) for one in summary.sets)
    if unreadable:
        console.print(
            f"{unreadable} files could not be read and were left out; the report lists them.", markup=False
        )
    for warning in (*summary.notices, *summary.warnings):
        console.print(f"Warning: {warning}", markup=False)
    console.print(f"Report: {folder.absolute() / 'report.html'}", markup=False)


def _cell(row: MetricRow | None) -> str:
    if row is None or row.value is None:
        return "-"
    return format_value(row.value, row.low, row.high)


def _floor(row: MetricRow) -> str:
    detail = row.floor_detail
    return "" if detail is None else f"{format_value(detail.value, detail.low, detail.high)} (n={detail.n})"
