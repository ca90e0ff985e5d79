"""How well raters tell fake from real, and which answer they lean to, apart from each other."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.rating.crossed_variance import CrossedVariance, compute_crossed_variance
from core.rating.measured import Measured, missing
from core.rating.rater_bootstrap import RaterBootstrap

__all__ = ["compute_criterion", "compute_mean_over_raters", "compute_pair_sensitivity", "compute_sensitivity"]

_BOTH: Final = "It takes answers on fake and on real images."
_CORRECTED: Final = (
    "A rate is 0 or 1, so half an answer was added to each kind (log-linear correction), which pulls the "
    "number towards 0."
)


def compute_sensitivity(
    *,
    is_fake: NDArray[np.bool_],
    said_fake: NDArray[np.bool_],
    raters: NDArray[np.intp],
    images: NDArray[np.intp],
    strata: NDArray[np.intp] | None = None,
    bootstrap: RaterBootstrap | None = None,
) -> Measured:
    """Sensitivity d' = z(fake identification rate) - z(false-alarm rate), of all answers pooled.

    Rates are taken as they are; where one is 0 or 1, (k + 0.5) / (n + 1) stands for all of them. The interval
    is the delta method's with the design effect of raters and images. Pooled over raters who lean to
    different answers, d' is smaller than the mean of theirs (`compute_mean_over_raters`).

    Args:
        is_fake: (n,) the truth.
        said_fake: (n,) the answer.
        raters: (n,) code of who answered.
        images: (n,) code of the image.
        strata: (n,) code of the image's set, from 0, where there are several.
        bootstrap: draws of raters, or None.

    Returns:
        d' in standard deviations of the evidence: 0 is guessing, higher tells fake from real better.

    References:
        Green and Swets, Signal Detection Theory and Psychophysics, 1966.
        Gourevitch and Galanter, A significance test for one parameter isosensitivity functions, Psychometrika
        1967, for the variance.
        Hautus, Corrections for extreme proportions and their biasing effects on estimated values of d',
        Behavior Research Methods, Instruments, and Computers 1995.
        Macmillan and Kaplan, Detection theory analysis of group data, Psychological Bulletin 1985, on
        pooling.
    """
    return _compute(is_fake, said_fake, raters, images, strata, bootstrap, of_fake=1.0, of_real=-1.0)


def compute_criterion(
    *,
    is_fake: NDArray[np.bool_],
    said_fake: NDArray[np.bool_],
    raters: NDArray[np.intp],
    images: NDArray[np.intp],
    strata: NDArray[np.intp] | None = None,
    bootstrap: RaterBootstrap | None = None,
) -> Measured:
    """Criterion c = -(z(fake identification rate) + z(false-alarm rate)) / 2; see `compute_sensitivity`.

    Returns:
        c in standard deviations of the evidence: 0 leans to neither answer, above 0 to "real", below to
        "fake".

    References:
        Macmillan and Creelman, Detection Theory: A User's Guide, 2005, ch. 2.
    """
    return _compute(is_fake, said_fake, raters, images, strata, bootstrap, of_fake=-0.5, of_real=-0.5)


def compute_pair_sensitivity(
    named: NDArray[np.bool_],
    *,
    raters: NDArray[np.intp],
    images: NDArray[np.intp],
    strata: NDArray[np.intp] | None = None,
    bootstrap: RaterBootstrap | None = None,
) -> Measured:
    """Sensitivity of choices between two images, d' = sqrt(2) z(share of pairs in which the fake was named).

    Args:
        named: (n,) whether the fake image of each pair was named.
        raters: (n,) code of who answered.
        images: (n,) code of the pair.
        strata: (n,) code of the image's set, from 0, where there are several.
        bootstrap: draws of raters, or None.

    Returns:
        d' on the scale of single images; a leaning to one side lowers it.

    References:
        Green and Swets, Signal Detection Theory and Psychophysics, 1966, ch. 2.
    """
    n = len(named)
    if not n:
        return missing("There is no answer on a pair.")
    root, share = np.sqrt(2.0), _rates(np.array([named.sum()], float), np.array([n], float))
    density = _density(share)
    crossed = compute_crossed_variance(
        root * (named - named.mean()) / n / density[0], raters=raters, images=images, strata=strata
    )
    simple = root**2 * share[0] * (1 - share[0]) / (n * density[0] ** 2)

    def statistic(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
        values: NDArray[np.float64] = root * _z(_rates(drawn[:, :1], drawn[:, 1:])[:, 0])
        return values

    ends = None
    if bootstrap is not None:
        k = bootstrap.weights.shape[1]
        sums = np.stack([np.bincount(raters, named, k), np.bincount(raters, minlength=k)], axis=1)
        ends = bootstrap.interval(sums.astype(np.float64), statistic)
    extreme = named.all() or not named.any()
    return _measure(float(root * _z(share)[0]), float(simple), crossed, n, bool(extreme), ends)


def compute_mean_over_raters(values: list[Measured], what: str) -> Measured:
    """Mean of a number over raters, each counting alike, with Student's interval.

    Args:
        values: one a rater; those without a value are left out.
        what: the number's name, for notes.
    """
    found = np.array([one.value for one in values if one.value is not None])
    if not len(found):
        return missing(f"No rater has {what} of their own.")
    left = len(values) - len(found)
    note = f"{left} of {len(values)} raters have none." if left else ""
    if any(_CORRECTED in one.note for one in values):
        note = f"{note} Raters with a rate of 0 or 1 enter with a log-linear correction.".strip()
    if len(found) == 1:
        note = f"{note} One rater shows no spread between raters.".strip()
        return Measured(value=float(found[0]), n=1, note=note)
    from scipy import special

    half = float(special.stdtrit(len(found) - 1, 0.975)) * float(found.std(ddof=1)) / np.sqrt(len(found))
    mean = float(found.mean())
    return Measured(
        value=mean,
        low=mean - half,
        high=mean + half,
        n=len(found),
        method="Student's t over raters",
        note=note,
    )


def _compute(
    is_fake: NDArray[np.bool_],
    said_fake: NDArray[np.bool_],
    raters: NDArray[np.intp],
    images: NDArray[np.intp],
    strata: NDArray[np.intp] | None,
    bootstrap: RaterBootstrap | None,
    *,
    of_fake: float,
    of_real: float,
) -> Measured:
    """`of_fake` z(hits) + `of_real` z(false alarms), with its interval."""
    truths = np.stack([is_fake, ~is_fake], axis=1)
    counts = truths.sum(axis=0).astype(np.float64)
    said = (truths & said_fake[:, np.newaxis]).sum(axis=0).astype(np.float64)
    n = len(is_fake)
    if not counts.all():
        return missing(_BOTH, n)
    factors = np.array([of_fake, of_real])
    rates = _rates(said, counts)
    density = _density(rates)
    deviation = np.where(truths, said_fake[:, np.newaxis] - said / counts, 0.0)
    crossed = compute_crossed_variance(
        (deviation * factors / (counts * density)).sum(axis=1), raters=raters, images=images, strata=strata
    )
    simple = float(np.sum(factors**2 * rates * (1 - rates) / (counts * density**2)))

    def statistic(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
        values: NDArray[np.float64] = _z(_rates(drawn[:, :2], drawn[:, 2:])) @ factors
        return values

    ends = None
    if bootstrap is not None:
        k = bootstrap.weights.shape[1]
        parts = [truths[:, 0] & said_fake, truths[:, 1] & said_fake, truths[:, 0], truths[:, 1]]
        sums = np.stack([np.bincount(raters, part, k) for part in parts], axis=1)
        ends = bootstrap.interval(sums.astype(np.float64), statistic)
    extreme = bool(np.any((said == 0) | (said == counts)))
    return _measure(float(_z(rates) @ factors), simple, crossed, n, extreme, ends)


def _measure(
    value: float,
    simple: float,
    crossed: CrossedVariance,
    n: int,
    extreme: bool,
    ends: tuple[float, float] | None,
) -> Measured:
    half = crossed.quantile * float(np.sqrt(simple * crossed.design_effect))
    notes = ["One rater: the interval says nothing of other raters."] * (crossed.n_raters == 1)
    return Measured(
        value=value,
        low=value - half,
        high=value + half,
        n=n,
        method=f"Delta method, {crossed.describe()}",
        note=" ".join([*notes, *[_CORRECTED] * extreme]),
        bootstrap=ends,
    )


def _rates(said: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., kinds) rates; all of a row are corrected where one is 0 or 1."""
    extreme = np.any((said <= 0) | (said >= counts), axis=-1, keepdims=True)
    rates: NDArray[np.float64] = np.where(
        extreme & (counts > 0).all(axis=-1, keepdims=True), (said + 0.5) / (counts + 1), said / counts
    )
    return rates


def _z(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy import special

    values: NDArray[np.float64] = special.ndtri(rates)
    return values


def _density(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Height of the normal density at z(rate)."""
    values: NDArray[np.float64] = np.exp(-(_z(rates) ** 2) / 2) / np.sqrt(2 * np.pi)
    return values
