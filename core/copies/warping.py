"""Affine maps from one picture to another, and pictures sampled along them.

Positions are measured in half sides from the middle, (right, down): the picture spans -1 to 1 both ways, at
every resolution. A warp is a (2, 3) matrix that takes a position (right, down, 1) in the query to the
position in the real image that shows the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["identity_warps", "make_positions", "sample_planes"]


def identity_warps(n: int) -> NDArray[np.float64]:
    """Return (n, 2, 3) warps that move nothing."""
    return np.broadcast_to(np.eye(2, 3), (n, 2, 3)).copy()


def make_positions(side: int, margin: int = 0) -> NDArray[np.float64]:
    """Return the (3, n_pixels) positions (right, down, 1) of a square's pixels, row by row.

    Args:
        side: side of the square in pixels.
        margin: pixels left out at each edge.
    """
    line = (2 * np.arange(margin, side - margin) + 1) / side - 1
    down, right = np.meshgrid(line, line, indexing="ij")
    return np.stack([right.ravel(), down.ravel(), np.ones(right.size)])


def sample_planes(
    planes: NDArray[np.float32], warps: NDArray[np.float64], positions: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Look up each plane where its warp leads, between pixels bilinearly.

    At the identity, pixels come out as they are, bit by bit.

    Args:
        planes: (n, side, side).
        warps: (n, 2, 3).
        positions: (3, n_pixels) from `make_positions`.

    Returns:
        (n, n_pixels) values, those of the nearest edge outside of the plane, and whether each lies inside.
    """
    n, side, _ = planes.shape
    # (n, 2, 3) @ (3, n_pixels) -> (n, 2, n_pixels), in pixels from the centre of the first one.
    places = ((warps @ positions + 1.0) * side - 1.0) / 2
    inside = ((places >= 0) & (places <= side - 1)).all(axis=1)
    np.clip(places, 0, side - 1, out=places)
    corner = np.minimum(places.astype(np.int32), side - 2)
    right, down = np.moveaxis((places - corner).astype(np.float32), 1, 0)
    first = corner[:, 1] * side + corner[:, 0] + (np.arange(n, dtype=np.int32) * side * side)[:, None]
    flat = planes.reshape(-1)
    top = _blend(flat.take(first), flat.take(first + 1), right)
    bottom = _blend(flat.take(first + side), flat.take(first + side + 1), right)
    return _blend(top, bottom, down), inside


def _blend(
    low: NDArray[np.float32], high: NDArray[np.float32], share: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return `low` at share 0 and `high` at share 1, both bit by bit."""
    return low * (1 - share) + high * share
