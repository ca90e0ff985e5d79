"""What a terminal shows when an audit is done: main numbers, warnings, and where the report is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from core.audit.result import AuditResult, Floor, MetricRow
from core.metrics.catalogue import METRICS, Direction
from core.report.numbers import format_value

__all__ = ["print_outcome"]

_SHOWN = (
    "fid",
    "fd",
    "kid",
    "precision",
    "recall",
    "coverage",
    "privacy",
    "authenticity",
    "variety",
    "bias_inheritance",
)
_WIDEST = 400
_ARROWS = {Direction.HIGHER: " ↑", Direction.LOWER: " ↓"}


def print_outcome(result: AuditResult, folder: Path) -> None:
    """Print the main metrics of every synthetic set, the warnings, and the report's path to standard output.

    Fréchet distances are shown at the number of images a side that their floor was measured with, so that
    a column can be read against its last line.
    """
    summary = result.summary
    whole = [row for row in summary.results if row.class_name is None]
    columns: dict[tuple[str, str | None], dict[str, MetricRow]] = {}
    planes = summary.plane_extractors
    for metric in _SHOWN:
        for row in whole:
            # A column for each plane would make the table three times as wide.
            if row.metric == metric and (metric == "fd" or row.extractor not in planes):
                columns.setdefault((metric, row.extractor), {})[row.synthetic] = row
    for _, extractor in [key for key in columns if key[0] == "fid"]:
        columns.pop(("fd", extractor), None)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for metric, extractor in columns:
        title = f"{metric}{_ARROWS.get(METRICS[metric].direction, '')}"
        table.add_column("\n".join(filter(None, (title, extractor))), justify="right", no_wrap=True)
    for one in summary.sets:
        if one.role == "synthetic":
            table.add_row(one.name, *(_cell(rows.get(one.name)) for rows in columns.values()))
    table.add_row("real against real", *(_floor(rows) for rows in columns.values()))
    console = _console_for(table)
    console.print(table)
    unreadable = sum(len(one.unreadable) for one in summary.sets)
    lines = [f"Warning: {warning}" for warning in (*summary.notices, *summary.warnings)]
    if unreadable:
        files = "1 file" if unreadable == 1 else f"{unreadable} files"
        lines.append(f"Left out, since unreadable: {files}; the report lists them with reasons.")
    for line in (*lines, f"Report: {folder.absolute() / 'report.html'}"):
        console.print(line, markup=False, soft_wrap=True)


def _console_for(table: Table) -> Console:
    """A console as wide as the table needs: a narrow terminal wraps its lines, and no number is cut."""
    console = Console(highlight=False)
    needed = console.measure(table, options=console.options.update(width=_WIDEST)).maximum
    return Console(highlight=False, width=max(console.width, needed))


def _same_n(row: MetricRow) -> Floor | None:
    """The floor of a row whose value depends on n, and so stands beside its value at the floor's n."""
    detail = row.floor_detail
    return detail if detail is not None and detail.value_at_n is not None else None


def _cell(row: MetricRow | None) -> str:
    if row is None or row.value is None:
        return "–"
    detail = _same_n(row)
    if detail is not None and detail.value_at_n is not None:
        value = format_value(detail.value_at_n, detail.value_at_n_low, detail.value_at_n_high)
        return f"{value} (n={detail.n})"
    return format_value(row.value, row.low, row.high)


def _floor(rows: Mapping[str, MetricRow]) -> str:
    """What real images score, once for each n that the sets were measured with."""
    floors = {row.floor_detail.n: row.floor_detail for row in rows.values() if row.floor_detail is not None}
    return "\n".join(f"{format_value(d.value, d.low, d.high)} (n={n})" for n, d in sorted(floors.items()))
