"""Associations, points and published tables as rows, one number a column."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from core.fidelity_utility.association import Association
from core.fidelity_utility.published import COLUMNS, SOURCE, TABLES, PublishedChange
from core.fidelity_utility.sentences import say_reading

__all__ = ["tabulate_associations", "tabulate_points", "tabulate_published"]


def tabulate_associations(associations: Iterable[Association]) -> pd.DataFrame:
    """One row a metric and utility, with rho, its interval, n, p, and p after Holm's correction."""
    return pd.DataFrame(
        [
            _name(one)
            | {
                "spearman": one.correlation.value,
                "low": one.correlation.low,
                "high": one.correlation.high,
                "n": one.correlation.n,
                "p": one.correlation.p,
                "p_holm": one.p_holm,
                "p_method": one.correlation.method,
                "reading": say_reading(one),
                "note": " ".join(
                    filter(None, (one.correlation.note, *one.joined.warnings, *one.joined.notes))
                ),
            }
            for one in associations
        ]
    )


def tabulate_points(associations: Iterable[Association]) -> pd.DataFrame:
    """One row a metric, utility and synthetic set; utility in per cent or percentage points."""
    return pd.DataFrame(
        [
            _name(one)
            | {
                "synthetic": point.name,
                "fidelity": point.fidelity.value,
                "fidelity_low": point.fidelity.low,
                "fidelity_high": point.fidelity.high,
                "fidelity_at_n": point.fidelity.n,
                "utility": point.utility.value,
                "utility_low": point.utility.low,
                "utility_high": point.utility.high,
                "utility_unit": one.joined.utility.unit,
                "n_synthetic": point.n_synthetic,
                "n_repeats": one.joined.n_repeats,
                "n_test": one.joined.n_test,
                "images": point.match,
            }
            for one in associations
            for point in one.joined.points
        ]
    )


def tabulate_published() -> pd.DataFrame:
    """One row a published generator or other way of training; empty where nothing was given."""
    rows = []
    for table in TABLES:
        about = {"dataset": table.id, "title": table.title, "n_train": table.n_train, "n_test": table.n_test}
        for row in table.rows:
            changes = {
                "augmentation": row.augmentation,
                "feature_extraction": row.feature_extraction,
                "cropped_augmentation": row.cropped_augmentation,
                "cropped_feature_extraction": row.cropped_feature_extraction,
            }
            rows.append(
                about
                | {"model": row.model}
                | {column: row.fidelity.get(column) for column in COLUMNS}
                | _spread(changes)
                | {"note": row.note, "source": SOURCE}
            )
        rows += [
            about | {"model": name} | _spread({"augmentation": change}) | {"source": SOURCE}
            for name, change in table.reference.items()
        ]
    return pd.DataFrame(rows)


def _spread(changes: dict[str, PublishedChange | None]) -> dict[str, object]:
    spread: dict[str, object] = {}
    for name, change in changes.items():
        spread |= {
            f"{name}_points": None if change is None else change.points,
            f"{name}_significant": None if change is None else change.significant,
        }
    return spread


def _name(association: Association) -> dict[str, object]:
    fidelity, utility = association.joined.fidelity, association.joined.utility
    return {
        "metric": fidelity.metric,
        "extractor": fidelity.extractor,
        "class": fidelity.class_name,
        "better": str(fidelity.direction),
        "experiment": association.experiment,
        "kind": utility.experiment,
        "way": utility.way,
        "baseline": utility.baseline,
        "score": utility.score,
        "score_class": utility.class_name,
    }
