"""Areas under ROC curves over pairs of images of one fold, with intervals that respect patients."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = ["auroc", "auroc_interval", "auroc_with_interval", "find_inflation", "redraw_area"]

Floats = NDArray[np.float64]

_Z: Final = float(stats.norm.ppf(0.975))
_LOOKED_AT: Final = 3  # labellings whose variance over patients is worked out; it hardly differs among them
_BLOCK: Final = 512  # images of one class whose pairs are looked at together


def auroc(scores: Floats, positive: NDArray[np.bool_], folds: NDArray[np.intp]) -> Floats:
    """Share of (positive, negative) pairs of one fold that scores put in order; ties count one half.

    Pairs across folds are left out: scores of different classifiers have no common zero, and comparing them
    biases the area below 0.5 where there is nothing to tell.

    Args:
        scores: (n, m) one column a classifier.
        positive: (n, m) what each column should score high.
        folds: (n,) fold of each image.

    Returns:
        (m,) areas; 0.5 for a column without pairs.
    """
    won = np.zeros(scores.shape[1])
    pairs = np.zeros(scores.shape[1])
    for fold in np.unique(folds):
        held = folds == fold
        ranks = _rank(scores[held])
        n_positive = positive[held].sum(axis=0)
        won += (ranks * positive[held]).sum(axis=0) - n_positive * (n_positive + 1) / 2
        pairs += n_positive * (int(held.sum()) - n_positive)
    return np.where(pairs > 0, won / np.maximum(pairs, 1), 0.5)


def _rank(values: Floats) -> Floats:
    """Ranks from 1 down each column; the slower way, which shares ranks among ties, only where there are."""
    order = np.argsort(values, axis=0)
    ordered = np.take_along_axis(values, order, axis=0)
    if (ordered[1:] == ordered[:-1]).any():
        return np.asarray(stats.rankdata(values, axis=0), dtype=np.float64)
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, np.arange(1.0, len(values) + 1)[:, np.newaxis], axis=0)
    return ranks


def auroc_with_interval(
    scores: Floats,
    positive: NDArray[np.bool_],
    folds: NDArray[np.intp],
    groups: NDArray[np.intp],
    *,
    inflation: float = 1.0,
) -> tuple[float, float, float]:
    """Macro-averaged area with its 95 % interval, patients being what varies.

    Args:
        scores: (n, k) one column a class.
        positive: (n, k) class indicators.
        folds: (n,) fold of each image.
        groups: (n,) patient of each image.
        inflation: how many times as much the area varies as patients alone make it; 1 for a classifier that
            learned from other images, `find_inflation` for cross-validation.

    Returns:
        Area, lower and upper end.

    References:
        DeLong et al., Biometrics 1988 (each image's share in the area), summed over patients as in
        Obuchowski, Nonparametric analysis of clustered ROC curve data, Biometrics 1997. Both are the linear
        part of redrawing patients.
    """
    area, variance = _find_spread(scores, positive, folds, groups)
    n = len(np.unique(groups))
    n_least = min(int(np.unique(groups[one]).size) for one in positive.T)
    return auroc_interval(area, inflation * variance, n=n, n_least=n_least)


def find_inflation(
    scores: Floats,
    positive: NDArray[np.bool_],
    folds: NDArray[np.intp],
    groups: NDArray[np.intp],
    areas: Floats,
) -> float:
    """How many times as much cross-validated areas of shuffled labels vary as patients alone make them; >= 1.

    Folds learn from each other's images, so that areas within them go up and down together, which no
    variance over patients knows (no unbiased estimate from one cross-validation exists). Labellings that
    were shuffled went the whole way, folds and learning included: they show by how much.

    Args:
        scores: (n, m * k) of m labellings of k classes, side by side.
        positive: (n, m * k) what they should score high.
        folds: (n,) fold of each image.
        groups: (n,) patient of each image.
        areas: (m,) mean area of each labelling; fewer than two tell nothing, and 1 is returned.

    References:
        Bengio and Grandvalet, No unbiased estimator of the variance of k-fold cross-validation, JMLR 2004.
    """
    if len(areas) < 2:
        return 1.0
    k = scores.shape[1] // len(areas)
    columns = [slice(at * k, (at + 1) * k) for at in range(min(_LOOKED_AT, len(areas)))]
    expected = np.mean([_find_spread(scores[:, at], positive[:, at], folds, groups)[1] for at in columns])
    return max(float(areas.var(ddof=1) / expected), 1.0) if expected > 0 else 1.0


def _find_spread(
    scores: Floats, positive: NDArray[np.bool_], folds: NDArray[np.intp], groups: NDArray[np.intp]
) -> tuple[float, float]:
    """Mean area over columns, and its variance over patients."""
    areas = auroc(scores, positive, folds)
    influence = _influence(scores, positive, folds, areas).mean(axis=1)
    by_patient = np.bincount(groups, weights=influence)
    n = len(np.unique(groups))
    return float(areas.mean()), float((by_patient**2).sum()) * n / max(n - 1, 1)


def _influence(scores: Floats, positive: NDArray[np.bool_], folds: NDArray[np.intp], areas: Floats) -> Floats:
    """How far each image moves each area, (n, m): its share of won pairs against the average."""
    moved = np.zeros(scores.shape)
    pairs = np.zeros(scores.shape[1])
    for fold in np.unique(folds):
        held = folds == fold
        told = positive[held]
        n_up = told.sum(axis=0)
        n_down = len(told) - n_up
        below = _count_others_below(scores[held], told)
        moved[held] = np.where(told, below - areas * n_down, (1 - areas) * n_up - below)
        pairs += n_up * n_down
    return moved / np.maximum(pairs, 1.0)


def _count_others_below(values: Floats, told: NDArray[np.bool_]) -> Floats:
    """For each image of each column the images of the other class that score less; ties count one half."""
    order = np.argsort(values, axis=0)
    ordered = np.take_along_axis(values, order, axis=0)
    below = np.empty(values.shape)
    if (ordered[1:] == ordered[:-1]).any():
        joint = stats.rankdata(values, axis=0)
        for at, ups in enumerate(told.T):
            below[ups, at] = joint[ups, at] - stats.rankdata(values[ups, at])
            below[~ups, at] = joint[~ups, at] - stats.rankdata(values[~ups, at])
        return below
    ups = np.take_along_axis(told, order, axis=0)
    n_ups = ups.cumsum(axis=0)
    places = np.arange(1, len(values) + 1)[:, np.newaxis]
    np.put_along_axis(below, order, np.where(ups, places - n_ups, n_ups).astype(np.float64), axis=0)
    return below


def auroc_interval(area: float, variance: float, *, n: int, n_least: int) -> tuple[float, float, float]:
    """Score interval of an area, which stays within 0 and 1.

    Args:
        area: the area.
        variance: its variance.
        n: patients.
        n_least: patients of the smallest class; what counts where perfect order shows no spread at all.

    References:
        Wilson, JASA 1927, at the number of independent answers that would vary as much.
    """
    n_answers = float(n_least) if variance <= 0 else min(max(area * (1 - area) / variance, 1.0), float(n))
    shrink = 1 + _Z**2 / n_answers
    centre = (area + _Z**2 / (2 * n_answers)) / shrink
    half = _Z / shrink * math.sqrt(area * (1 - area) / n_answers + _Z**2 / (4 * n_answers**2))
    return area, min(max(centre - half, 0.0), area), max(min(centre + half, 1.0), area)


def redraw_area(
    scores: Floats, positive: NDArray[np.bool_], folds: NDArray[np.intp], weights: Floats
) -> tuple[float, Floats]:
    """Mean area over classifiers, as it is and for any redraw of images; of pairs within folds.

    Args:
        scores: (n, m) one column a classifier, all for one class.
        positive: (n,) what they should score high.
        folds: (n,) fold of each image.
        weights: (draws, n) how often each draw has each image.

    Returns:
        The area, and (draws,) that of each draw; 0 where a draw has no pair.
    """
    won, pairs = 0.0, 0.0
    drawn_won, drawn_pairs = np.zeros(len(weights)), np.zeros(len(weights))
    for fold in np.unique(folds):
        ups, downs = np.flatnonzero(positive & (folds == fold)), np.flatnonzero(~positive & (folds == fold))
        drawn_pairs += weights[:, ups].sum(axis=1) * weights[:, downs].sum(axis=1)
        pairs += len(ups) * len(downs)
        # Block by block: all pairs of large classes at once do not fit into memory.
        for block in np.split(ups, range(_BLOCK, len(ups), _BLOCK)):
            wins = np.zeros((len(block), len(downs)))
            for column in scores.T:
                wins += 0.5 * (1 + np.sign(column[block, np.newaxis] - column[downs]))
            wins /= scores.shape[1]
            won += wins.sum()
            drawn_won += ((weights[:, block] @ wins) * weights[:, downs]).sum(axis=1)
    return won / max(pairs, 1.0), drawn_won / np.maximum(drawn_pairs, 1.0)
