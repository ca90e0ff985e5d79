"""The audit's metric table as a table for pages."""

from __future__ import annotations

from core.metrics.metric_facts import Direction
from core.report import metric_table
from pages._shared.table import Cell, Column, Table

__all__ = ["lay_out_metrics"]

_ARROWS = {
    Direction.HIGHER: ("↑", "Higher is better."),
    Direction.LOWER: ("↓", "Lower is better."),
    Direction.NONE: ("", ""),
}


def lay_out_metrics(table: metric_table.MetricTable) -> Table:
    """Lay out metrics as rows and synthetic sets as columns, with what real images score beside them.

    Values and intervals are written with the digits that the interval supports; the download has the values
    with all digits.
    """
    columns = [
        Column("metric", "Metric", "What is measured; the arrow says which way is better.", width=190),
        Column(
            "extractor",
            "Extractor",
            "What turned the images into features; of volumes, @axial, @coronal or @sagittal stands for one "
            "plane, and the name alone for the mean of the three.",
        ),
        Column(
            "floor",
            "Real against real",
            "What real images score in the synthetic set's place: the number to hold values against.",
            kind="number",
            detail_title="Real against real: 95 % interval",
        ),
    ]
    for place, (name, n) in enumerate(zip(table.names, table.n, strict=True)):
        tooltip = f"{n} synthetic images, held against {table.n_real} real ones."
        interval = f"{name}: 95 % interval"
        columns.append(Column(f"set{place}", name, tooltip, kind="number", detail_title=interval))
    rows = []
    for group in table.groups:
        for row in group.rows:
            arrow, direction = _ARROWS[row.facts.direction]
            cells = {
                "metric": Cell(
                    f"{row.facts.name} {arrow}".strip(),
                    f"{row.facts.name}, {row.qualifier}" if row.qualifier else row.facts.name,
                    detail=row.qualifier or group.name,
                    tooltip=f"{row.facts.sentence} {direction}".strip(),
                ),
                "extractor": Cell(row.extractor or ""),
            }
            if row.floor is not None:
                cells["floor"] = Cell(
                    row.floor.value, row.floor.number, detail=row.floor.interval, tooltip=f"{row.floor.n}."
                )
            for place, cell in enumerate(row.cells):
                if cell is not None:
                    cells[f"set{place}"] = _cell(cell, table.notes)
            rows.append((f"{row.facts.id}/{row.extractor}/{row.qualifier}", cells))
    return Table(tuple(columns), tuple(rows), caption=_caption(table))


def _cell(cell: metric_table.Cell, notes: tuple[str, ...]) -> Cell:
    detail = "\n".join(filter(None, (cell.interval, cell.n)))
    explained = [*cell.detail, *(notes[number - 1] for number in cell.notes)]
    if cell.best:
        explained.insert(0, "Best of its row, with its interval apart from all others.")
    return Cell(
        cell.value + (" *" if cell.notes else ""),
        cell.number,
        detail=detail,
        strong=cell.best,
        tooltip=" ".join(explained),
    )


def _caption(table: metric_table.MetricTable) -> str:
    parts = ["Value with its 95 % interval below."]
    if any(cell.best for group in table.groups for row in group.rows for cell in row.cells if cell):
        parts.append("Bold: best of its row, its interval apart from all others.")
    if table.notes:
        parts.append("*: a note, shown when pointed at.")
    return " ".join(parts)
