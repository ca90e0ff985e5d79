"""What generators cost as tables for pages: one a device, and one of what was published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from core.generators.published_costs import PUBLISHED_COSTS
from core.jobs.description import format_duration
from core.report.efficiency_table import GeneratorCost
from core.report.numbers import format_count, format_value
from pages._shared.table import Cell, Column, Table

__all__ = ["lay_out_costs", "lay_out_published"]

_MEMORY = "Tensors alive at most while 8 images are drawn at once, weights included. Lower is better."
_TIME = "Time to draw 1,000 images in batches, files not counted. Lower is better."
_COLUMNS = (
    Column("name", "Generator", "Opens its page."),
    Column("family", "Family"),
    Column("size", "Images", "Side in pixels, and whether they are grey or in colour.", kind="number"),
    Column("parameters", "Parameters", "Numbers that the networks that draw hold.", kind="number"),
    Column("memory", "Memory for 8 images, MiB ↓", _MEMORY, kind="number"),
    Column("time", "Time for 1,000 images, s ↓", _TIME, kind="number", detail_title="How it was timed"),
    Column("drawing", "Drawn with", "Sampler and its steps, number format, images at once."),
    Column("speed", "Training, images/s ↑", "Images of updates a second, phase by phase. Higher is better."),
    Column("took", "Training time ↓", "Time spent in updates, all phases together. Lower is better.",
           kind="number", detail_title="Trained on"),
)  # fmt: skip
_STUDY = Column("study", "Study")
_PUBLISHED = (
    Column("name", "Generator"),
    Column("images", "Images"),
    Column("memory", "Memory for 8 images, MiB ↓", _MEMORY, kind="number"),
    Column("time", "Time for 1,000 images, s ↓", _TIME, kind="number"),
)


def lay_out_costs(costs: Mapping[str, GeneratorCost], *, studies: Mapping[str, str]) -> Table:
    """Lay out the generators of one device: one row each, whose name is the action that opens it.

    Args:
        costs: a generator's id to its cost.
        studies: a generator's id to its study's name; empty leaves the column out.
    """
    least = _find_least(list(costs.values()))
    rows = []
    for run_id, one in costs.items():
        cost = one.cost
        shown = "colour" if cost.channels == 3 else "grey"
        scaled = f"scaled up from {format_count(cost.timed_images)}" if one.is_scaled else ""
        speeds = one.training_speeds
        cells = {
            "name": Cell(one.name, one.name, action=run_id),
            "family": Cell(one.title),
            "size": Cell(f"{cost.size_px} px, {shown}", cost.size_px),
            "parameters": Cell(format_count(cost.n_parameters), cost.n_parameters),
            "memory": Cell(
                format_value(one.memory_mib, None, None), one.memory_mib, strong=one.memory_mib == least[0]
            ),
            "time": Cell(
                format_value(cost.seconds_per_1000, None, None),
                cost.seconds_per_1000,
                detail=scaled,
                strong=cost.seconds_per_1000 == least[1],
            ),
            "drawing": Cell(one.drawing),
            "speed": Cell(", ".join(f"{phase} {format_value(v, None, None)}" for phase, v in speeds.items())),
            "took": Cell(
                format_duration(timedelta(seconds=cost.training_seconds)),
                cost.training_seconds,
                detail=f"on {cost.training_device.upper()}",
            ),
        }
        if studies:
            cells["study"] = Cell(studies[run_id])
        rows.append((run_id, cells))
    columns = (_COLUMNS[0], _STUDY, *_COLUMNS[1:]) if studies else _COLUMNS
    return Table(columns, tuple(rows), caption="Bold: lowest of this device." if len(rows) > 1 else "")


def lay_out_published() -> Table:
    """Lay out the published figures, which were given as about so much."""
    rows = tuple(
        (
            one.model,
            {
                "name": Cell(one.model),
                "images": Cell(one.images),
                "memory": Cell(f"about {one.memory_bytes / 2**20:,.0f}", one.memory_bytes / 2**20),
                "time": Cell(f"about {one.seconds_per_1000:,.0f}", one.seconds_per_1000),
            },
        )
        for one in PUBLISHED_COSTS
    )
    return Table(_PUBLISHED, rows)


def _find_least(costs: Sequence[GeneratorCost]) -> tuple[float | None, float | None]:
    """Least memory and time where there is something to compare."""
    if len(costs) < 2:
        return None, None
    return min(one.memory_mib for one in costs), min(one.cost.seconds_per_1000 for one in costs)
