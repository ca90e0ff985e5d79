"""How much of the real set's probe signal a synthetic set carries."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.bias._ranks import auroc_interval, redraw_area
from core.bias._ridge import indicate
from core.bias.frame import FramedSet
from core.bias.patch_probe import ProbeMap
from core.metrics.estimate import Estimate

__all__ = ["compute_inheritance", "map_inheritance"]

_N_BOOTSTRAP: Final = 1000


def compute_inheritance(
    *,
    real: FramedSet,
    synthetic: FramedSet,
    real_probe: ProbeMap,
    synthetic_probe: ProbeMap,
    positions: NDArray[np.bool_],
    seed: int = 0,
) -> Estimate:
    """Share of the real set's signal in a region that reaches the synthetic set.

    With A the area under the ROC curve averaged over the region's positions, the value is
    `(A_synthetic - 0.5) / (A_real - 0.5)`. `A_real` comes from the cross-validated probe of the real set.
    `A_synthetic` comes from a probe that learned on real patches alone (`compute_transfer_probe`): it answers
    whether the synthetic set tells its classes by the same sign. Given the synthetic set's own
    cross-validated probe instead, it answers whether that region tells them by any sign.

    A region is chosen where `A_real` is high, which makes that a little too high and the share a little too
    low; how much, the share of a held-out real set shows.

    Args:
        real: the real set.
        synthetic: the synthetic set.
        real_probe: its cross-validated probe.
        synthetic_probe: a probe of the synthetic images at the same positions.
        positions: (rows, columns) the region; one where the real probe is above its threshold, since a share
            of nothing means nothing.
        seed: seeds the interval.

    Returns:
        1 carries all of it, 0 none, below 0 the classes are swapped, above 1 it is exaggerated; with a 95 %
        interval from redrawing the patients of both sets, the probes staying as they are.

    Raises:
        ValueError: if the region is empty, or the real probe tells nothing there.
    """
    if not positions.any():
        raise ValueError("inheritance is about a region of at least one position")
    rng = np.random.default_rng(seed)
    (real_area, real_draws), (area, draws) = (
        _redraw(images, probe, positions, rng)
        for images, probe in ((real, real_probe), (synthetic, synthetic_probe))
    )
    if real_area <= 0.5:
        raise ValueError("the real probe tells nothing in that region")
    value = (area - 0.5) / (real_area - 0.5)
    # A draw in which the real set tells nothing has no share; it stands for an unbounded one.
    shares = (draws - 0.5) / np.maximum(real_draws - 0.5, 1e-3)
    low, high = (float(end) for end in np.percentile(shares, [2.5, 97.5]))
    if high - low < 1e-9:
        # Perfect order in both sets shows no spread; the areas' own intervals know how few images that is.
        n, n_real = (int(np.bincount(images.codes).min()) for images in (synthetic, real))
        ends = auroc_interval(area, 0.0, n=n, n_least=n)[1:]
        least_real = max(auroc_interval(real_area, 0.0, n=n_real, n_least=n_real)[1] - 0.5, 1e-3)
        corners = [(end - 0.5) / base for end in ends for base in (real_area - 0.5, least_real)]
        low, high = min(corners), max(corners)
    return Estimate(value, min(low, value), max(high, value), len(real), len(synthetic))


def map_inheritance(*, real_probe: ProbeMap, synthetic_probe: ProbeMap) -> NDArray[np.float64]:
    """Share position by position, where the real probe is above its threshold; elsewhere not a number.

    Raises:
        ValueError: if the real probe was computed without permutations.
    """
    if real_probe.threshold is None:
        raise ValueError("a map of shares needs a real probe with permutations")
    suspect = real_probe.auroc > max(real_probe.threshold, 0.5)
    base = np.where(suspect, real_probe.auroc - 0.5, np.nan)
    return np.asarray((synthetic_probe.auroc - 0.5) / base)


def _redraw(
    images: FramedSet, probe: ProbeMap, positions: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[float, NDArray[np.float64]]:
    """Area averaged over a region, as it is and in draws of patients with replacement."""
    told = indicate(images.codes, len(images.classes))
    # (positions, n, k) -> (n, positions, k)
    scores = probe.scores[positions.ravel()].transpose(1, 0, 2).astype(np.float64)
    n_groups = int(images.groups.max()) + 1
    counts = rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=_N_BOOTSTRAP)
    weights = counts[:, images.groups].astype(np.float64)
    areas, draws = zip(
        *(
            redraw_area(scores[:, :, column], told[:, column], probe.folds, weights)
            for column in range(told.shape[1])
        ),
        strict=True,
    )
    return float(np.mean(areas)), np.asarray(np.mean(draws, axis=0))
