"""Calibrated copies of one synthetic set as rows of numbers."""

from __future__ import annotations

import numpy as np

from core.audit.copy_evidence import CopyEvidence, SearchedSets
from core.audit.metric_row import make_metric_row
from core.audit.result import Floor, MetricRow
from core.copies.repeats import are_repeats
from core.datasets.groups import list_groups
from core.datasets.image_set import ImageSet
from core.metrics.calibrated_copies import CalibratedCopies, RateComparison
from core.metrics.share import compute_share

__all__ = ["count_repeats", "make_copy_rows"]


def make_copy_rows(one: ImageSet, judged: CalibratedCopies, evidence: CopyEvidence) -> list[MetricRow]:
    """Write down what was flagged, and how many more than chance gives; whole set, classes and groups."""
    name, extractor = one.name, evidence.extractor
    expected = judged.expected_false_flags
    against = f"Held against {evidence.null.title}."
    if judged.note:
        undefined = [
            MetricRow(
                synthetic=name,
                extractor=extractor,
                class_name=None,
                metric=metric,
                value=None,
                low=None,
                high=None,
                n_real=expected.n_real,
                n_synthetic=expected.n_synthetic,
                note=f"{judged.note} {against}",
            )
            for metric in ("flagged", "flag_excess")
        ]
        return [
            *undefined,
            make_metric_row("copy_excess", name, extractor, judged.copy_rate.excess, note=against),
        ]
    false_flags = (
        f"{expected.value:.1f} false flags are expected in an innocent set of this size "
        f"({expected.low:.0f} to {expected.high:.0f} in 95 % of such sets)."
    )

    def floor(rates: RateComparison) -> Floor:
        return Floor(
            kind=evidence.null.kind,
            value=rates.null.value,
            low=rates.null.low,
            high=rates.null.high,
            n=judged.n_null,
        )

    rows = [
        make_metric_row(
            "flagged",
            name,
            extractor,
            judged.flag_rate.synthetic,
            floor(judged.flag_rate),
            f"{false_flags} {against}",
        ),
        make_metric_row("flag_excess", name, extractor, judged.flag_rate.excess, note=against),
        make_metric_row("copy_excess", name, extractor, judged.copy_rate.excess, note=against),
    ]
    for label in (*one.classes, *list_groups(one)):
        members = np.array([label == item.label or label in item.group_names for item in one.items])
        share = compute_share(int(judged.flagged[members].sum()), int(members.sum()), n_real=expected.n_real)
        rows.append(
            make_metric_row(
                "flagged", name, extractor, share, floor(judged.flag_rate), against, class_name=label
            )
        )
    return rows


def count_repeats(one: ImageSet, sets: SearchedSets, evidence: CopyEvidence) -> MetricRow:
    """Count the images that show the same picture as a training image."""
    repeats = are_repeats(sets.matches[one.name])
    share = compute_share(int(repeats.sum()), len(one), n_real=len(sets.real))
    return make_metric_row("repeated", one.name, evidence.extractor, share)
