"""Inception score: are single images classified surely, and all images together variously?"""

from __future__ import annotations

import numpy as np
from scipy.special import log_softmax, logsumexp

from core.errors import InputError, TooFewImagesError
from core.metrics._intervals import mean_interval
from core.metrics.estimate import Array, Estimate

__all__ = ["compute_inception_score"]


def compute_inception_score(*, logits: Array, n_splits: int = 10, seed: int = 0) -> Estimate:
    """Inception score: exp of the mean divergence KL(p(y|x) || p(y)), averaged over splits.

    Shuffling and splitting follow torch-fidelity, so that the same seed gives the same value.

    Args:
        logits: (m, classes) logits of the synthetic images, before softmax.
        n_splits: disjoint parts, each scored by itself; the score of few images a part is biased downwards.
        seed: seeds the shuffle.

    Returns:
        Mean over the splits, from 1 to the number of classes, higher is more varied and surer. The splits are
        disjoint, so their mean has a Student interval; `n_real` is 0, since no real image enters.

    Raises:
        TooFewImagesError: if there are fewer images than splits, or none.
        InputError: if a logit is not finite.
        ValueError: if `logits` is not two-dimensional or `n_splits` is below 1.

    References:
        Salimans et al., Improved techniques for training GANs, NeurIPS 2016, sec. 4.
    """
    if logits.ndim != 2:
        raise ValueError(f"logits are (m, classes), not of shape {logits.shape}")
    if n_splits < 1:
        raise ValueError(f"n_splits is at least 1, not {n_splits}")
    m = len(logits)
    if m < n_splits:
        raise TooFewImagesError(
            f"An inception score over {n_splits} splits needs as many images, but there are {m}."
        )
    if not np.isfinite(logits).all():
        raise InputError("A logit is not a finite number; the extractor or its weights are at fault.")
    shuffled = np.asarray(logits, dtype=np.float64)[np.random.RandomState(seed).permutation(m)]
    log_given = log_softmax(shuffled, axis=1)
    scores = []
    for split in range(n_splits):
        part = log_given[split * m // n_splits : (split + 1) * m // n_splits]
        log_marginal = logsumexp(part, axis=0) - np.log(len(part))
        divergence = (np.exp(part) * (part - log_marginal)).sum(axis=1)
        scores.append(float(np.exp(divergence.mean())))
    value = float(np.mean(scores))
    if n_splits == 1:
        return Estimate(value, None, None, 0, m, "One split has no spread to take an interval from.")
    low, high = mean_interval(np.array(scores))
    # No score lies outside this range, whatever the spread of the splits says.
    return Estimate(value, min(max(low, 1.0), value), max(min(high, logits.shape[1]), value), 0, m)
