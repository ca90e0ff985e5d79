"""Feature standard deviation: how much the features of a set vary, in one number."""

from __future__ import annotations

import math

import numpy as np

from core.errors import TooFewImagesError
from core.metrics._checks import require_features
from core.metrics._intervals import Z_95
from core.metrics.estimate import Array, Estimate

__all__ = ["compute_feature_std"]

# Fewer images have no halves with a standard deviation.
_MIN_IMAGES = 4


def compute_feature_std(*, synthetic: Array, seed: int = 0, n_subsets: int = 100) -> Estimate:
    """Mean over dimensions of the standard deviation (over n) of the synthetic features.

    Args:
        synthetic: (m, d) features.
        seed: seeds the half-samples of the interval.
        n_subsets: half-samples drawn without replacement.

    Returns:
        The mean deviation, at least 0, in units of the features, so that it compares only within one
        extractor; higher is more varied. `n_real` is 0, since no real image enters. The interval is for fresh
        images: the spread over half-samples, whose share f of the images is scaled by sqrt(f / (1 - f)).

    Raises:
        TooFewImagesError: if there are fewer than 4 images.
        InputError: if a feature is not finite.

    References:
        Xing et al., The beauty or the beast: which aspect of synthetic medical images deserves our focus?,
        CBMS 2023 (MedSynAnalyzer).
    """
    require_features(synthetic)
    m = len(synthetic)
    if m < _MIN_IMAGES:
        raise TooFewImagesError(
            f"Feature STD needs at least {_MIN_IMAGES} synthetic images, but there are {m}."
        )
    value = _mean_std(synthetic)
    rng = np.random.default_rng(seed)
    half = m // 2
    spread = [_mean_std(synthetic[rng.choice(m, half, replace=False)]) for _ in range(n_subsets)]
    sd = float(np.std(spread, ddof=1)) * math.sqrt(half / (m - half))
    return Estimate(value, max(value - Z_95 * sd, 0.0), value + Z_95 * sd, 0, m)


def _mean_std(points: Array) -> float:
    return float(points.std(axis=0, dtype=np.float64).mean())
