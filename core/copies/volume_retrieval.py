"""Candidates for alignment: real volumes that look alike when turned and shifted a little.

Every query is turned sixteen ways and shifted by each step of a small bank, and each of these variants is
correlated with every real volume under the voxels that it covers, all of detail at half the thumbnails' side:
one matrix product, and a scale for each real volume and shift.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.copies.best_pairs import BestPairs, are_constant
from core.copies.volume_agreement import keep_detail
from core.copies.volume_thumbnails import VOLUME_SIDE, VolumeThumbnails
from core.copies.volume_turns import VOLUME_TURNS, turn_volume

__all__ = ["VolumeCandidates", "VolumeIndex", "find_volume_candidates"]

Indices = NDArray[np.intp]

_STEP: Final = 3
_STEPS: Final = (-_STEP, 0, _STEP)
_SHIFTS: Final = tuple(product(_STEPS, repeat=3))
"""Voxels along slices, rows and columns: a copy shifted by up to an eighth of the extent is within 1.5."""

_SIDE: Final = VOLUME_SIDE // 2
# Vectors of this length with whole entries: sums of their products stay below 2^24, so that a float32 matrix
# product is exact in whatever order it adds, and results do not depend on blocks.
_LENGTH: Final = 4000.0
_LEAST_SPREAD: Final = 0.05
_INDEX_ROWS: Final = 64
_BLOCK_BYTES: Final = 2**25


@dataclass(frozen=True, slots=True)
class VolumeCandidates:
    """Pairs worth aligning; query after query, best first, at most so many a query.

    Attributes:
        query: (n_pairs,) indices of queries, ascending.
        real: (n_pairs,) indices into the real set.
        turn: (n_pairs,) indices into VOLUME_TURNS, to be applied to the query.
    """

    query: Indices
    real: Indices
    turn: Indices


class VolumeIndex:
    """The real set as retrieval needs it, about 16 KiB a volume.

    Args:
        real: its thumbnails.

    Attributes:
        vectors: (n, voxels) float32 with whole entries and length 4000; 0 for constant volumes.
        scales: (n_shifts, n) float32 that turn products with a variant into correlations.
        is_constant: (n,) whether a volume is constant.
    """

    def __init__(self, real: VolumeThumbnails) -> None:
        masks = _make_masks()
        self.vectors = np.empty((len(real), _SIDE**3), dtype=np.float32)
        self.scales = np.empty((len(masks), len(real)), dtype=np.float32)
        for start in range(0, len(real), _INDEX_ROWS):
            rows = slice(start, start + _INDEX_ROWS)
            volumes = real.take(rows).normalise()
            details = [_reduce(keep_detail(volume.astype(np.float64))) for volume in volumes]
            vectors = np.stack(details).reshape(len(details), -1)
            length = np.sqrt(np.square(vectors).sum(axis=1, keepdims=True))
            vectors = np.rint(vectors * (_LENGTH / np.where(length > 0, length, 1.0)))
            self.vectors[rows] = vectors
            # Whole numbers below 2^53: exact, so that the scatter of a constant part is exactly 0.
            scatter = masks @ np.square(vectors).T - np.square(masks @ vectors.T) / masks.sum(axis=1)[:, None]
            spread = np.sqrt(np.maximum(scatter, 0.0))
            varies = spread > _LEAST_SPREAD * _LENGTH
            self.scales[:, rows] = np.where(varies, 1.0 / np.where(varies, spread, 1.0), 0.0) / _LENGTH
        self.is_constant = are_constant(self.vectors)

    def __len__(self) -> int:
        return len(self.vectors)


def find_volume_candidates(
    *,
    queries: VolumeThumbnails,
    real: VolumeIndex,
    n_candidates: int,
    query_groups: Indices | None = None,
    real_groups: Indices | None = None,
) -> VolumeCandidates:
    """Find the real volumes, with the turn, that each query correlates best with.

    Memory is a few times 32 MiB whatever the size of the real set. Results depend neither on blocks nor on
    which other queries there are; equal scores go to the earlier real volume.

    Args:
        queries: thumbnails of a few volumes: their variants take 7 MiB each.
        real: the real set.
        n_candidates: pairs of real volume and turn a query, at most.
        query_groups: (n_queries,) a group of each query; with `real_groups`, no pair of one group is made.
        real_groups: (n_real,) a group of each real volume.
    """
    bank, is_constant = _make_bank(queries)
    n, n_turns, n_shifts = len(queries), len(VOLUME_TURNS), len(_SHIFTS)
    kept = BestPairs.empty(n, n_candidates)
    step = max(1, _BLOCK_BYTES // (4 * len(bank)))
    for start in range(0, len(real), step):
        rows = slice(start, min(start + step, len(real)))
        # (n_shifts n n_turns, voxels) @ (voxels, n_rows) -> (n_shifts, n, n_turns, n_rows)
        products = (bank @ real.vectors[rows].T).reshape(n_shifts, n, n_turns, -1)
        products *= real.scales[:, None, None, rows]
        scores = products.max(axis=0)
        # Constant volumes correlate with nothing, and yet one equals another up to brightness.
        scores[:, 0][is_constant[:, None] & real.is_constant[None, rows]] = 1.0
        if query_groups is not None and real_groups is not None:
            same = query_groups[:, None] == real_groups[None, rows]
            scores[np.broadcast_to(same[:, None], scores.shape)] = -np.inf
        kept = kept.merge(scores, start)
    query, place = np.nonzero(kept.real >= 0)
    return VolumeCandidates(query, kept.real[query, place], kept.transform[query, place])


def _make_bank(queries: VolumeThumbnails) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Make the variants of every turned query.

    Returns:
        (n_shifts n n_turns, voxels) float32 with whole entries, and (n,) whether a query is constant.
    """
    volumes = queries.normalise()
    bank = np.empty((len(_SHIFTS), len(queries), len(VOLUME_TURNS), _SIDE**3), dtype=np.float32)
    masks = _make_masks()
    count = masks.sum(axis=1, keepdims=True)
    for row, volume in enumerate(volumes):
        detail = keep_detail(volume.astype(np.float64))
        for number, turn in enumerate(VOLUME_TURNS):
            variants = _reduce_shifted(turn_volume(detail, turn))
            centred = (variants - (variants * masks).sum(axis=1, keepdims=True) / count) * masks
            length = np.sqrt(np.square(centred).sum(axis=1, keepdims=True))
            varies = length > 1e-6 * np.sqrt(count)
            normalised = np.where(varies, centred / np.where(varies, length, 1.0), 0.0)
            bank[:, row, number] = np.rint(normalised * _LENGTH)
    return bank.reshape(-1, _SIDE**3), are_constant(volumes)


