"""No metric answers to features that are none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from core.errors import InputError
from core.metrics.feature_std import compute_feature_std
from core.metrics.frechet import compute_frechet_at, compute_frechet_distance, compute_frechet_floor
from core.metrics.frechet_infinity import compute_frechet_infinity
from core.metrics.kid import compute_kid
from core.metrics.neighbourhood import compute_neighbourhood

METRICS: list[Callable[[np.ndarray, np.ndarray], object]] = [
    lambda real, synthetic: compute_frechet_distance(real=real, synthetic=synthetic),
    lambda real, synthetic: compute_frechet_at(real=real, synthetic=synthetic, n=10),
    lambda real, synthetic: compute_frechet_floor(real=real, heldout=synthetic, n=10),
    lambda real, synthetic: compute_frechet_infinity(real=real, synthetic=synthetic),
    lambda real, synthetic: compute_kid(real=real, synthetic=synthetic),
    lambda real, synthetic: compute_neighbourhood(real=real, synthetic=synthetic),
    lambda real, synthetic: compute_feature_std(synthetic=synthetic),
]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_features_that_are_not_finite_are_refused(
    metric: Callable[[np.ndarray, np.ndarray], object], bad: float
) -> None:
    features = np.random.default_rng(0).standard_normal((30, 4)).astype(np.float32)
    broken = features.copy()
    broken[17, 2] = bad
    with pytest.raises(InputError, match="not a finite number"):
        metric(features, broken)


@pytest.mark.parametrize("metric", METRICS)
def test_other_shapes_are_refused(metric: Callable[[np.ndarray, np.ndarray], object]) -> None:
    with pytest.raises(ValueError, match=r"non-empty \(n, d\)"):
        metric(np.zeros((30, 4)), np.zeros((30, 4, 2)))
    with pytest.raises(ValueError, match=r"non-empty \(n, d\)"):
        metric(np.zeros((30, 0)), np.zeros((30, 0)))


@pytest.mark.parametrize("metric", METRICS[:-1])
def test_other_dimensions_are_refused(metric: Callable[[np.ndarray, np.ndarray], object]) -> None:
    with pytest.raises(ValueError, match="4 and 5 dimensions"):
        metric(np.zeros((30, 4)), np.zeros((30, 5)))
