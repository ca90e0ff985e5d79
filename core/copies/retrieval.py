"""Candidates for registration: real images that look alike when turned and moved a little.

Every query is turned eight ways and moved by each warp of a fixed bank (`core.copies.variants`), and each of
these variants is correlated with every real image under the pixels that it covers (normalised
cross-correlation with a mask): one matrix product, and a scale for each real image and mask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.copies.best_pairs import BestPairs, are_constant
from core.copies.thumbnails import Thumbnails
from core.copies.transforms import TRANSFORMS, apply_transform
from core.copies.variants import QUERY_SIDE, VARIANT_SIDE, VARIANT_WARPS, make_variant_masks, make_variants

__all__ = ["Candidates", "RealIndex", "find_candidates"]

Indices = NDArray[np.intp]
Scores = NDArray[np.float32]

# Vectors of this length with whole entries: sums of their products stay below 2^24, so that a float32 matrix
# product is exact in whatever order it adds, and results do not depend on blocks.
_LENGTH: Final = 4000.0
# Real images with less than this share of their standard deviation under a mask have nothing to show there.
_LEAST_SPREAD: Final = 0.05
_INDEX_ROWS: Final = 4096
_BLOCK_BYTES: Final = 2**25


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs worth registering; query after query, best first, at most so many a query.

    Attributes:
        query: (n_pairs,) indices of queries, ascending.
        real: (n_pairs,) indices into the real set.
        transform: (n_pairs,) indices into TRANSFORMS, to be applied to the query.
        warps: (n_pairs, 2, 3) rough warps, see `core.copies.warping`.
        score: (n_pairs,) correlation at that warp.
    """

    query: Indices
    real: Indices
    transform: Indices
    warps: NDArray[np.float64]
    score: Scores


class RealIndex:
    """The real set as retrieval needs it, about 1.3 KiB an image.

    Args:
        real: its thumbnails.

    Attributes:
        vectors: (n, pixels) float32 with whole entries and length 4000; 0 for constant images.
        scales: (n_variants, n) float32 that turn products with a variant into correlations.
        is_constant: (n,) whether an image is constant.
    """

    def __init__(self, real: Thumbnails) -> None:
        masks = make_variant_masks()
        self.vectors = np.empty((len(real), VARIANT_SIDE**2), dtype=np.float32)
        self.scales = np.empty((len(masks), len(real)), dtype=np.float32)
        for start in range(0, len(real), _INDEX_ROWS):
            rows = slice(start, start + _INDEX_ROWS)
            planes = real.take(rows).normalise(VARIANT_SIDE)
            vectors = np.rint(planes.astype(np.float64) * (_LENGTH / VARIANT_SIDE)).reshape(len(planes), -1)
            self.vectors[rows] = vectors
            # Whole numbers below 2^53: exact, so that the scatter of a constant area is exactly 0.
            scatter = masks @ np.square(vectors).T - np.square(masks @ vectors.T) / masks.sum(axis=1)[:, None]
            spread = np.sqrt(np.maximum(scatter, 0.0))
            varies = spread > _LEAST_SPREAD * _LENGTH
            self.scales[:, rows] = np.where(varies, 1.0 / np.where(varies, spread, 1.0), 0.0) / _LENGTH
        self.is_constant = are_constant(self.vectors)

    def __len__(self) -> int:
        return len(self.vectors)


def find_candidates(
    *,
    queries: Thumbnails,
    real: RealIndex,
    n_candidates: int,
    query_groups: Indices | None = None,
    real_groups: Indices | None = None,
) -> Candidates:
    """Find the real images, with flip or turn and rough warp, that each query correlates best with.

    Memory is a few times 32 MiB whatever the size of the real set. Results depend neither on blocks nor on
    which other queries there are; equal scores go to the earlier real image.

    Args:
        queries: thumbnails of a few images: their variants take half a MiB each.
        real: the real set.
        n_candidates: pairs of real image and transform a query, at most.
        query_groups: (n_queries,) a group of each query; with `real_groups`, no pair of one group is made.
        real_groups: (n_real,) a group of each real image.
    """
    bank, is_constant = _make_bank(queries)
    n, n_turns = len(queries), len(TRANSFORMS)
    kept = BestPairs.empty(n, n_candidates)
    step = max(1, _BLOCK_BYTES // (4 * bank.shape[0] * bank.shape[1]))
    for start in range(0, len(real), step):
        rows = slice(start, min(start + step, len(real)))
        # (n_variants, n_turns n, pixels) @ (pixels, n_rows) -> (n_variants, n_turns n, n_rows)
        products = (bank.reshape(-1, bank.shape[2]) @ real.vectors[rows].T).reshape(*bank.shape[:2], -1)
        products *= real.scales[:, None, rows]
        scores = products.max(axis=0).reshape(n_turns, n, -1).transpose(1, 0, 2).copy()
        # Constant images correlate with nothing, and yet one equals another up to brightness.
        scores[:, 0][is_constant[:, None] & real.is_constant[None, rows]] = 1.0
        if query_groups is not None and real_groups is not None:
            same = query_groups[:, None] == real_groups[None, rows]
            scores[np.broadcast_to(same[:, None], scores.shape)] = -np.inf
        kept = kept.merge(scores, start)
    query, place = np.nonzero(kept.real >= 0)
    matched, turn = kept.real[query, place], kept.transform[query, place]
    # The warp behind a maximum was not kept: its few products are taken again.
    again = np.einsum("vpd,pd->vp", bank[:, turn * n + query], real.vectors[matched])
    warps = VARIANT_WARPS[(again * real.scales[:, matched]).argmax(axis=0)]
    return Candidates(query, matched, turn, warps, kept.score[query, place])


def _make_bank(queries: Thumbnails) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Make the variants of every turned query.

    Returns:
        (n_variants, n_turns n, pixels) float32 with whole entries, and (n,) whether a query is constant.
    """
    planes = queries.normalise(QUERY_SIDE)
    turned = np.concatenate([apply_transform(planes, transform, axes=(1, 2)) for transform in TRANSFORMS])
    bank = np.rint(make_variants(turned) * _LENGTH).astype(np.float32)
    return bank, are_constant(queries.normalise(VARIANT_SIDE))
