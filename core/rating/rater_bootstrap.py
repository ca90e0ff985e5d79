"""Intervals from raters drawn with replacement, all their answers with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.rating.measured import Ends

__all__ = ["FEWEST_RATERS", "RaterBootstrap", "draw_raters"]

FEWEST_RATERS: Final = 3
"""Of fewer raters, nearly every draw is one of them."""

# Share of draws that must have a value.
_ENOUGH: Final = 0.9


@dataclass(frozen=True, slots=True)
class RaterBootstrap:
    """Draws of raters, the same for every number of a session.

    Attributes:
        weights: (draws, raters) how often each rater was drawn.
    """

    weights: NDArray[np.float64]

    def interval(
        self,
        sums: NDArray[np.float64],
        statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    ) -> Ends | None:
        """Percentile interval of a number that depends on sums over answers.

        Args:
            sums: (raters, k) k sums of each rater's answers; zeros of a rater who gave none.
            statistic: from (draws, k) sums over drawn raters to (draws,) values, NaN where undefined.

        Returns:
            The 2.5th and the 97.5th percentile, or None with fewer than three raters or where more than a
            tenth of the draws has no value.

        References:
            Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13; raters as the units.
        """
        if np.count_nonzero(sums.any(axis=1)) < FEWEST_RATERS:
            return None
        with np.errstate(invalid="ignore", divide="ignore"):
            values = statistic(self.weights @ sums)
        values = values[np.isfinite(values)]
        if len(values) < _ENOUGH * len(self.weights):
            return None
        low, high = np.percentile(values, [2.5, 97.5])
        return float(low), float(high)


def draw_raters(n_raters: int, *, n_bootstrap: int, seed: int) -> RaterBootstrap:
    """Draw raters with replacement.

    Args:
        n_raters: raters of the session.
        n_bootstrap: draws.
        seed: seeds them.
    """
    rng = np.random.default_rng(seed)
    if n_raters < 1:
        return RaterBootstrap(np.zeros((n_bootstrap, 0)))
    weights = rng.multinomial(n_raters, np.full(n_raters, 1 / n_raters), size=n_bootstrap)
    return RaterBootstrap(weights.astype(np.float64))
