"""Every metric against every way of training, as a table for pages."""

from __future__ import annotations

from collections.abc import Sequence

from core.fidelity_utility.association import Association
from core.fidelity_utility.sentences import say_association, write_p
from core.fidelity_utility.utilities import describe_way
from core.metrics.metric_facts import Direction
from core.report.numbers import format_interval, format_value, typeset
from core.utility.significance import ALPHA
from pages._shared.fidelity_choice import key_of
from pages._shared.table import Cell, Column, Table

__all__ = ["lay_out_associations"]

_ARROWS = {
    Direction.HIGHER: ("↑", "Higher is better."),
    Direction.LOWER: ("↓", "Lower is better."),
    Direction.NONE: ("", ""),
}


def lay_out_associations(associations: Sequence[Association], *, caption: str) -> Table:
    """Lay out correlations: a row a metric, a column an experiment, way of training and score.

    Args:
        associations: from `associate_all`.
        caption: one or two sentences above the table.
    """
    heads = {_head_of(one): one for one in associations}
    ids = {head: f"utility{place}" for place, head in enumerate(heads)}
    columns = [Column("metric", "Metric"), Column("extractor", "Extractor")]
    columns += [
        Column(
            ids[head],
            _write_head(one),
            f"{one.experiment}; {one.joined.utility.score_title}.",
            kind="number",
            detail_title=f"interval, p and n, {_name_kind(one)} {one.joined.utility.way}",
        )
        for head, one in heads.items()
    ]
    rows: dict[str, dict[str, Cell]] = {}
    for one in associations:
        fidelity = one.joined.fidelity
        arrow, direction = _ARROWS[fidelity.direction]
        cells = rows.setdefault(
            key_of(fidelity),
            {
                "metric": Cell(
                    f"{fidelity.facts.name} {arrow}".strip(),
                    fidelity.facts.name,
                    tooltip=f"{fidelity.facts.sentence} {direction} Click to see its points.".strip(),
                    action=key_of(fidelity),
                ),
                "extractor": Cell(fidelity.extractor or ""),
            },
        )
        cells[ids[_head_of(one)]] = _write(one)
    return Table(tuple(columns), tuple(rows.items()), caption=caption)


def _head_of(one: Association) -> tuple[str, str, str, str | None]:
    utility = one.joined.utility
    return one.experiment, utility.way, utility.score, utility.class_name


def _write_head(one: Association) -> str:
    utility = one.joined.utility
    # Recall has a column for each class.
    label = "" if utility.class_name is None else f", {utility.score_title}"
    return f"{_name_kind(one)}: {describe_way(utility.way)}{label}"


def _name_kind(one: Association) -> str:
    return "Augmentation" if one.joined.utility.experiment == "augmentation" else "Feature extraction"


def _write(one: Association) -> Cell:
    found = one.correlation
    if found.value is None or found.p is None or one.p_holm is None:
        return Cell("–", None, detail=f"n = {found.n}", tooltip=found.note)
    ends = found.low, found.high
    return Cell(
        typeset(format_value(found.value, *ends)),
        found.value,
        detail=f"{typeset(format_interval(found.value, *ends))}\np {write_p(found.p)}, "
        f"Holm {write_p(one.p_holm).removeprefix('= ')}, n = {found.n}",
        strong=one.p_holm < ALPHA,
        tooltip=" ".join((say_association(one), *one.joined.warnings)),
    )
