"""Lays a query over a real image: an affine map with gain and offset, fitted by least squares.

The inverse compositional method linearises around the query, whose gradients and normal equations are
computed once; every step then costs one lookup of the real image and one product. The rim of the query is
left out: it is where shifted and turned copies are filled up, and what would leave the real image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.copies.warping import make_positions, sample_planes

__all__ = ["Registration", "register"]

# Share of the side that is left out at each edge.
_RIM: Final = 1 / 16
# Added to the diagonal of the normal equations, relative to it: directions in which a picture does not vary
# (a straight edge along itself) stay put.
_RIDGE: Final = 1e-3
# The fit has settled when a step moves no corner by more than this many pixels.
_SETTLED_PX: Final = 0.05
# A step that would move a corner further than this (in half sides) is shortened: the linearisation is local.
_LONGEST_STEP: Final = 0.15
# What a copy may have undergone; a fit that leaves these bounds has lost its way. Positions in half sides.
_FURTHEST_SHIFT: Final = 0.24
_FURTHEST_STRETCH: Final = 0.30
# Contrast of the query that the fit believes in when it turns grey differences into displacements.
_GAINS: Final = (0.3, 3.0)


@dataclass(frozen=True, slots=True)
class Registration:
    """Fitted warps.

    Attributes:
        warps: (n, 2, 3) float64, see `core.copies.warping`; where a fit lost its way, the start.
        converged: (n,) whether the fit settled within the bounds.
    """

    warps: NDArray[np.float64]
    converged: NDArray[np.bool_]


def register(
    *,
    queries: NDArray[np.float32],
    real: NDArray[np.float32],
    start: NDArray[np.float64],
    max_steps: int,
) -> Registration:
    """Fit the affine map of each pair; each pair's fit is independent of the others.

    Minimises the sum over the query's middle of (real(W(x)) - gain query(x) - offset)^2 by Gauss-Newton
    steps. Displacements of a few pixels are within reach; the start should be no further away.

    Args:
        queries: (n, side, side) planes of mean 0 and variance 1, already flipped or turned.
        real: (n, side, side) planes of mean 0 and variance 1.
        start: (n, 2, 3) warps to start from.
        max_steps: steps a pair may take.

    Returns:
        The warps, and whether each fit settled.

    References:
        Baker and Matthews, Lucas-Kanade 20 Years On: A Unifying Framework, IJCV 2004, sec. 3.2 (inverse
        compositional); Part 3 (2003), sec. 2 (linear appearance variation: here gain and offset).
    """
    n, side, _ = queries.shape
    margin = max(1, round(side * _RIM))
    positions = make_positions(side, margin)
    solver = _linearise(queries, margin, positions)
    warps = start.copy()
    lost = np.zeros(n, dtype=bool)
    settled = np.zeros(n, dtype=bool)
    active = np.arange(n)
    for _ in range(max_steps):
        if not len(active):
            break
        seen, _ = sample_planes(real[active], warps[active], positions)
        # (m, 8, n_pixels) @ (m, n_pixels, 1) -> (m, 8): six of the map, gain and offset.
        solution = (solver[active] @ seen[..., None])[..., 0].astype(np.float64)
        gain = np.clip(solution[:, 6], *_GAINS)
        step = (solution[:, :6] / gain[:, None]).reshape(-1, 2, 3)
        reach = np.abs(step).sum(axis=2).max(axis=1)
        step *= np.minimum(1.0, _LONGEST_STEP / np.maximum(reach, 1e-12))[:, None, None]
        warps[active] = _compose_inverse(warps[active], step)
        astray = _is_astray(warps[active])
        done = reach * side / 2 < _SETTLED_PX
        lost[active] = astray
        settled[active] = done & ~astray
        active = active[~astray & ~done]
    warps[lost] = start[lost]
    return Registration(warps, settled)


def _linearise(
    queries: NDArray[np.float32], margin: int, positions: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return the (n, 8, n_pixels) matrices that turn what is seen into a step, a gain and an offset."""
    n, side, _ = queries.shape
    before, inner, after = (slice(margin + step, side - margin + step) for step in (-1, 0, 1))
    # Central differences; a half side is side / 2 pixels.
    right = (queries[:, inner, after] - queries[:, inner, before]) * np.float32(side / 4)
    down = (queries[:, after, inner] - queries[:, before, inner]) * np.float32(side / 4)
    where = positions.astype(np.float32)
    columns = np.empty((n, 8, positions.shape[1]), dtype=np.float32)
    columns[:, 0:3] = right.reshape(n, 1, -1) * where
    columns[:, 3:6] = down.reshape(n, 1, -1) * where
    columns[:, 6] = queries[:, inner, inner].reshape(n, -1)
    columns[:, 7] = 1.0
    normal = (columns @ columns.transpose(0, 2, 1)).astype(np.float64)
    diagonal = np.einsum("nii->ni", normal)
    # Constant queries have zeros there.
    diagonal += _RIDGE * diagonal + 1e-6
    solver: NDArray[np.float32] = np.linalg.inv(normal).astype(np.float32) @ columns
    return solver


def _compose_inverse(warps: NDArray[np.float64], step: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return W after the inverse of (1 + step)."""
    linear = np.eye(2) + step[:, :, :2]
    inverse = np.linalg.inv(linear)
    new = np.empty_like(warps)
    new[:, :, :2] = warps[:, :, :2] @ inverse
    new[:, :, 2] = warps[:, :, 2] - (new[:, :, :2] @ step[:, :, 2:])[..., 0]
    return new


def _is_astray(warps: NDArray[np.float64]) -> NDArray[np.bool_]:
    shift = np.abs(warps[:, :, 2]).max(axis=1)
    stretch = np.abs(warps[:, :, :2] - np.eye(2)).max(axis=(1, 2))
    astray: NDArray[np.bool_] = (shift > _FURTHEST_SHIFT) | (stretch > _FURTHEST_STRETCH)
    return astray
