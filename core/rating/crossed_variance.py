"""How far a number would move with other raters and other images, where every rater sees every image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["CrossedVariance", "compute_crossed_variance"]

# Raters (images) count as different where chance alone would make them differ as much with less than this
# probability. Found by simulation of 2 to 20 raters with 30 and 60 images: lower and the interval misses real
# differences of few raters, higher and it is too wide where there are none; see the tests.
_RATERS_LEVEL: Final = 0.2
_IMAGES_LEVEL: Final = 0.1
# Squares of rounding errors; below this, the answers do not vary at all.
_NOTHING: Final = 1e-24


@dataclass(frozen=True, slots=True)
class CrossedVariance:
    """Variance of a number over raters and images.

    Attributes:
        simple: if every answer were a draw of its own.
        variance: with what raters and images add, where they differ by more than chance; `simple` at least.
        df: Satterthwaite's degrees of freedom of what was added; infinite where nothing was.
        n_raters: raters behind the number.
        n_images: images behind it.
        raters_differ: whether raters add to it.
        images_differ: whether images add to it.
    """

    simple: float
    variance: float
    df: float
    n_raters: int
    n_images: int
    raters_differ: bool
    images_differ: bool

    @property
    def design_effect(self) -> float:
        """Variance over the simple one, at least 1."""
        return self.variance / self.simple if self.simple > _NOTHING else 1.0

    @property
    def quantile(self) -> float:
        """Half-width of the 95 % interval in standard errors."""
        from scipy import special

        return float(special.ndtri(0.975) if math.isinf(self.df) else special.stdtrit(self.df, 0.975))

    def describe(self) -> str:
        """Say what the interval allows for, to follow the name of a method."""
        if not (self.raters_differ or self.images_differ):
            return "answers pooled"
        causes = [
            name
            for name, differ in (("raters", self.raters_differ), ("images", self.images_differ))
            if differ
        ]
        return (
            f"widened since {' and '.join(causes)} differ: design effect {self.design_effect:.1f}, "
            f"Student's t with {self.df:.1f} degrees of freedom"
        )


def compute_crossed_variance(
    influence: NDArray[np.float64],
    *,
    raters: NDArray[np.intp],
    images: NDArray[np.intp],
    strata: NDArray[np.intp] | None = None,
) -> CrossedVariance:
    """Variance of a number from what each answer adds to it.

    Raters and images are both drawn from larger populations. The sum over clusters of either kind gives the
    variance that it causes, and `raters + images - answers` both together (Cameron, Gelbach and Miller). With
    few raters these are noisy: what a kind adds is taken only where it is larger than chance explains (the
    sum over clusters against the simple variance is chi-square over its degrees of freedom), and with its own
    degrees of freedom then, by Satterthwaite.

    How many images of each set are shown is the researcher's choice, and would be the same again: that sets
    differ is no variance of images, which are compared within their set.

    Args:
        influence: (n,) each answer's part in the number's deviation, in the number's unit; for a mean,
            `(answer - mean) / n`.
        raters: (n,) code of who answered.
        images: (n,) code of the image.
        strata: (n,) code of the image's set, from 0; one for all by default.

    References:
        Cameron, Gelbach and Miller, Robust inference with multiway clustering, Journal of Business and
        Economic Statistics 2011.
        Satterthwaite, An approximate distribution of estimates of variance components, Biometrics Bulletin
        1946.
        Gallas, Bandos, Samuelson and Wagner, A framework for random-effects ROC analysis, Communications in
        Statistics 2009, for raters and images crossed.
    """
    if not len(influence):
        return CrossedVariance(0.0, 0.0, math.inf, 0, 0, False, False)
    strata = np.zeros(len(influence), dtype=np.intp) if strata is None else strata
    simple = _between(influence, np.arange(len(influence)))[0]
    # Within sets; what raters and images add is held against it.
    sizes = np.maximum(np.bincount(strata), 1)
    inner = influence - (np.bincount(strata, influence) / sizes)[strata]
    within = _between(inner, np.arange(len(inner)), strata)[0]
    of_raters, raters_df = _between(influence, raters)
    of_images, images_df = _between(inner, images, strata)
    raters_add = _excess(of_raters, within, raters_df, _RATERS_LEVEL)
    images_add = _excess(of_images, within, images_df, _IMAGES_LEVEL)
    added = raters_add + images_add
    variance = within + added
    inverse = 0.0
    if raters_add:
        inverse += of_raters**2 / raters_df
    if images_add:
        inverse += of_images**2 / images_df
    return CrossedVariance(
        simple=simple,
        variance=max(variance, simple) if added else simple,
        df=variance**2 / inverse if inverse else math.inf,
        n_raters=int(np.count_nonzero(np.bincount(raters))),
        n_images=int(np.count_nonzero(np.bincount(images))),
        raters_differ=raters_add > 0,
        images_differ=images_add > 0,
    )


def _between(
    influence: NDArray[np.float64], codes: NDArray[np.intp], strata: NDArray[np.intp] | None = None
) -> tuple[float, int]:
    """Variance from sums over clusters, each of which lies in one stratum, and its degrees of freedom."""
    squares = np.bincount(codes, influence) ** 2
    there = np.bincount(codes) > 0
    if strata is None:
        k = int(np.count_nonzero(there))
        return (float(squares.sum()) * k / (k - 1), k - 1) if k > 1 else (0.0, 0)
    stratum = np.zeros(len(squares), dtype=np.intp)
    stratum[codes] = strata
    k_of = np.bincount(stratum[there])
    sums = np.bincount(stratum[there], squares[there])
    several = k_of > 1
    return (
        float((sums[several] * k_of[several] / (k_of[several] - 1)).sum()),
        int((k_of[several] - 1).sum()),
    )


def _excess(between: float, within: float, df: int, level: float) -> float:
    from scipy import special

    if df < 1 or within <= _NOTHING or between <= within:
        return 0.0
    p = float(special.chdtrc(df, between / within * df))
    return between - within if p < level else 0.0
