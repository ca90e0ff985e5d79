"""C_T score: whether synthetic images lie nearer to the train set than held-out ones, cell by cell."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from scipy.cluster.vq import kmeans2, vq

from core.errors import TooFewImagesError
from core.metrics._checks import require_features
from core.metrics._intervals import Z_95
from core.metrics._mann_whitney import compare_ranks
from core.metrics._pair_bounds import DistanceMetric, IndexVector, split_rows
from core.metrics.estimate import Array, Estimate
from core.metrics.nearest_train import find_nearest_train

__all__ = ["CtCell", "CtScore", "compute_ct_score", "decide_n_cells"]

# Meehan et al. 2020 leave out cells with a share of synthetic images below tau, as the normal approximation
# of the rank statistic needs some 20 values on either side.
_MIN_IN_CELL = 20
# Held-out images a cell on average, so that most cells reach that; and no more cells than the paper's scale.
_HELDOUT_A_CELL, _MAX_CELLS = 60, 20
# Images that k-means is fitted on at most: the cells' borders need no more.
_MAX_FITTED = 20_000
_ITERATIONS = 30
_BLOCK_ROWS = 4096


@dataclass(frozen=True, slots=True)
class CtCell:
    """One cell of the partition.

    Attributes:
        n_real: train images in it.
        n_heldout: held-out images in it.
        n_synthetic: synthetic images in it.
        z: z-score of the synthetic distances' ranks against the held-out ones'; negative where the synthetic
            images are nearer. None where either has fewer than the images needed.
    """

    n_real: int
    n_heldout: int
    n_synthetic: int
    z: float | None


@dataclass(frozen=True, slots=True)
class CtScore:
    """The score, and what it is made of.

    Attributes:
        score: C_T; negative means copying, positive that the synthetic images stay further away than
            held-out ones do.
        null_sd: standard deviation of C_T for a generator that draws from the real distribution: 1 with one
            cell, less with more, since cells are averaged. A score below -1.64 times this is one that such a
            generator reaches in 5 % of cases.
        cells: the cells, in the order of k-means.
    """

    score: Estimate
    null_sd: float
    cells: tuple[CtCell, ...]


def decide_n_cells(*, n_real: int, n_heldout: int, n_synthetic: int) -> int:
    """Return a number of cells at which most hold enough images of each set: from 1 to 20."""
    return max(1, min(_MAX_CELLS, min(n_real, n_heldout, n_synthetic) // _HELDOUT_A_CELL))


def compute_ct_score(
    *,
    real: Array,
    synthetic: Array,
    heldout: Array,
    n_cells: int | None = None,
    min_in_cell: int = _MIN_IN_CELL,
    metric: DistanceMetric | str = DistanceMetric.EUCLIDEAN,
    seed: int = 0,
) -> CtScore:
    """Weigh the distances of synthetic and of held-out images to the train images of their cell.

    k-means on the train set splits the space. In each cell, Z is the Mann-Whitney statistic of the synthetic
    images' distances to the nearest train image of the cell against the held-out images', centred and divided
    by its standard deviation under equal distributions (corrected for ties, no continuity correction); C_T is
    the mean of Z over cells, weighted by their held-out images.

    Args:
        real: (n, d) features of the real train set.
        synthetic: (m, d) features from the same extractor.
        heldout: (h, d) features of real images that the generator never saw.
        n_cells: cells of k-means; by default `decide_n_cells`. Discrete codes have no means: one cell.
        min_in_cell: synthetic and held-out images that a cell must have to count, the paper's tau times m.
        metric: "euclidean" or "hamming".
        seed: seeds k-means.

    Returns:
        The score. Unlike an effect size it grows with the number of images; its interval is for fresh images
        in the same cells, with DeLong's variance of each cell's statistic.

    Raises:
        TooFewImagesError: if no cell has enough images of each set.
        InputError: if features are not finite, or codes are not integers.
        ValueError: if `n_cells` or `min_in_cell` is too small, or the dimensions differ.

    References:
        Meehan et al., A non-parametric test to detect data-copying in generative models, AISTATS 2020,
        sec. 3, eq. for C_T.
    """
    require_features(real, synthetic, heldout)
    if (n_cells is not None and n_cells < 1) or min_in_cell < 2:
        raise ValueError(f"at least 1 cell and 2 images in each, not {n_cells} and {min_in_cell}")
    if DistanceMetric(metric) is DistanceMetric.HAMMING:
        n_cells = 1
    if n_cells is None:
        n_cells = decide_n_cells(n_real=len(real), n_heldout=len(heldout), n_synthetic=len(synthetic))
    n_cells = min(n_cells, len(real))
    cell_of = _split_cells(real, synthetic, heldout, n_cells=n_cells, seed=seed)
    cells: list[CtCell] = []
    weighted: list[tuple[int, float, float]] = []
    for cell in range(n_cells):
        train, made, kept = (np.flatnonzero(part == cell) for part in cell_of)
        z = None
        if len(train) and min(len(made), len(kept)) >= min_in_cell:
            near = [
                find_nearest_train(real=real[train], queries=queries, metric=metric).distance
                for queries in (synthetic[made], heldout[kept])
            ]
            ranks = compare_ranks(*near)
            # Equal distances throughout tell nothing either way.
            z = (0.5 - ranks.below) / ranks.null_sd if ranks.null_sd > 0 else 0.0
            sd = ranks.sampling_sd / ranks.null_sd if ranks.null_sd > 0 else 0.0
            weighted.append((len(kept), z, sd))
        cells.append(CtCell(len(train), len(kept), len(made), z))
    if not weighted:
        raise TooFewImagesError(
            f"The C_T score needs {min_in_cell} synthetic and {min_in_cell} held-out images in a cell, but "
            f"none of {n_cells} has them; there are {len(synthetic)} synthetic and {len(heldout)} held-out."
        )
    share = np.array([count for count, _, _ in weighted], dtype=np.float64)
    share /= share.sum()
    value = float(sum(part * z for part, (_, z, _) in zip(share, weighted, strict=True)))
    half = Z_95 * math.hypot(*(part * sd for part, (_, _, sd) in zip(share, weighted, strict=True)))
    n_left_out = n_cells - len(weighted)
    note = f"{n_left_out} of {n_cells} cells hold too few images and do not count." if n_left_out else ""
    estimate = Estimate(value, value - half, value + half, len(real), len(synthetic), note)
    return CtScore(estimate, math.hypot(*share), tuple(cells))


def _split_cells(
    real: Array, synthetic: Array, heldout: Array, *, n_cells: int, seed: int
) -> list[IndexVector]:
    """Return the cell of each row of each set."""
    sets = (real, synthetic, heldout)
    if n_cells == 1:
        return [np.zeros(len(points), dtype=np.intp) for points in sets]
    chosen = np.random.default_rng(seed).permutation(len(real))[:_MAX_FITTED]
    # Near the origin, float32 loses the fewest digits; an image on a border may still fall to either side.
    centre = real[chosen].mean(axis=0, dtype=np.float64)
    fitted = np.subtract(real[chosen], centre).astype(np.float32)
    with warnings.catch_warnings():
        # Where equal images leave a mean without any, its cell is empty and does not count.
        warnings.filterwarnings("ignore", "One of the clusters is empty")
        means, _ = kmeans2(fitted, fitted[:n_cells], iter=_ITERATIONS, minit="matrix")

    def assign(points: Array) -> IndexVector:
        blocks = [points[rows] for rows in split_rows(len(points), _BLOCK_ROWS)]
        found = [vq(np.subtract(block, centre).astype(np.float32), means)[0] for block in blocks]
        return np.concatenate(found).astype(np.intp)

    return [assign(points) for points in sets]
