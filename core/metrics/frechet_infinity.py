"""FID-infinity: the Fréchet distance extrapolated to endlessly many synthetic images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import TooFewImagesError
from core.metrics._checks import require_features
from core.metrics._gaussians import gaussian_root, nuclear_norm
from core.metrics._intervals import Z_95, half_sampling_sd
from core.metrics._parallel import map_draws
from core.metrics.estimate import Array, Estimate

__all__ = ["compute_frechet_infinity"]

# Chong and Forsyth 2020, sec. 4: 15 sizes, evenly spaced from a tenth of the images (5,000 of 50,000) to all.
_N_SIZES = 15
_SMALLEST_SHARE = 10
# Below about two images a dimension the distance is no longer linear in 1/n, so small sets start higher, ...
_IMAGES_PER_DIMENSION = 2
# ... but not so high that the sizes hardly differ.
_LARGEST_START = 2
_MIN_IMAGES = 20
_MAX_SUBSET = 512


def compute_frechet_infinity(
    *, real: Array, synthetic: Array, seed: int = 0, n_subsets: int = 40
) -> Estimate:
    """Extrapolate the Fréchet distance to an endless synthetic set, so that sets of unequal size compare.

    The distance is biased upwards by nearly c / n for n synthetic images, c depending on the generator. It is
    taken at 15 sizes and fitted by a line over 1/n, whose intercept is reported. As in the paper, the real
    set's statistics stay fixed and only the synthetic side is drawn smaller: the bias of a small real set
    stays in, alike for every synthetic set held against it.

    Args:
        real: (n, d) features of the real set.
        synthetic: (m, d) features from the same extractor.
        seed: seeds the draws; the same seed gives the same value.
        n_subsets: half-samples on which the whole fit is repeated for the interval.

    Returns:
        The intercept, lower is closer; extrapolation may take it below 0. Its interval holds the sampling of
        both sets and the noise of the fit.

    Raises:
        TooFewImagesError: if a set has fewer than 20 images.
        InputError: if a feature is not finite.

    References:
        Chong and Forsyth, Effectively unbiased FID and Inception Score and where to find them, CVPR 2020,
        sec. 4 and algorithm 1.
    """
    require_features(real, synthetic)
    for side, points in (("real", real), ("synthetic", synthetic)):
        if len(points) < _MIN_IMAGES:
            raise TooFewImagesError(
                f"The distance at infinity needs at least {_MIN_IMAGES} {side} images, "
                f"but there are {len(points)}."
            )
    value = _extrapolate(real, synthetic, np.random.default_rng(seed))

    def statistic(chosen_real: NDArray[np.intp], chosen_synthetic: NDArray[np.intp]) -> float:
        # A generator of its own, seeded by what was drawn: the order in which threads come changes nothing.
        own = np.random.default_rng([seed, 2, int(chosen_real[0]), int(chosen_synthetic[0])])
        return _extrapolate(real[chosen_real], synthetic[chosen_synthetic], own, apply=_one_by_one)

    sd = half_sampling_sd(
        statistic,
        n_real=len(real),
        n_synthetic=len(synthetic),
        n_subsets=n_subsets,
        max_subset=_MAX_SUBSET,
        rng=np.random.default_rng([seed, 1]),
    )
    return Estimate(value, value - Z_95 * sd, value + Z_95 * sd, len(real), len(synthetic))


def _one_by_one(statistic: Callable[..., float], draws: Sequence[tuple[Any, ...]]) -> list[float]:
    return [statistic(*draw) for draw in draws]


def _extrapolate(
    real: Array,
    synthetic: Array,
    rng: np.random.Generator,
    *,
    apply: Callable[[Callable[..., float], Sequence[tuple[Any, ...]]], list[float]] = map_draws,
) -> float:
    m, dimension = synthetic.shape
    start = min(max(m // _SMALLEST_SHARE, _IMAGES_PER_DIMENSION * dimension), m // _LARGEST_START)
    sizes = np.unique(np.linspace(max(start, 2), m, _N_SIZES).astype(int))
    mean = real.mean(axis=0, dtype=np.float64)
    points = np.subtract(synthetic, mean, dtype=np.float64)
    root = gaussian_root(real)
    # With S_r = R R^T and B the centred synthetic features, tr (S_r S_s)^(1/2) is the nuclear norm of
    # B R / sqrt(n - 1): the product is taken once for all sizes.
    projected = points @ root
    trace_real = float(np.vdot(root, root))

    def distance(chosen: NDArray[np.intp]) -> float:
        size, part = len(chosen), points[chosen]
        gap = part.mean(axis=0)
        trace = (float(np.vdot(part, part)) - size * float(gap @ gap)) / (size - 1)
        rows = projected[chosen]
        root_trace = nuclear_norm(rows - rows.mean(axis=0)) / np.sqrt(size - 1)
        return float(gap @ gap + trace_real + trace - 2 * root_trace)

    distances = apply(distance, [(rng.choice(m, size, replace=False),) for size in sizes])
    return float(np.polyfit(1 / sizes, distances, 1)[1])
