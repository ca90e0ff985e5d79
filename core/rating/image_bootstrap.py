"""Intervals of agreement: images drawn with replacement, with the answers of all raters."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.rating.measured import Ends, Measured

__all__ = ["draw_images", "measure_drawn"]

_ENOUGH: Final = 0.9
_NO_WIDTH: Final = 1e-7
_METHOD: Final = "bootstrap over images"
_FEW: Final = "There are too few images that raters share for an interval."


def draw_images(strata: NDArray[np.intp], n_bootstrap: int, seed: int) -> NDArray[np.float64]:
    """Draw images with replacement, as many of each set as there are.

    Args:
        strata: (images,) code of each image's set.
        n_bootstrap: draws.
        seed: seeds them.

    Returns:
        (draws, images) how often each is drawn.
    """
    rng = np.random.default_rng(seed)
    weights = np.zeros((n_bootstrap, len(strata)))
    for stratum in np.unique(strata):
        places = np.flatnonzero(strata == stratum)
        weights[:, places] = rng.multinomial(
            len(places), np.full(len(places), 1 / len(places)), size=n_bootstrap
        )
    return weights


def measure_drawn(value: float, drawn: NDArray[np.float64], n: int, note: str = "") -> Measured:
    """A value with the interval of its bootstrap draws.

    The percentiles are spread as Student's t is with n images: plain ones are too narrow.

    Args:
        value: of all images.
        drawn: (draws,) the same of each draw, NaN where undefined; of more than a tenth such, no interval.
        n: images.
        note: what else is to be said.

    References:
        Hesterberg, What teachers should know about the bootstrap, The American Statistician 2015, sec. 4.
    """
    ends = _percentiles(drawn, n)
    if ends is None:
        return Measured(value=value, n=n, note=f"{note} {_FEW}".strip())
    if ends[1] - ends[0] < _NO_WIDTH:
        text = "Every draw of images gives the same number, so there is no interval."
        return Measured(value=value, n=n, note=f"{note} {text}".strip())
    return Measured(value=value, low=ends[0], high=ends[1], n=n, method=_METHOD, note=note)


def _percentiles(values: NDArray[np.float64], n: int) -> Ends | None:
    from scipy import special

    found = values[np.isfinite(values)]
    if n < 2 or len(found) < _ENOUGH * len(values) or not len(found):
        return None
    tail = 100 * float(special.ndtr(-np.sqrt(n / (n - 1)) * special.stdtrit(n - 1, 0.975)))
    low, high = np.percentile(found, [tail, 100 - tail])
    return float(low), float(high)
