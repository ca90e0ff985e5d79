"""How sure a session's numbers will be, told before it starts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.rating.design import SessionDesign, Task

__all__ = ["ASSUMED_SPREAD", "PowerPlan", "RatePower", "compute_power"]

ASSUMED_SPREAD: Final = 0.1
"""Standard deviation of the raters' own rates, assumed: about two thirds of raters then lie within 10 points
of their mean."""

_CHANCE: Final = 0.5
_POWER: Final = 0.8
# As in `core.rating.crossed_variance`: raters count as different below this probability of chance alone.
_RATERS_LEVEL: Final = 0.2
_GRID: Final = 1000


@dataclass(frozen=True, slots=True)
class RatePower:
    """What can be expected of one rate if it is near 50 %, where intervals are widest.

    Attributes:
        synthetic: the set; None for several together, or for the real images.
        n_images: images of it that each rater sees once; in pairs, pairs.
        n_answers: those times the number of raters.
        half_width_alike: half width of the 95 % interval in points of percent if all raters have the same
            rate (Wilson's interval of all answers).
        half_width: expected half width in points if raters differ by `PowerPlan.spread`; None for a single
            rater, whose answers say nothing about others.
        smallest_difference_alike: smallest distance of a rate from 50 %, in points, that is told apart from
            it in 80 of 100 such sessions if all raters have the same rate; None where even 0 or 100 % is not.
        smallest_difference: the same if raters differ; None for a single rater, too.
    """

    synthetic: str | None
    n_images: int
    n_answers: int
    half_width_alike: float
    half_width: float | None
    smallest_difference_alike: float | None
    smallest_difference: float | None


@dataclass(frozen=True, slots=True)
class PowerPlan:
    """What can be expected of a session.

    Attributes:
        n_raters: raters that are planned; in a joint session, groups.
        spread: standard deviation of the raters' own rates that is assumed, from 0 to 0.5.
        sets: one entry a synthetic set, in the design's order.
        all_fakes: all synthetic images together.
        false_alarms: the real images; None in pairs, which have no false alarms.
        sentences: the same in words, the most important first.
    """

    n_raters: int
    spread: float
    sets: tuple[RatePower, ...]
    all_fakes: RatePower
    false_alarms: RatePower | None
    sentences: tuple[str, ...]


def compute_power(design: SessionDesign, *, spread: float = ASSUMED_SPREAD) -> PowerPlan:
    """Compute how wide a session's intervals will be, from its counts and raters alone.

    With r raters who each see the same n images, and whose own rates scatter around p with standard
    deviation s, the pooled rate has the variance `(p (1 - p) - s^2) / (n r) + s^2 / r`. The variance between
    raters that a session finds is that times chi-square over its r - 1 degrees of freedom; over this
    distribution the interval of `core.rating.fake_rate.compute_answer_share` is averaged, which widens where
    raters differ by more than chance. That images differ in difficulty is not counted, and makes intervals
    wider.

    Args:
        design: counts, task and number of raters.
        spread: s, from 0 to below 0.5.

    Raises:
        ValueError: if the spread is out of range.

    References:
        Korn and Graubard, Confidence intervals for proportions with small expected number of positive counts
        estimated from survey data, Survey Methodology 1998, for intervals from the answers' effective number.
    """
    if not 0 <= spread < 0.5:
        raise ValueError("the spread of raters' rates lies from 0 to below 0.5")
    n_raters = design.n_raters
    names = list(dict.fromkeys(one.synthetic for one in design.counts if one.synthetic is not None))
    sets = tuple(
        _plan_rate(name, sum(one.n for one in design.counts if one.synthetic == name), n_raters, spread)
        for name in names
    )
    is_single = design.task is Task.SINGLE
    return PowerPlan(
        n_raters=n_raters,
        spread=spread,
        sets=sets,
        all_fakes=_plan_rate(None, design.n_synthetic, n_raters, spread),
        false_alarms=_plan_rate(None, design.n_real, n_raters, spread) if is_single else None,
        sentences=_describe(design, sets, spread),
    )


def _plan_rate(synthetic: str | None, n_images: int, n_raters: int, spread: float) -> RatePower:
    alike = _Expected(n_images, n_raters, 0.0, is_alike=True)
    differ = _Expected(n_images, n_raters, spread) if n_raters > 1 else None
    return RatePower(
        synthetic=synthetic,
        n_images=n_images,
        n_answers=n_images * n_raters,
        half_width_alike=100 * alike.half_width,
        half_width=None if differ is None else 100 * differ.half_width,
        smallest_difference_alike=_in_points(alike.find_smallest_difference()),
        smallest_difference=None if differ is None else _in_points(differ.find_smallest_difference()),
    )


class _Expected:
    """The intervals that sessions of one size will find around 50 %.

    Args:
        n_images: images a rater.
        n_raters: raters.
        spread: standard deviation of their own rates.
        is_alike: whether it is known that they have one rate; a session has to find that out otherwise.
    """

    def __init__(self, n_images: int, n_raters: int, spread: float, *, is_alike: bool = False) -> None:
        # Pages import this module; what computes intervals is loaded when it is asked for.
        from scipy import special

        self._n_images, self._n_raters, self._spread = n_images, n_raters, spread
        self._n = n_images * n_raters
        z = float(special.ndtri(0.975))
        quantile, effect = np.full(_GRID, z), np.ones(_GRID)
        if not is_alike:
            df = n_raters - 1
            simple = _CHANCE * (1 - _CHANCE) / self._n
            # Middles of equal shares of the chi-square distribution.
            chi_square = 2 * special.gammaincinv(df / 2, (np.arange(_GRID) + 0.5) / _GRID)
            found = self._variance(_CHANCE) / simple * chi_square / df
            differ = found * df > float(special.chdtri(df, _RATERS_LEVEL))
            effect = np.where(differ & (found > 1), found, 1.0)
            quantile = np.where(effect > 1, float(special.stdtrit(df, 0.975)), z)
        self._quantile: NDArray[np.float64] = quantile
        self._effective: NDArray[np.float64] = self._n / effect

    @property
    def half_width(self) -> float:
        """Mean half width of Wilson's interval at 50 %, as a share."""
        widths = self._quantile / (2 * np.sqrt(self._effective + self._quantile**2))
        return float(np.mean(widths))

    def find_smallest_difference(self) -> float | None:
        """Distance from 50 % at which four of five intervals leave it out; None where there is none."""
        reached = 0.5 - 1 / (10 * self._n)
        if self._power(reached) < _POWER:
            return None
        low, high = 0.0, reached
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if self._power(middle) < _POWER else (low, middle)
        return high

    def _power(self, difference: float) -> float:
        """Share of sessions whose interval leaves out 50 %, at a rate so far from it."""
        from scipy import special

        # Wilson's interval leaves 50 % out where the score test rejects it.
        limits = self._quantile * np.sqrt(_CHANCE * (1 - _CHANCE) / self._effective)
        deviation = math.sqrt(self._variance(_CHANCE + difference))
        above: Any = special.ndtr((difference - limits) / deviation)
        below: Any = special.ndtr((-difference - limits) / deviation)
        return float(np.mean(above + below))

    def _variance(self, rate: float) -> float:
        """Variance of the pooled rate; raters' rates near 0 or 1 cannot scatter as far."""
        between = self._spread**2 * rate * (1 - rate) / (_CHANCE * (1 - _CHANCE))
        return (rate * (1 - rate) - between) / self._n + between / self._n_raters


def _in_points(difference: float | None) -> float | None:
    return None if difference is None else 100 * difference


def _describe(design: SessionDesign, sets: Sequence[RatePower], spread: float) -> tuple[str, ...]:
    thing = "pairs" if design.task is Task.PAIR else "fakes"
    n_raters = design.n_raters
    who = "group" if design.is_joint else "rater"
    raters = f"{n_raters} {who}{'' if n_raters == 1 else 's'}"
    sentences: list[str] = []
    for n_images in sorted({one.n_images for one in sets}, reverse=True):
        alike = [one for one in sets if one.n_images == n_images]
        names = " and ".join(repr(one.synthetic) for one in alike)
        of = "a set" if len(alike) == len(sets) > 1 else f"of {names}"
        one = alike[0]
        says = (
            f"With {n_images} {thing} {of} and {raters}, the 95 % interval of a fake identification rate "
            f"near 50 % will be ±{one.half_width_alike:.0f} points"
        )
        if one.half_width is not None:
            says += (
                f" if all {who}s see alike, and about ±{one.half_width:.0f} points if their own rates "
                f"scatter by {100 * spread:.0f}"
            )
        sentences.append(f"{says}.")
        difference = one.smallest_difference or one.smallest_difference_alike
        if difference is None:
            sentences.append("Not even a set that everybody recognises would be told apart from 50 %.")
        else:
            sentences.append(
                f"A rate below {50 - difference:.0f} % or above {50 + difference:.0f} % would be told apart "
                f"from 50 % in 80 of 100 such sessions."
            )
    if n_raters == 1:
        sentences.append(f"One {who} says nothing about others; plan three or more.")
    return tuple(sentences)
