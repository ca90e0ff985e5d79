"""The published tables behind a study's points: which of their numbers belong there, and what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.fidelity_utility.fidelities import Fidelity
from core.fidelity_utility.published import COLUMNS, SOURCE, TABLES, PublishedColumn
from core.fidelity_utility.sentences import write_correlation, write_p
from core.fidelity_utility.utilities import Utility
from core.metrics.rank_correlation import FEWEST_PAIRS, correlate_ranks

__all__ = ["Backdrop", "PublishedPoint", "find_backdrop"]

_BASELINES = {"augmentation": "none", "feature-extraction": "pretrained-real"}
_CAUTION = (
    "They come from other images, another extractor and other classifiers, and have no intervals: compare "
    "orders of points, never their places with those of the study."
)


@dataclass(frozen=True, slots=True)
class PublishedPoint:
    """One generator on one data set.

    Attributes:
        table: title of the table.
        model: the generator.
        fidelity: the metric.
        change: change of test accuracy in percentage points.
        significant: whether that was marked as significant.
    """

    table: str
    model: str
    fidelity: float
    change: float
    significant: bool


@dataclass(frozen=True, slots=True)
class Backdrop:
    """Published points for one metric and one kind of experiment.

    Attributes:
        column: the published metric.
        points: generators with both numbers, table by table.
        n_missing: generators that lack one of the two.
        sentences: their own correlation, the source, and why they do not compare.
    """

    column: PublishedColumn
    points: tuple[PublishedPoint, ...]
    n_missing: int
    sentences: tuple[str, ...]


def find_backdrop(fidelity: Fidelity, utility: Utility) -> Backdrop | None:
    """Find the published numbers that come nearest to a metric and a utility; None where there are none.

    Published are changes of accuracy against real images alone.

    Args:
        fidelity: the metric.
        utility: the utility.
    """
    column_id = next((one for one, facts in COLUMNS.items() if fidelity.metric in facts.metrics), None)
    is_published = (
        utility.score == "accuracy"
        and utility.baseline == _BASELINES[utility.experiment]
        and utility.way.partition(":")[0] in ("synthetic", "both", "pretrained")
    )
    if column_id is None or not is_published:
        return None
    points = tuple(
        PublishedPoint(table.title, row.model, row.fidelity[column_id], change.points, change.significant)
        for table in TABLES
        for row in table.rows
        if column_id in row.fidelity and (change := row.find_change(utility.experiment)) is not None
    )
    if not points:
        return None
    n_rows = sum(len(table.rows) for table in TABLES)
    column = COLUMNS[column_id]
    return Backdrop(
        column,
        points,
        n_rows - len(points),
        (_say_tables(points, column), f"Source: {SOURCE}.", _CAUTION),
    )


def _say_tables(points: tuple[PublishedPoint, ...], column: PublishedColumn) -> str:
    counts = {table.title: sum(point.table == table.title for point in points) for table in TABLES}
    shown = ", ".join(f"{title} {n}" for title, n in counts.items())
    text = (
        f"Published (pale): {column.title} and change of accuracy of {len(points)} generators ({shown}); "
        f"each table alone has fewer than {FEWEST_PAIRS}, too few for a correlation."
    )
    found = correlate_ranks(
        np.array([point.fidelity for point in points]), np.array([point.change for point in points])
    )
    if found.value is None or found.p is None:
        return f"{text} Neither have both together."
    return (
        f"{text} Both tables together, which mixes two data sets: Spearman {write_correlation(found)}, "
        f"n = {found.n}, p {write_p(found.p)}."
    )