def _reduce_shifted(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(side, side, side) -> (n_shifts, voxels): shifted over zeros, and means of blocks of 2 x 2 x 2."""
    values = values[None]
    for axis in (1, 2, 3):
        # One axis after the other: (..., side, ...) -> (shifts ..., side / 2, ...).
        line = np.pad(np.moveaxis(values, axis, -1), [(0, 0)] * 3 + [(_STEP, _STEP)])
        starts = [_STEP - step for step in _STEPS]
        halves = [
            [line[..., start + part : start + part + VOLUME_SIDE : 2] for start in starts] for part in (0, 1)
        ]
        first, second = (np.stack(half, axis=1) for half in halves)
        values = np.moveaxis(((first + second) / 2).reshape(-1, *line.shape[1:3], _SIDE), -1, axis)
    return values.reshape(len(_SHIFTS), -1)


def _reduce(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(side, side, side) -> means of blocks of 2 x 2 x 2."""
    reduced: NDArray[np.float64] = values.reshape(_SIDE, 2, _SIDE, 2, _SIDE, 2).mean(axis=(1, 3, 5))
    return reduced


@lru_cache(maxsize=1)
def _make_masks() -> NDArray[np.float64]:
    """Return (n_shifts, voxels): 1 where a shifted query covers a whole block, 0 elsewhere."""
    places = np.arange(VOLUME_SIDE)
    masks = []
    for shift in _SHIFTS:
        lines = [
            ((places - step >= 0) & (places - step < VOLUME_SIDE)).reshape(_SIDE, 2).all(axis=1)
            for step in shift
        ]
        masks.append(np.einsum("i,j,k->ijk", *(line.astype(np.float64) for line in lines)).ravel())
    return np.stack(masks)
