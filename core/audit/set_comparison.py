"""One synthetic set, or one class or group of it, against the real images, by one extractor's features."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.audit.metric_row import make_metric_row
from core.audit.plan import MetricGroup
from core.audit.reference import VENDI_SUBSETS, Reference
from core.audit.result import Floor, MetricRow
from core.audit.set_features import SetFeatures
from core.errors import TooFewImagesError
from core.features.base import FeatureKind
from core.metrics.authenticity import compute_authenticity
from core.metrics.copies import compute_copy_sets, decide_collapse_margin
from core.metrics.density_coverage import compute_coverage, compute_density
from core.metrics.estimate import Array, Estimate
from core.metrics.feature_std import compute_feature_std
from core.metrics.frechet import compute_frechet_distance
from core.metrics.frechet_infinity import compute_frechet_infinity
from core.metrics.inception_score import compute_inception_score
from core.metrics.kid import compute_kid
from core.metrics.neighbourhood import Neighbourhood, compute_neighbourhood
from core.metrics.precision_recall import compute_precision, compute_recall
from core.metrics.vendi import compute_vendi_score

__all__ = ["FeatureAuditOptions", "SetComparison"]


@dataclass(frozen=True, slots=True)
class FeatureAuditOptions:
    """How one extractor's features are measured.

    Attributes:
        extractor: its name in results.
        kind: continuous features or discrete codes.
        is_fid: whether its Fréchet distance may be called FID.
        groups: which metrics it serves.
        nearest_k: k of precision, recall, density, coverage and the real set.
        collapse_margin: whether copy sets widen when the synthetic features have collapsed.
        seed: seeds every draw.
    """

    extractor: str
    kind: FeatureKind
    is_fid: bool
    groups: frozenset[MetricGroup]
    nearest_k: int
    collapse_margin: bool
    seed: int


class SetComparison:
    """Measures one synthetic set, or one class or group of it, against the reference.

    Args:
        reference: the real side.
        synthetic: features of the whole synthetic set.
        label: the class or group, or None for the whole set.
        rows: its rows of the synthetic set.
        options: what to measure and how.
        kind: `class` or `group`: what sentences call the label.

    Attributes:
        copy_labels: copy set of each synthetic item, once `measure` has measured copies.
        skipped: reason to the metrics that the set is too small for.
        whose: what sentences call it.
    """

    def __init__(
        self,
        reference: Reference,
        synthetic: SetFeatures,
        label: str | None,
        rows: NDArray[np.intp],
        options: FeatureAuditOptions,
        kind: str,
    ) -> None:
        self.reference = reference
        self.name = synthetic.name
        self.label = label
        self.options = options
        self.features: Array = synthetic.batch.features[rows]
        self.logits = None if synthetic.batch.logits is None else synthetic.batch.logits[rows]
        self.copy_labels: list[str] | None = None
        self._neighbourhood: Neighbourhood | None = None
        self.skipped: dict[str, list[str]] = {}
        self.whose = f"{self.name!r}" if label is None else f"{kind} {label!r} of {self.name!r}"

    def measure(self) -> list[MetricRow]:
        """Every metric that the extractor serves and the set is large enough for."""
        rows: list[MetricRow] = []
        for metrics, measure in self._steps():
            try:
                rows += measure()
            except TooFewImagesError as error:
                self.skipped.setdefault(str(error), []).extend(metrics)
        return rows

    def _steps(self) -> Iterator[tuple[tuple[str, ...], Callable[[], list[MetricRow]]]]:
        continuous = self.options.kind is FeatureKind.CONTINUOUS
        if MetricGroup.DISTRIBUTION in self.options.groups:
            if continuous:
                yield ("fd",), self._frechet
                yield ("fid_infinity" if self.options.is_fid else "fd_infinity",), self._infinity
                yield ("kid",), self._kid
            if self.logits is not None:
                yield ("inception_score",), self._inception_score
            yield ("precision", "recall", "density", "coverage"), self._manifolds
            if continuous:
                yield ("feature_std",), self._feature_std
                yield ("vendi_score",), self._vendi
        if MetricGroup.COPIES in self.options.groups:
            yield ("fidelity", "privacy", "precision_privacy", "authenticity"), self._copies

    def _row(self, metric: str, estimate: Estimate, floor: Floor | None = None, note: str = "") -> MetricRow:
        return make_metric_row(metric, self.name, self.options.extractor, estimate, floor, note, self.label)

    def _frechet(self) -> list[MetricRow]:
        real, seed = self.reference.real, self.options.seed
        estimate = compute_frechet_distance(real=real, synthetic=self.features, seed=seed)
        floor = self.reference.frechet_floor(self.features)
        names = ("fd", "fid") if self.options.is_fid else ("fd",)
        return [self._row(name, estimate, floor) for name in names]

    def _infinity(self) -> list[MetricRow]:
        estimate = compute_frechet_infinity(
            real=self.reference.real, synthetic=self.features, seed=self.options.seed
        )
        return [self._row("fid_infinity" if self.options.is_fid else "fd_infinity", estimate)]

    def _kid(self) -> list[MetricRow]:
        real = self.reference.real
        return [self._row("kid", compute_kid(real=real, synthetic=self.features, seed=self.options.seed))]

    def _inception_score(self) -> list[MetricRow]:
        assert self.logits is not None
        return [
            self._row("inception_score", compute_inception_score(logits=self.logits, seed=self.options.seed))
        ]

    def _feature_std(self) -> list[MetricRow]:
        estimate = compute_feature_std(synthetic=self.features, seed=self.options.seed)
        return [self._row("feature_std", estimate, self.reference.own_feature_std)]

    def _vendi(self) -> list[MetricRow]:
        estimate = compute_vendi_score(
            synthetic=self.features, seed=self.options.seed, n_subsets=VENDI_SUBSETS
        )
        return [self._row("vendi_score", estimate, self.reference.vendi_floor(self.features, estimate))]

    @property
    def neighbourhood(self) -> Neighbourhood:
        """Neighbour relations, computed once for all metrics that read them."""
        if self._neighbourhood is None:
            margin = 0.0
            if self.options.collapse_margin and self.options.kind is FeatureKind.CONTINUOUS:
                margin = decide_collapse_margin(synthetic=self.features)
            self._neighbourhood = compute_neighbourhood(
                real=self.reference.real,
                synthetic=self.features,
                nearest_k=self.options.nearest_k,
                metric=self.reference.metric,
                real_knn=self.reference.real_knn,
                collapse_margin=margin,
            )
        return self._neighbourhood

    def _manifolds(self) -> list[MetricRow]:
        near, floors = self.neighbourhood, self.reference
        return [
            self._row("precision", compute_precision(near), floors.item_floor("precision")),
            self._row("recall", compute_recall(near)),
            self._row("density", compute_density(near, seed=self.options.seed), floors.item_floor("density")),
            self._row("coverage", compute_coverage(near)),
        ]

    def _copies(self) -> list[MetricRow]:
        sets = compute_copy_sets(self.neighbourhood)
        self.copy_labels = [label.value for label in sets.labels]
        floors, note = self.reference, sets.note
        return [
            self._row("fidelity", sets.fidelity, floors.item_floor("fidelity"), note),
            self._row("privacy", sets.privacy, floors.item_floor("privacy"), note),
            self._row(
                "precision_privacy", sets.precision_privacy, floors.item_floor("precision_privacy"), note
            ),
            self._row(
                "authenticity", compute_authenticity(self.neighbourhood), floors.item_floor("authenticity")
            ),
        ]
