"""How far raters give the same answers to the same images: three coefficients, corrected for chance."""

from __future__ import annotations

from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from core.rating.answer_table import AnswerTable
from core.rating.image_bootstrap import draw_images, measure_drawn
from core.rating.kappas import (
    MOST_INTERVALS,
    ONE_RATER,
    SAME,
    compute_cohen,
    compute_fleiss,
    draw_cohen,
)
from core.rating.krippendorff import compute_alpha, count_answers
from core.rating.measured import Measured, missing

__all__ = ["Agreement", "PairAgreement", "compute_agreement"]

_MOST_PAIRS: Final = 1000


class PairAgreement(BaseModel):
    """Two raters.

    Attributes:
        raters: their names.
        n_same: images on which both say the same.
        kappa: Cohen's kappa over the images that both saw.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    raters: tuple[str, str]
    n_same: int
    kappa: Measured


class Agreement(BaseModel):
    """Agreement among all raters; intervals say how it would vary with other images, for these raters.

    Attributes:
        same: share of pairs of answers to one image that are the same, 0 to 1.
        cohen_kappa: mean of Cohen's kappa over pairs of raters.
        fleiss_kappa: Fleiss' kappa, over images that every rater saw.
        krippendorff_alpha: Krippendorff's alpha, over images that two raters or more saw.
        pairs: every two raters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    same: Measured
    cohen_kappa: Measured
    fleiss_kappa: Measured
    krippendorff_alpha: Measured
    pairs: tuple[PairAgreement, ...]


def compute_agreement(table: AnswerTable, *, n_bootstrap: int, seed: int) -> Agreement:
    """Compute all coefficients with percentile intervals over images drawn with replacement within each set.

    Args:
        table: one answer a rater and image.
        n_bootstrap: draws of images.
        seed: seeds them.

    References:
        Conger, Integration and generalization of kappas for multiple raters, Psychological Bulletin 1980, for
        the mean over pairs.
    """
    raters, codes, strata = _cross(table)
    weights = draw_images(strata, n_bootstrap, seed)
    counts = count_answers(codes, 2)
    both = [
        (a, b)
        for a, b in combinations(range(codes.shape[1]), 2)
        if np.any((codes[:, a] >= 0) & (codes[:, b] >= 0))
    ]
    pairs = tuple(
        PairAgreement(
            raters=(raters[a], raters[b]),
            n_same=int(np.trace(table_of)),
            kappa=compute_cohen(table_of, with_interval=len(both) <= MOST_INTERVALS),
        )
        for a, b in both
        for table_of in [_count_pair(codes[:, a], codes[:, b])]
    )
    return Agreement(
        same=_same(counts, weights),
        cohen_kappa=_mean_cohen(codes, pairs, weights),
        fleiss_kappa=compute_fleiss(counts, codes.shape[1], weights),
        krippendorff_alpha=_alpha(counts, weights),
        pairs=pairs,
    )


def _cross(table: AnswerTable) -> tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.intp]]:
    """Raters with answers, (images, raters) answers, 1 for fake and -1 for none, and each image's set."""
    seen, image = np.unique(table.image, return_inverse=True)
    codes = np.full((len(seen), len(table.raters)), -1, dtype=np.int64)
    codes[image, table.rater] = table.said_fake
    strata = np.full(len(seen), -1, dtype=np.intp)
    strata[image] = table.synthetic
    answered = np.flatnonzero((codes >= 0).any(axis=0))
    return tuple(table.raters[at] for at in answered), codes[:, answered], strata


def _same(counts: NDArray[np.float64], weights: NDArray[np.float64]) -> Measured:
    n_of = counts.sum(axis=1)
    paired = n_of >= 2
    if not paired.any():
        return missing(ONE_RATER)
    alike = ((counts**2).sum(axis=1) - n_of)[paired]
    pairs, drawn = (n_of * (n_of - 1))[paired], weights[:, paired]
    with np.errstate(invalid="ignore", divide="ignore"):
        values = drawn @ alike / (drawn @ pairs)
    return measure_drawn(float(alike.sum() / pairs.sum()), values, int(paired.sum()))


def _alpha(counts: NDArray[np.float64], weights: NDArray[np.float64]) -> Measured:
    paired = counts.sum(axis=1) >= 2
    n = int(paired.sum())
    if not n:
        return missing(ONE_RATER)
    value = float(compute_alpha(counts)[0])
    if np.isnan(value):
        return missing(SAME, n)
    return measure_drawn(value, compute_alpha(counts, weights), n)


def _count_pair(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """(2, 2) how often the first rater said the row while the second said the column."""
    both = (one >= 0) & (other >= 0)
    counts: NDArray[np.int64] = np.bincount(2 * one[both] + other[both], minlength=4).reshape(2, 2)
    return counts


def _mean_cohen(
    codes: NDArray[np.int64], pairs: tuple[PairAgreement, ...], weights: NDArray[np.float64]
) -> Measured:
    if not pairs:
        return missing(ONE_RATER)
    if len(pairs) == 1:
        return pairs[0].kappa
    values = [one.kappa.value for one in pairs if one.kappa.value is not None]
    if not values:
        return missing(pairs[0].kappa.note)
    left = len(pairs) - len(values)
    note = f"Mean of {len(values)} pairs of raters."
    if left:
        note += f" {left} pairs in which both always said the same are left out."
    n = int(((codes >= 0).sum(axis=1) >= 2).sum())
    value = float(np.mean(values))
    if len(pairs) > _MOST_PAIRS:
        return Measured(value=value, n=n, note=f"{note} There is no interval over so many pairs.")
    drawn = np.zeros(len(weights))
    n_drawn = np.zeros(len(weights))
    for a, b in combinations(range(codes.shape[1]), 2):
        both = (codes[:, a] >= 0) & (codes[:, b] >= 0)
        if both.any():
            kappa = draw_cohen(weights[:, both], codes[both, a], codes[both, b])
            drawn += np.nan_to_num(kappa)
            n_drawn += np.isfinite(kappa)
    with np.errstate(invalid="ignore", divide="ignore"):
        return measure_drawn(value, drawn / n_drawn, n, note)
