"""Numbers that need held-out images beside synthetic ones: membership inference and the CT score."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.audit.copy_evidence import SearchedSets
from core.audit.metric_row import make_metric_row
from core.audit.result import MetricRow
from core.errors import TooFewImagesError
from core.metrics.ct_score import compute_ct_score
from core.metrics.estimate import Array
from core.metrics.membership_inference import compute_membership_inference
from core.metrics.nearest_train import find_nearest_train
from core.metrics.neighbourhood import DistanceMetric

__all__ = ["measure_heldout_distances"]


def measure_heldout_distances(
    sets: SearchedSets,
    features: Mapping[str, Array],
    *,
    extractor: str,
    metric: DistanceMetric,
    seed: int,
) -> tuple[list[MetricRow], list[str]]:
    """Measure what needs held-out images beside synthetic ones: membership inference and the CT score.

    Held-out images that repeat a training image are left out.

    Returns:
        The numbers, and one sentence a set on what was left out.
    """
    rows: list[MetricRow] = []
    warnings: list[str] = []
    if sets.heldout is None or not len(sets.innocent):
        return rows, warnings
    real, heldout = features[sets.real.name], features[sets.heldout.name][sets.innocent]
    for one in sets.synthetic:
        made = features[one.name]

        def attack(made: Array = made, name: str = one.name) -> list[MetricRow]:
            near, far = (
                find_nearest_train(real=made, queries=queries, metric=metric).distance
                for queries in (real, heldout)
            )
            found = compute_membership_inference(real=near, heldout=far, n_synthetic=len(made), seed=seed)
            return [
                make_metric_row("membership_auc", name, extractor, found.auc),
                make_metric_row("membership_power", name, extractor, found.low_rate_power),
            ]

        def weigh(made: Array = made, name: str = one.name) -> list[MetricRow]:
            found = compute_ct_score(real=real, synthetic=made, heldout=heldout, metric=metric, seed=seed)
            note = (
                f"A generator that draws from the real distribution scores below "
                f"{-1.645 * found.null_sd:.2f} in 5 % of cases; negative means copying."
            )
            return [make_metric_row("ct_score", name, extractor, found.score, note=note)]

        steps: tuple[tuple[str, Callable[[], list[MetricRow]]], ...] = (
            ("Membership inference", attack),
            ("CT score", weigh),
        )
        for title, measure in steps:
            try:
                rows += measure()
            except TooFewImagesError as error:
                warnings.append(
                    f"{title} left out with {extractor!r} for {one.name!r}: too few images ({error})"
                )
    return rows, warnings
