"""Every metric of one extractor's features: each synthetic set against the real one, and parts of both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.audit.plan import MetricGroup
from core.audit.reference import VENDI_SUBSETS, Reference
from core.audit.result import Floor, MetricRow
from core.datasets.groups import FEWEST_IN_GROUP
from core.errors import TooFewImagesError
from core.features.base import FeatureBatch, FeatureKind
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
from core.progress import Progress

__all__ = ["FeatureAudit", "FeatureAuditOptions", "SetFeatures", "compute_feature_metrics"]

COPY_COLUMNS = ("synthetic", "synthetic_item", "nearest_real", "distance", "set", "extractor")
# A set of fewer images would take all others down to a number at which little can be told.
_FEWEST_TO_COMPARE = 20


@dataclass(frozen=True, slots=True)
class SetFeatures:
    """One set's features with what is needed to cut them by class and group.

    Attributes:
        name: the set's name.
        item_ids: item id of each row.
        labels: class of each row, or None.
        batch: features (and logits), one row an item.
        groups: names of each row's groups, such as `sex=F`; empty where none were asked for.
    """

    name: str
    item_ids: tuple[str, ...]
    labels: tuple[str | None, ...]
    batch: FeatureBatch
    groups: tuple[tuple[str, ...], ...] = ()

    def rows_of(self, part: str | None) -> NDArray[np.intp]:
        """Rows of a class or group, which no study calls alike; all rows for None."""
        if part is None:
            return np.arange(len(self.labels))
        if part in self.labels or not self.groups:
            return np.flatnonzero([own == part for own in self.labels])
        return np.flatnonzero([part in own for own in self.groups])

    def features_of(self, part: str | None) -> Array:
        """Features of a class or group; all of them for None."""
        return self.batch.features[self.rows_of(part)]

    def list_groups(self) -> tuple[str, ...]:
        """Groups that are large enough to be measured, in order."""
        counts = Counter(name for own in self.groups for name in own)
        return tuple(name for name in sorted(counts) if counts[name] >= FEWEST_IN_GROUP)


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
                pair = _Pair(reference, one, label, rows, options, "group" if label in groups else "class")
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


def _copy_rows(real: SetFeatures, synthetic: SetFeatures, pair: _Pair, extractor: str) -> pd.DataFrame:
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


class _Pair:
    """One synthetic set (or one class or group of it) against the reference."""

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
        return MetricRow(
            synthetic=self.name,
            extractor=self.options.extractor,
            class_name=self.label,
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
