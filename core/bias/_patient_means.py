"""Means over images with 95 % intervals, patients being what varies."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.bias._ranks import auroc_interval

__all__ = ["balanced_mean", "bootstrap_patients"]

_N_BOOTSTRAP: Final = 1000


def bootstrap_patients(
    values: NDArray[np.float64], groups: NDArray[np.int64], *, seed: int
) -> tuple[float, float | None, float | None]:
    """Mean with the percentile interval from redrawing patients; no interval for fewer than two patients.

    Args:
        values: (n,) one value an image, at least one.
        groups: (n,) patient of each.
        seed: seeds the draws.

    References:
        Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13; patients instead of images as in
        Field and Welsh, Bootstrapping clustered data, JRSS B 2007.
    """
    mean = float(values.mean())
    _, patients = np.unique(groups, return_inverse=True)
    sums, sizes = np.bincount(patients, weights=values), np.bincount(patients)
    n = len(sums)
    if n < 2:
        return mean, None, None
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=_N_BOOTSTRAP)
    low, high = np.percentile(counts @ sums / (counts @ sizes), [2.5, 97.5])
    return mean, min(float(low), mean), max(float(high), mean)


def balanced_mean(
    values: NDArray[np.float64], codes: NDArray[np.int64], groups: NDArray[np.int64]
) -> tuple[float, float, float]:
    """Mean over classes of each class's mean, with a score interval that stays within 0 and 1.

    Args:
        values: (n,) between 0 and 1, at least one.
        codes: (n,) class of each image.
        groups: (n,) patient of each image.

    References:
        Wilson, JASA 1927, at the number of independent answers that would vary as much.
    """
    labels = np.unique(codes)
    means = {int(label): float(values[codes == label].mean()) for label in labels}
    weights = np.array([1 / (len(labels) * np.count_nonzero(codes == label)) for label in codes])
    moved = (values - np.array([means[int(code)] for code in codes])) * weights
    _, patients = np.unique(groups, return_inverse=True)
    by_patient = np.bincount(patients, weights=moved)
    n = len(by_patient)
    variance = float((by_patient**2).sum()) * n / max(n - 1, 1)
    n_least = min(len(np.unique(groups[codes == label])) for label in labels)
    return auroc_interval(float(np.mean(list(means.values()))), variance, n=n, n_least=n_least)
