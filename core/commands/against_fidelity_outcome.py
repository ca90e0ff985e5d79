"""What a terminal shows of fidelity against utility: a row a metric, a column a way of training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from core.fidelity_utility.association import Association, explain_correction
from core.fidelity_utility.sentences import write_correlation, write_p
from core.fidelity_utility.utilities import describe_way
from core.metrics.metric_facts import Direction
from core.utility.significance import ALPHA

__all__ = ["print_associations"]

_ARROWS = {Direction.HIGHER: " ↑", Direction.LOWER: " ↓", Direction.NONE: ""}
_WIDEST = 2000
_Head = tuple[str, str, str, str | None]


def print_associations(
    associations: Sequence[Association], folder: Path, *, warnings: Sequence[str] = ()
) -> None:
    """Print Spearman correlations with interval, p-value and n to standard output.

    A star marks p < 0.05 after Holm's correction for all of them.

    Args:
        associations: all that were computed together.
        folder: where their tables were written.
        warnings: of the audit and of the experiments.
    """
    heads: dict[_Head, Association] = {_head_of(one): one for one in associations}
    rows: dict[str, dict[_Head, Association]] = {}
    for one in associations:
        title = f"{one.joined.fidelity.title}{_ARROWS[one.joined.fidelity.direction]}"
        rows.setdefault(title, {})[_head_of(one)] = one
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    for one in heads.values():
        utility = one.joined.utility
        table.add_column(
            escape(f"{utility.score_title}, {utility.experiment}\n{describe_way(utility.way)}"),
            justify="right",
            no_wrap=True,
        )
    for title, found in rows.items():
        table.add_row(escape(title), *(_write(found.get(head)) for head in heads))
    console = Console(highlight=False)
    needed = console.measure(table, options=console.options.update(width=_WIDEST)).maximum
    console = Console(highlight=False, width=max(console.width, needed))
    console.print(table)
    different = [warning for one in associations for warning in one.joined.warnings]
    notes = dict.fromkeys(one.correlation.note for one in associations if one.correlation.value is None)
    lines = [
        "Spearman correlation [95 % interval], permutation p, n synthetic sets; below 0 where lower values "
        f"of the metric go with higher utility; * p < {ALPHA} after correction.",
        explain_correction(associations),
        *(f"Warning: {warning}" for warning in dict.fromkeys((*different, *warnings))),
        *notes,
        f"Results: {folder.absolute() / 'associations.csv'}",
    ]
    for line in filter(None, lines):
        console.print(line, markup=False, soft_wrap=True)


def _head_of(one: Association) -> _Head:
    utility = one.joined.utility
    return one.experiment, utility.way, utility.score, utility.class_name


def _write(one: Association | None) -> str:
    if one is None or one.correlation.p is None:
        return "–"
    star = " *" if one.p_holm is not None and one.p_holm < ALPHA else ""
    return (
        f"{write_correlation(one.correlation)}, p {write_p(one.correlation.p)}, n {one.correlation.n}{star}"
    )
