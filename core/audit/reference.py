"""The real side of every comparison: neighbours and floors, computed once for all synthetic sets."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.audit.result import Floor
from core.errors import TooFewImagesError
from core.features.base import FeatureKind
from core.metrics.authenticity import compute_authenticity
from core.metrics.copies import compute_copy_sets
from core.metrics.density_coverage import compute_density
from core.metrics.estimate import Array, Estimate
from core.metrics.feature_std import compute_feature_std
from core.metrics.frechet import compute_frechet_at, compute_frechet_floor
from core.metrics.neighbourhood import DistanceMetric, compute_knn_distances, compute_neighbourhood
from core.metrics.precision_recall import compute_precision
from core.metrics.vendi import compute_vendi_at

__all__ = ["VENDI_SUBSETS", "Reference"]

VENDI_SUBSETS = 32
"""Half-samples behind the interval of a Vendi score: each costs an eigenvalue problem."""


class Reference:
    """Real features of one class (or all) with what real images score against them.

    Args:
        real: (n_real, d) features of the real set.
        heldout: (n_heldout, d) features of the held-out set, or None; too few rows count as none.
        kind: continuous features or discrete codes.
        nearest_k: neighbours that the metrics need.
        seed: seeds the draws of the Fréchet floor.
        common_n: images at which synthetic sets of different sizes are held against each other.
    """

    def __init__(
        self,
        *,
        real: Array,
        heldout: Array | None,
        kind: FeatureKind,
        nearest_k: int,
        seed: int,
        common_n: int,
    ) -> None:
        self.real = real
        self.common_n = common_n
        self.heldout = heldout
        continuous = kind is FeatureKind.CONTINUOUS
        self.metric = DistanceMetric.EUCLIDEAN if continuous else DistanceMetric.HAMMING
        self.nearest_k = nearest_k
        self.seed = seed
        self._frechet_floors: dict[int, Floor | None] = {}
        self._vendi_floors: dict[int, Floor] = {}

    @cached_property
    def real_knn(self) -> NDArray[np.float64]:
        """(n_real, k) distances of each real item to its nearest other real items.

        Raises:
            TooFewImagesError: if there are not more than k real items.
        """
        return compute_knn_distances(self.real, k=self.nearest_k, metric=self.metric)

    def frechet_floor(self, synthetic: Array) -> Floor | None:
        """What real images score on the Fréchet distance, with the synthetic set's value at the same n.

        Held-out images against the real set where there is a held-out set, else two halves of the real set.

        Args:
            synthetic: (n_synthetic, d) features of the set that is measured.

        Returns:
            The floor, or None when there are too few images for one.
        """
        other = len(self.real) // 2 if self.heldout is None else min(len(self.real), len(self.heldout))
        n = min(other, len(synthetic))
        try:
            if n not in self._frechet_floors:
                self._frechet_floors[n] = self._measure_floor(n)
            floor = self._frechet_floors[n]
            if floor is None:
                return None
            at_n = compute_frechet_at(
                real=self.real, synthetic=synthetic, n=n, seed=self.seed, n_draws=_count_draws(n)
            )
        except TooFewImagesError:
            return None
        update = {"value_at_n": at_n.value, "value_at_n_low": at_n.low, "value_at_n_high": at_n.high}
        return floor.model_copy(update=update)

    def _measure_floor(self, n: int) -> Floor | None:
        if self.heldout is not None:
            estimate = compute_frechet_at(
                real=self.real, synthetic=self.heldout, n=n, seed=self.seed, n_draws=_count_draws(n)
            )
            return Floor(kind="heldout", value=estimate.value, low=estimate.low, high=estimate.high, n=n)
        halves = compute_frechet_floor(real=self.real, n=n, seed=self.seed, n_splits=_count_draws(n)).halves
        if halves is None:
            return None
        return Floor(kind="halves", value=halves.value, low=halves.low, high=halves.high, n=n)

    @cached_property
    def _item_floors(self) -> dict[str, Estimate]:
        """Metrics that average over items, with held-out items in the synthetic set's place."""
        if self.heldout is None:
            return {}
        try:
            near = compute_neighbourhood(
                real=self.real,
                synthetic=self.heldout,
                nearest_k=self.nearest_k,
                metric=self.metric,
                real_knn=self.real_knn,
            )
        except TooFewImagesError:
            return {}
        sets = compute_copy_sets(near)
        return {
            "precision": compute_precision(near),
            "density": compute_density(near, seed=self.seed),
            "fidelity": sets.fidelity,
            "privacy": sets.privacy,
            "precision_privacy": sets.precision_privacy,
            "authenticity": compute_authenticity(near),
        }

    @cached_property
    def own_feature_std(self) -> Floor | None:
        """The real set's own feature STD: what a synthetic set of the same variety would have."""
        try:
            estimate = compute_feature_std(synthetic=self.real, seed=self.seed)
        except TooFewImagesError:
            return None
        return Floor(
            kind="real", value=estimate.value, low=estimate.low, high=estimate.high, n=len(self.real)
        )

    def vendi_floor(self, synthetic: Array, own: Estimate) -> Floor | None:
        """The Vendi score of as many real images as the compared sets have, with the synthetic set's there.

        Args:
            synthetic: (n_synthetic, d) features of the set that is measured.
            own: the score of all of them.

        Returns:
            The floor, or None when there are too few images for one.
        """
        n = min(len(self.real), len(synthetic), self.common_n)
        try:
            if n not in self._vendi_floors:
                real = self._measure_vendi(self.real, n)
                self._vendi_floors[n] = Floor(
                    kind="real", value=real.value, low=real.low, high=real.high, n=n
                )
            at_n = own if n == len(synthetic) else self._measure_vendi(synthetic, n)
        except TooFewImagesError:
            return None
        update = {"value_at_n": at_n.value, "value_at_n_low": at_n.low, "value_at_n_high": at_n.high}
        return self._vendi_floors[n].model_copy(update=update)

    def _measure_vendi(self, points: Array, n: int) -> Estimate:
        return compute_vendi_at(
            synthetic=points, n=n, seed=self.seed, n_draws=_count_draws(n), n_subsets=VENDI_SUBSETS
        )

    def item_floor(self, metric: str) -> Floor | None:
        """What held-out images score on a metric that averages over items; None without a held-out set.

        Such a metric asks of each item where it lies among the real ones, so its expectation does not depend
        on how many items are asked: the floor holds at any n. Recall and coverage depend on it and have none.
        """
        estimate = self._item_floors.get(metric)
        if estimate is None or self.heldout is None:
            return None
        return Floor(
            kind="heldout",
            value=estimate.value,
            low=estimate.low,
            high=estimate.high,
            n=len(self.heldout),
        )


def _count_draws(n: int) -> int:
    """Draws averaged at n images a side: large samples vary less from draw to draw and cost more."""
    return 20 if n <= 1000 else 5
