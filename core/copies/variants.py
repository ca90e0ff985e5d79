"""The small moves under which retrieval looks for a query: a fixed bank of warps, as one sparse matrix.

Registration reaches about a pixel of a 32-pixel picture; the bank brings every copy within it that was
shifted by up to 8 % of its side, cropped by up to 7 % at each edge, padded as much, or turned by up to 6
degrees.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from core.copies.warping import make_positions

__all__ = ["QUERY_SIDE", "VARIANT_SIDE", "VARIANT_WARPS", "make_variant_masks", "make_variants"]

VARIANT_SIDE: Final = 16
"""Side in pixels at which queries and real images are compared."""

QUERY_SIDE: Final = 2 * VARIANT_SIDE
"""Side in pixels of the pictures that variants are made from."""

# Share of the query's side that is left out at each edge: shifted and turned copies are filled up there.
_RIM: Final = 0.06
_PIXEL: Final = 2 / VARIANT_SIDE  # in half sides
_TURN: Final = np.deg2rad(4.0)


def _build_warps() -> NDArray[np.float64]:
    """(n_variants, 2, 3) warps from query to real image, in half sides."""
    whole = (-_PIXEL, 0.0, _PIXEL)
    halves = (-_PIXEL, -_PIXEL / 2, 0.0, _PIXEL / 2, _PIXEL)
    families = (
        # Scale of the query on the real image, its turn, its shifts.
        (1.0, 0.0, halves),
        (0.9, 0.0, whole),
        (1 / 0.9, 0.0, whole),
        (1.0, _TURN, whole),
        (1.0, -_TURN, whole),
    )
    return np.array(
        [
            [
                [scale * np.cos(turn), -scale * np.sin(turn), right],
                [scale * np.sin(turn), scale * np.cos(turn), down],
            ]
            for scale, turn, shifts in families
            for down, right in product(shifts, shifts)
        ]
    )


VARIANT_WARPS: Final = _build_warps()
"""(n_variants, 2, 3) warps, see `core.copies.warping`."""


def make_variants(planes: NDArray[np.float32]) -> NDArray[np.float64]:
    """Move each picture by every warp of the bank, as it would lie on the real image.

    Args:
        planes: (n, QUERY_SIDE, QUERY_SIDE).

    Returns:
        (n_variants, n, VARIANT_SIDE^2) float64, of mean 0 and length 1 over the pixels that the variant's
        mask keeps and 0 elsewhere; 0 throughout where hardly any of the picture's variance is left there.
    """
    n = len(planes)
    moved = _make_operator() @ planes.reshape(n, -1).T.astype(np.float64)
    masks = make_variant_masks()[:, None]
    # (n_variants, n, pixels) in this order in memory, too, on which the order of sums depends.
    variants = np.ascontiguousarray(moved.reshape(len(VARIANT_WARPS), -1, n).transpose(0, 2, 1))
    count = masks.sum(axis=2, keepdims=True)
    centred = (variants - (variants * masks).sum(axis=2, keepdims=True) / count) * masks
    length = np.sqrt(np.square(centred).sum(axis=2, keepdims=True))
    # Planes have variance 1; below this share of it, a variant would be normalised noise.
    varies = length > 0.05 * np.sqrt(count)
    normalised: NDArray[np.float64] = np.where(varies, centred / np.where(varies, length, 1.0), 0.0)
    return normalised


@lru_cache(maxsize=1)
def make_variant_masks() -> NDArray[np.float64]:
    """Return (n_variants, VARIANT_SIDE^2): 1 where a variant shows the query's inner part, 0 elsewhere."""
    sources = _sources()
    inside = (np.abs(sources) <= 1 - 2 * _RIM).all(axis=1)
    # (n_variants, QUERY_SIDE^2) -> blocks of 2 x 2, all of which must be inside.
    blocks = inside.reshape(-1, VARIANT_SIDE, 2, VARIANT_SIDE, 2).all(axis=(2, 4))
    return blocks.reshape(len(VARIANT_WARPS), -1).astype(np.float64)


def _sources() -> NDArray[np.float64]:
    """(n_variants, 2, QUERY_SIDE^2) positions in the query of four points a pixel of the real image."""
    linear = np.linalg.inv(VARIANT_WARPS[:, :, :2])
    positions = make_positions(QUERY_SIDE)[:2]
    sources: NDArray[np.float64] = linear @ (positions - VARIANT_WARPS[:, :, 2:])
    return sources


@lru_cache(maxsize=1)
def _make_operator() -> csr_array:
    """Sparse (n_variants VARIANT_SIDE^2, QUERY_SIDE^2): bilinear lookups of four points a pixel, averaged."""
    places = np.clip(((_sources() + 1.0) * QUERY_SIDE - 1.0) / 2, 0, QUERY_SIDE - 1)
    corner = np.minimum(places.astype(np.intp), QUERY_SIDE - 2)
    share = places - corner
    # Point (row, column) of the fine grid belongs to pixel (row // 2, column // 2) of the coarse one.
    fine_row, fine_column = np.divmod(np.arange(QUERY_SIDE**2), QUERY_SIDE)
    pixel = (fine_row // 2) * VARIANT_SIDE + fine_column // 2
    rows = np.arange(len(VARIANT_WARPS))[:, None] * VARIANT_SIDE**2 + pixel
    parts = []
    for down, right in product((0, 1), (0, 1)):
        weight = (share[:, 0] if right else 1 - share[:, 0]) * (share[:, 1] if down else 1 - share[:, 1]) / 4
        column = (corner[:, 1] + down) * QUERY_SIDE + corner[:, 0] + right
        parts.append((weight.ravel(), rows.ravel(), column.ravel()))
    weights, targets, columns = (np.concatenate(part) for part in zip(*parts, strict=True))
    shape = (len(VARIANT_WARPS) * VARIANT_SIDE**2, QUERY_SIDE**2)
    return csr_array((weights, (targets, columns)), shape=shape)
