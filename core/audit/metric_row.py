"""A number of the audit as a row of its results."""

from __future__ import annotations

from core.audit.result import Floor, MetricRow
from core.metrics.estimate import Estimate

__all__ = ["make_metric_row"]


def make_metric_row(
    metric: str,
    synthetic: str,
    extractor: str | None,
    estimate: Estimate,
    floor: Floor | None = None,
    note: str = "",
    class_name: str | None = None,
) -> MetricRow:
    """Make a row of an estimate.

    Args:
        metric: id in `core.metrics.catalogue`.
        synthetic: the synthetic set's name.
        extractor: the extractor's name, or None for metrics of pixels and files.
        estimate: value, interval and numbers of images.
        floor: what real images score, or None.
        note: one sentence more than the estimate's own.
        class_name: the class or group, or None for the whole set.
    """
    return MetricRow(
        synthetic=synthetic,
        extractor=extractor,
        class_name=class_name,
        metric=metric,
        value=estimate.value,
        low=estimate.low,
        high=estimate.high,
        n_real=estimate.n_real,
        n_synthetic=estimate.n_synthetic,
        floor=None if floor is None else floor.value,
        floor_detail=floor,
        note=" ".join(part for part in (estimate.note, note) if part),
    )
