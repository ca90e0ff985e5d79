"""Ridge regression of class indicators on few features, in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Scale", "cross_score", "fit_scale", "indicate", "score"]

Floats = NDArray[np.float64]

# Penalty per training image on features of unit variance. Mild: a probe has some twenty features, and what
# matters is that it never fails on collinear ones.
_PENALTY: Final = 0.05
# A feature that varies less is constant up to the rounding of resampling; 8-bit levels are whole numbers.
_CONSTANT: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Scale:
    """Mean and standard deviation of each feature; constant features have none and become 0."""

    mean: Floats
    factor: Floats

    def apply(self, features: Floats) -> Floats:
        """Standardise (n, d) features."""
        return (features - self.mean) * self.factor


def fit_scale(features: Floats) -> Scale:
    """Find the scale of (n, d) features."""
    deviation = features.std(axis=0)
    factor = np.where(deviation > _CONSTANT, 1 / np.maximum(deviation, _CONSTANT), 0.0)
    return Scale(features.mean(axis=0), factor)


def indicate(codes: NDArray[np.intp], n_classes: int) -> NDArray[np.bool_]:
    """Turn (n, m) classes into (n, m, k) indicators: k = 1 for two classes, else one a class."""
    told = np.array([1]) if n_classes == 2 else np.arange(n_classes)
    return np.asarray(codes[..., np.newaxis] == told)


def score(train: Floats, targets: Floats, test: Floats) -> Floats:
    """Fit on standardised features and score others.

    Args:
        train: (n, d) standardised features.
        targets: (n, m) one column a classifier.
        test: (t, d) features on the same scale.

    Returns:
        (t, m) scores; their zero is arbitrary, only their order counts.
    """
    centred = train - train.mean(axis=0)
    gram = centred.T @ centred
    gram.flat[:: len(gram) + 1] += _PENALTY * len(train)
    return np.asarray(test @ np.linalg.solve(gram, centred.T @ targets))


def cross_score(features: Floats, targets: Floats, folds: NDArray[np.intp]) -> Floats:
    """Score each image by a classifier that was fitted without its fold.

    Args:
        features: (n, d) features, not yet standardised.
        targets: (n, m) one column a classifier.
        folds: (n,) fold of each image.

    Returns:
        (n, m) scores, to be compared within a fold only.
    """
    scores = np.empty((len(features), targets.shape[1]))
    for fold in np.unique(folds):
        held = folds == fold
        scale = fit_scale(features[~held])
        scores[held] = score(scale.apply(features[~held]), targets[~held], scale.apply(features[held]))
    return scores
