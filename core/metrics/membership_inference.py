"""Membership inference: telling train images from held-out ones by how near a synthetic image comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError, TooFewImagesError
from core.metrics._intervals import Z_95, wilson_interval
from core.metrics._mann_whitney import compare_ranks
from core.metrics.estimate import Array, Estimate

__all__ = ["LOW_FALSE_POSITIVE_RATE", "MembershipInference", "compute_membership_inference"]

# Carlini et al. 2022, sec. III: an attack is judged by what it gets right while it is hardly ever wrong.
LOW_FALSE_POSITIVE_RATE: Final = 0.01

# Fewer items have no spread of ranks.
_MIN_IMAGES = 2
_N_BOOTSTRAP = 2000


@dataclass(frozen=True, slots=True)
class MembershipInference:
    """The attack that calls an image a member of the train set when a synthetic image is near it.

    Attributes:
        false_positive_rate: (p,) share of held-out images called members, ascending from 0 to 1.
        true_positive_rate: (p,) share of train images called members at the same threshold.
        auc: area under that curve; 0.5 means that membership cannot be told.
        low_rate_power: true-positive rate at a false-positive rate of at most 1 %; about 0.01 when membership
            cannot be told. Without an interval, and with the reason in its note, where there are too few
            held-out images for that rate.
    """

    false_positive_rate: NDArray[np.float64]
    true_positive_rate: NDArray[np.float64]
    auc: Estimate
    low_rate_power: Estimate


def compute_membership_inference(
    *, real: Array, heldout: Array, n_synthetic: int, seed: int = 0
) -> MembershipInference:
    """Tell train images from held-out ones by the distance to the nearest synthetic image.

    Both sets must come from the same source: an attack also succeeds where held-out images merely look
    different.

    Args:
        real: (n,) distance of each train image to its nearest synthetic image; smaller for members.
        heldout: (m,) the same for each held-out image.
        n_synthetic: synthetic images behind the distances.
        seed: seeds the interval of the true-positive rate.

    Returns:
        The ROC curve, its area with a 95 % interval after DeLong, and the true-positive rate at 1 % false
        positives with a bootstrap interval that also varies the threshold. The threshold leaves at most
        `floor(m / 100)` held-out images called members; the curve is not interpolated.

    Raises:
        TooFewImagesError: if either set has fewer than 2 images.
        InputError: if a distance is not a number or negative.
        ValueError: if an array is not one-dimensional.

    References:
        Chen et al., GAN-Leaks: a taxonomy of membership inference attacks against generative models, CCS
        2020, sec. 4 (distance to the nearest generated image).
        Carlini et al., Membership inference attacks from first principles, IEEE S&P 2022, sec. III.
    """
    for side, distances in (("real", real), ("held-out", heldout)):
        if distances.ndim != 1:
            raise ValueError(f"distances are one value an image, not an array of shape {distances.shape}")
        if len(distances) < _MIN_IMAGES:
            raise TooFewImagesError(
                f"Membership inference needs at least {_MIN_IMAGES} {side} images, but there are "
                f"{len(distances)}."
            )
        if not (distances >= 0).all():
            raise InputError(f"A distance of a {side} image is negative or not a number.")
    real, heldout = np.sort(real.astype(np.float64)), np.sort(heldout.astype(np.float64))
    thresholds = np.unique(np.concatenate([real, heldout]))
    return MembershipInference(
        false_positive_rate=_share_up_to(heldout, thresholds),
        true_positive_rate=_share_up_to(real, thresholds),
        auc=_estimate_auc(real, heldout, n_synthetic),
        low_rate_power=_estimate_power(real, heldout, n_synthetic, np.random.default_rng(seed)),
    )


def _share_up_to(ordered: NDArray[np.float64], thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    shares = np.searchsorted(ordered, thresholds, side="right") / len(ordered)
    return np.concatenate([[0.0], shares])


def _estimate_auc(real: NDArray[np.float64], heldout: NDArray[np.float64], n_synthetic: int) -> Estimate:
    comparison = compare_ranks(real, heldout)
    auc = comparison.below
    if comparison.sampling_sd > 0:
        half = Z_95 * comparison.sampling_sd
        low, high = max(auc - half, 0.0), min(auc + half, 1.0)
    else:
        # Fully separated samples show no spread. No mean of shares is more uncertain than one of yes and no.
        smaller = min(len(real), len(heldout))
        low, high = wilson_interval(round(auc * smaller), smaller)
        low, high = min(low, auc), max(high, auc)
    return Estimate(auc, low, high, len(real), n_synthetic)


def _estimate_power(
    real: NDArray[np.float64], heldout: NDArray[np.float64], n_synthetic: int, rng: np.random.Generator
) -> Estimate:
    n, m = len(real), len(heldout)
    allowed = int(m * LOW_FALSE_POSITIVE_RATE)
    # At most `allowed` held-out images lie strictly below the threshold.
    called = int(np.searchsorted(real, heldout[allowed], side="left"))
    if allowed == 0:
        return Estimate(
            called / n,
            None,
            None,
            n,
            n_synthetic,
            f"A false-positive rate of 1 % takes at least 100 held-out images to see, and there are {m}: "
            "this is the true-positive rate without any false positive.",
        )
    # The order statistic of a bootstrap sample of sorted values is the value at the rank below, so that no
    # sample need be drawn; ranks of uniform order statistics are beta-distributed.
    rank = np.ceil(m * rng.beta(allowed + 1, m - allowed, _N_BOOTSTRAP)).astype(np.intp)
    share = np.searchsorted(real, heldout[np.maximum(rank, 1) - 1], side="left") / n
    low, high = np.percentile(rng.binomial(n, share) / n, [2.5, 97.5])
    # At shares of 0 and 1 the bootstrap has no spread; with the threshold fixed, Wilson's interval has.
    fixed_low, fixed_high = wilson_interval(called, n)
    return Estimate(called / n, min(float(low), fixed_low), max(float(high), fixed_high), n, n_synthetic)
