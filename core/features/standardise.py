"""Puts features of different units on one scale: that of the real set."""

from __future__ import annotations

import numpy as np

from core.errors import InputError, TooFewImagesError
from core.metrics.estimate import Array

__all__ = ["LINEAR_RANGE", "MIN_STD", "standardise_by_real"]

MIN_STD = 0.02
"""Least standard deviation divided by, in the feature's unit.

Features that are standardised are given in units where 0.02 is invisible (a fiftieth of the intensity range,
two per cent of an energy). Without a floor, a feature that hardly varies in the real set (the colour of grey
images, a corner that is always black) would turn invisible differences into the largest ones.
"""

LINEAR_RANGE = 3.0
"""Standard scores grow linearly up to this size and logarithmically beyond.

With few images one outlier (one tinted scan, one inverted film) would else decide a Fréchet distance and its
interval, since both square it.
"""


def standardise_by_real(real: Array, *others: Array) -> tuple[Array, ...]:
    """Standard scores of features by the real set's mean and standard deviation, with tempered tails.

    With z = (x - mean) / max(std, `MIN_STD`) and t = `LINEAR_RANGE`, a score is z for |z| <= t and
    sign(z) t (1 + log(|z| / t)) beyond: continuous with its slope, strictly increasing, unbounded.

    Args:
        real: (n_real, d) features of the real set; gives mean and standard deviation (over n_real - 1).
        *others: (n, d) features of further sets from the same extractor.

    Returns:
        The real set's scores, then the others' in order; float64, of the inputs' shapes.

    Raises:
        TooFewImagesError: if the real set has fewer than two rows.
        InputError: if a set is no matrix, differs in its number of features, or holds a value that is not
            finite.

    References:
        Konz et al., Fréchet Radiomic Distance, 2024 (arXiv:2412.01496): z-scores by the real set. The floor
        and the tempered tails are additions.
    """
    for features in (real, *others):
        if features.ndim != 2 or features.shape[1:] != real.shape[1:]:
            raise InputError(
                "Features to standardise must be matrices with the same number of features in every set."
            )
        if not np.isfinite(features).all():
            raise InputError("Features to standardise must be finite.")
    if len(real) < 2:
        raise TooFewImagesError(f"Standardising needs at least 2 real images, not {len(real)}.")
    mean = real.mean(axis=0, dtype=np.float64)
    std = np.maximum(real.std(axis=0, ddof=1, dtype=np.float64), MIN_STD)
    return tuple(_temper((features - mean) / std) for features in (real, *others))


def _temper(scores: Array) -> Array:
    size = np.abs(scores)
    far = size > LINEAR_RANGE
    tempered = scores.copy()
    tempered[far] = np.sign(scores[far]) * LINEAR_RANGE * (1.0 + np.log(size[far] / LINEAR_RANGE))
    return tempered
