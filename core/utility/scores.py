"""Scores of a classifier from its probabilities on test images, with intervals over images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from core.metrics.share import compute_share
from core.utility.run_record import RunScore

__all__ = ["compute_scores"]

_N_BOOTSTRAP: Final = 1000
_Z_95: Final = float(stats.norm.ppf(0.975))


def compute_scores(
    probabilities: NDArray[np.float32], labels: NDArray[np.int64], *, classes: Sequence[str], seed: int = 0
) -> tuple[RunScore, ...]:
    """Score one classifier.

    A classifier's answer is the class of the highest probability, the first among equal ones. Images count as
    independent.

    Args:
        probabilities: (n, k) of each test image and class.
        labels: (n,) true class; each class has at least two images.
        classes: k names.
        seed: seeds the bootstrap of F1.

    Returns:
        Accuracy, balanced accuracy, AUROC, macro F1, and the recall of each class.

    Raises:
        ValueError: if shapes differ, a class has fewer than two images, or a probability is not finite.

    References:
        Wilson, JASA 1927, for accuracy and recall.
        Zou and Donner, Construction of confidence limits about effect measures, Statistics in Medicine 2008
        (MOVER), for balanced accuracy.
        DeLong et al., Biometrics 1988, for AUROC; averaged over classes as in Hand and Till, Machine Learning
        2001, but each class against the rest.
        Efron and Tibshirani, An Introduction to the Bootstrap, 1993, for F1.
    """
    k = len(classes)
    counts = np.bincount(labels, minlength=k)
    if probabilities.shape != (len(labels), k) or len(counts) != k:
        raise ValueError("probabilities are one row an image and one column a class")
    if counts.min() < 2:
        raise ValueError("scores need two test images of each class")
    if not np.isfinite(probabilities).all():
        raise ValueError("probabilities are finite")
    answers = probabilities.argmax(axis=1)
    confusion = np.zeros((k, k), dtype=np.int64)
    np.add.at(confusion, (labels, answers), 1)
    right = int(np.trace(confusion))
    accuracy = compute_share(right, len(labels))
    recalls = [compute_share(int(confusion[c, c]), int(counts[c])) for c in range(k)]
    lows = [value.low if value.low is not None else value.value for value in recalls]
    highs = [value.high if value.high is not None else value.value for value in recalls]
    balanced = sum(value.value for value in recalls) / k
    below = math.sqrt(sum((one.value - low) ** 2 for one, low in zip(recalls, lows, strict=True))) / k
    above = math.sqrt(sum((high - one.value) ** 2 for one, high in zip(recalls, highs, strict=True))) / k
    return (
        RunScore(
            score="accuracy", class_name=None, value=accuracy.value, low=accuracy.low, high=accuracy.high
        ),
        RunScore(
            score="balanced_accuracy",
            class_name=None,
            value=balanced,
            low=max(balanced - below, 0.0),
            high=min(balanced + above, 1.0),
        ),
        _score_auroc(probabilities.astype(np.float64), labels, counts),
        _score_f1(confusion, seed),
        *(
            RunScore(score="recall", class_name=name, value=one.value, low=one.low, high=one.high)
            for name, one in zip(classes, recalls, strict=True)
        ),
    )


def _score_auroc(
    probabilities: NDArray[np.float64], labels: NDArray[np.int64], counts: NDArray[np.int64]
) -> RunScore:
    """Mean over classes of the AUROC of each against the rest, with DeLong's variance.

    What an image adds to the mean is its structural component in every class's curve; images of one true
    class are one sample, so that its variance is the sum over true classes.
    """
    n, k = probabilities.shape
    added = np.zeros(n)
    total = 0.0
    for c in range(k):
        positive = labels == c
        scores, others = probabilities[positive, c], probabilities[~positive, c]
        ranks = stats.rankdata(np.concatenate([scores, others]))
        m = len(scores)
        beaten = (ranks[:m] - stats.rankdata(scores)) / len(others)
        yielding = 1 - (ranks[m:] - stats.rankdata(others)) / m
        total += float(beaten.mean())
        added[positive] += beaten / (m * k)
        added[~positive] += yielding / (len(others) * k)
    value = min(max(total / k, 0.0), 1.0)
    variance = sum(int(counts[c]) * float(added[labels == c].var(ddof=1)) for c in range(k))
    if variance > 1e-24:
        half = _Z_95 * math.sqrt(variance)
        low, high = max(value - half, 0.0), min(value + half, 1.0)
    else:
        # Fully separated classes show no spread. No mean of shares is more uncertain than one of yes and no.
        smallest = int(counts.min())
        share = compute_share(round(value * smallest), smallest)
        low = min(value if share.low is None else share.low, value)
        high = max(value if share.high is None else share.high, value)
    return RunScore(score="auroc", class_name=None, value=value, low=low, high=high)


def _score_f1(confusion: NDArray[np.int64], seed: int) -> RunScore:
    value = float(_f1(confusion[np.newaxis])[0])
    rng = np.random.default_rng(seed)
    counts = confusion.sum(axis=1)
    # Drawing images of a class anew is drawing their answers from the class's row.
    drawn = np.stack(
        [rng.multinomial(n, row / n, size=_N_BOOTSTRAP) for n, row in zip(counts, confusion, strict=True)],
        axis=1,
    )
    spread = _f1(drawn)
    if np.ptp(spread) == 0:
        note = "Every class gets one and the same answer throughout, so a bootstrap shows no spread."
        return RunScore(score="f1_macro", class_name=None, value=value, low=None, high=None, note=note)
    low, high = np.percentile(spread, [2.5, 97.5])
    return RunScore(score="f1_macro", class_name=None, value=value, low=float(low), high=float(high))


def _f1(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Macro F1 of each of (draws, k, k) tables; a class that is neither there nor answered scores 0."""
    right = np.diagonal(confusion, axis1=1, axis2=2)
    both = confusion.sum(axis=1) + confusion.sum(axis=2)
    per_class = np.divide(2 * right, both, out=np.zeros(right.shape, dtype=np.float64), where=both > 0)
    mean: NDArray[np.float64] = per_class.mean(axis=1)
    return mean
