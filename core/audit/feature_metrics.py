"""Every metric of one extractor's features: each synthetic set against the real one, and parts of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from core.audit.reference import Reference
from core.audit.result import MetricRow
from core.audit.set_comparison import FeatureAuditOptions, SetComparison
from core.audit.set_features import SetFeatures
from core.datasets.groups import FEWEST_IN_GROUP
from core.progress import Progress

__all__ = ["FeatureAudit", "compute_feature_metrics"]

COPY_COLUMNS = ("synthetic", "synthetic_item", "nearest_real", "distance", "set", "extractor")
# A set of fewer images would take all others down to a number at which little can be told.
_FEWEST_TO_COMPARE = 20


@dataclass(slots=True)
class FeatureAudit:
    """What one extractor's features said.

    Attributes:
        rows: the numbers.
        copies: one row a synthetic item, with the columns of `copies.csv`.
        warnings: one sentence for each set and class that was too small for some metric.
    """

    rows: list[MetricRow] = field(default_factory=list)
    copies: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(COPY_COLUMNS)))
    warnings: list[str] = field(default_factory=list)


def compute_feature_metrics(
    *,
    real: SetFeatures,
    synthetic: Sequence[SetFeatures],
    heldout: SetFeatures | None,
    options: FeatureAuditOptions,
    progress: Progress,
) -> FeatureAudit:
    """Measure every synthetic set against the real one, whole and for the real set's classes and groups.

    A metric that a set is too small for is left out, with a warning; so is a group of few images, without one
    (`core.datasets.groups.explain_groups` tells of it).

    Args:
        real: features of the real (train) set.
        synthetic: features of each synthetic set.
        heldout: features of the held-out set, which gives floors, or None.
        options: what to measure and how.
        progress: told about every synthetic set, class and group.
    """
    audit = FeatureAudit()
    classes = sorted({label for label in real.labels if label is not None})
    groups = real.list_groups()
    labels = (None, *classes, *groups)
    progress.start(f"Measuring with {options.extractor}", len(labels) * len(synthetic), unit="comparisons")
    copies = []
    left_out: dict[tuple[str, ...], dict[str, str]] = {}
    for label in labels:
        reference = Reference(
            real=real.features_of(label),
            heldout=None if heldout is None else heldout.features_of(label),
            kind=options.kind,
            nearest_k=options.nearest_k,
            seed=options.seed,
            common_n=_choose_common_n([len(one.rows_of(label)) for one in synthetic]),
        )
        for one in synthetic:
            rows = one.rows_of(label)
            if len(rows) >= (FEWEST_IN_GROUP if label in groups else 1):
                pair = SetComparison(
                    reference, one, label, rows, options, "group" if label in groups else "class"
                )
                audit.rows += pair.measure()
                for reason, metrics in pair.skipped.items():
                    left_out.setdefault(tuple(metrics), {})[pair.whose] = reason
                if label is None and pair.copy_labels is not None:
                    copies.append(_copy_rows(real, one, pair, options.extractor))
            progress.advance()
    audit.warnings += [
        f"{', '.join(metrics)} left out with {options.extractor!r} for {', '.join(reasons)}: too few images "
        f"({'of the first: ' if len(set(reasons.values())) > 1 else ''}{next(iter(reasons.values()))})"
        for metrics, reasons in left_out.items()
    ]
    if copies:
        audit.copies = pd.concat(copies, ignore_index=True)
    return audit


def _choose_common_n(sizes: Sequence[int]) -> int:
    """Choose at how many images synthetic sets compare: all that the smallest has, tiny ones set aside."""
    enough = [size for size in sizes if size >= _FEWEST_TO_COMPARE] or [size for size in sizes if size]
    return min(enough, default=0)


def _copy_rows(
    real: SetFeatures, synthetic: SetFeatures, pair: SetComparison, extractor: str
) -> pd.DataFrame:
    real_ids = np.array(real.item_ids, dtype=object)
    columns = {
        "synthetic": synthetic.name,
        "synthetic_item": list(synthetic.item_ids),
        "nearest_real": real_ids[pair.neighbourhood.nearest_real],
        "distance": pair.neighbourhood.nearest_real_distance,
        "set": pair.copy_labels,
        "extractor": extractor,
    }
    return pd.DataFrame(columns, columns=list(COPY_COLUMNS))
