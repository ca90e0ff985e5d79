"""Finds the real volume that each query may be a copy of: candidates, shifts, exact agreement."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.copies.blocks import count_workers, map_blocks
from core.copies.search import CopyMatches, join_matches
from core.copies.transforms import TRANSFORMS
from core.copies.volume_agreement import VolumeAgreement, compare_slices, compare_volumes, keep_detail
from core.copies.volume_retrieval import VolumeIndex, find_volume_candidates
from core.copies.volume_shift import FittedShift, Spectrum, find_shift
from core.copies.volume_thumbnails import VOLUME_SIDE, VolumeThumbnails
from core.copies.volume_turns import VOLUME_TURNS, VolumeTurn, turn_volume
from core.errors import TooFewImagesError
from core.progress import Progress, SilentProgress

__all__ = ["DEFAULT_VOLUME_PRESET", "VolumeMatches", "VolumePreset", "align_volume", "search_volumes"]

Indices = NDArray[np.intp]

_SILENT: Final = SilentProgress()


@dataclass(frozen=True, slots=True)
class VolumePreset:
    """How much work a query is worth.

    Attributes:
        n_candidates: pairs of real volume and turn whose shift is looked for.
        n_refined: the best of them, which are compared voxel by voxel.
    """

    n_candidates: int = 16
    n_refined: int = 4


DEFAULT_VOLUME_PRESET: Final = VolumePreset()


@dataclass(frozen=True, slots=True)
class VolumeMatches(CopyMatches):
    """The nearest real volume of each query after alignment.

    A query is laid on its real volume by turning its slices (`transform`), reversing their order where it is
    turned over, and shifting it. `warps` hold the part of the shift within slices.

    Attributes:
        turned_over: (n,) whether the order of the query's slices is reversed.
        shift: (n, 3) share of the extent along slices, rows and columns, of the query so turned.
        slice_agreement: (n, 3, VOLUME_SIDE) float32 correlation of detail in corresponding slices along
            the real volume's slices, rows and columns (axial, coronal, sagittal), at places spread evenly
            from its first to its last one; NaN where the query does not reach or either slice is constant.
    """

    turned_over: NDArray[np.bool_]
    shift: NDArray[np.float64]
    slice_agreement: NDArray[np.float32]

    @property
    def turns(self) -> tuple[str, ...]:
        """What readers are told of how each query has to be turned."""
        both = zip(self.transforms, self.turned_over.tolist(), strict=True)
        return tuple(VolumeTurn(transform, over).words for transform, over in both)

    @classmethod
    def empty(cls) -> VolumeMatches:
        """Return no match."""
        indices, numbers = np.empty(0, dtype=np.intp), np.empty(0)
        flags = np.empty(0, dtype=np.bool_)
        return cls(
            real_index=indices,
            distance=numbers,
            pixel_agreement=numbers,
            overlap=numbers,
            transform=indices,
            warps=np.empty((0, 2, 3)),
            converged=flags,
            turned_over=flags,
            shift=np.empty((0, 3)),
            slice_agreement=np.empty((0, 3, VOLUME_SIDE), dtype=np.float32),
        )


def search_volumes(
    *,
    queries: VolumeThumbnails,
    real: VolumeThumbnails,
    query_groups: Indices | None = None,
    real_groups: Indices | None = None,
    preset: VolumePreset = DEFAULT_VOLUME_PRESET,
    block_queries: int = 4,
    workers: int | None = None,
    progress: Progress = _SILENT,
    stage: str = "Looking for copies",
) -> VolumeMatches:
    """Find the real volume that each query agrees with best, under flips, turns, shifts, gain and offset.

    Groups, blocks, order and ties are as in `core.copies.search.search_copies`: every query's result depends
    on it, the real set and the preset alone, bit by bit.

    Args:
        queries: thumbnails of the volumes asked about.
        real: thumbnails of the real train set.
        query_groups: (n_queries,) a group of each query, with `real_groups`: pairs of one group are not
            looked at.
        real_groups: (n_real,) a group of each real volume.
        preset: how much work a query is worth.
        block_queries: queries worked on at once by one thread; changes speed and memory only.
        workers: threads, about 100 MiB each; None takes one a core, at most eight.
        progress: told of every query; may cancel.
        stage: what progress calls this.

    Raises:
        TooFewImagesError: if there is no real volume, or none outside of some query's group.
        CancelledError: if `progress` cancels.
    """
    if (query_groups is None) != (real_groups is None):
        raise ValueError("groups are given for both sides or for none")
    if not len(real):
        raise TooFewImagesError("A search for copies needs at least one real volume, but there is none.")
    progress.start(stage, len(queries), unit="volumes")
    index = VolumeIndex(real)

    def search(start: int) -> VolumeMatches:
        rows = slice(start, start + block_queries)
        groups = None if query_groups is None else query_groups[rows]
        return _search_block(queries.take(rows), real, index, groups, real_groups, preset)

    found = []
    for part in map_blocks(search, range(0, len(queries), block_queries), count_workers(workers)):
        found.append(part)
        progress.advance(len(part))
    return join_matches(found, VolumeMatches)


@dataclass(frozen=True, slots=True)
class _Pair:
    """A query, turned, beside a real volume."""

    real: int
    turn: int
    query_values: NDArray[np.float64]
    real_values: NDArray[np.float64]
    fit: FittedShift

    def compare(self) -> tuple[VolumeAgreement, NDArray[np.float64]]:
        """Return the best agreement, and its shift in voxels; the plainest of equal ones."""
        # What is not moved, or by whole voxels, needs no interpolation.
        shifts = (np.zeros(3), self.fit.whole, self.fit.fine)
        found = [(compare_volumes(self.query_values, self.real_values, shift), shift) for shift in shifts]
        return min(found, key=lambda one: one[0].distance)


def _search_block(
    queries: VolumeThumbnails,
    real: VolumeThumbnails,
    index: VolumeIndex,
    query_groups: Indices | None,
    real_groups: Indices | None,
    preset: VolumePreset,
) -> VolumeMatches:
    found = find_volume_candidates(
        queries=queries,
        real=index,
        n_candidates=preset.n_candidates,
        query_groups=query_groups,
        real_groups=real_groups,
    )
    if len(np.unique(found.query)) < len(queries):
        raise TooFewImagesError(
            "Every volume must be compared with real volumes of other groups (patients), but there are none."
        )
    parts = []
    for row, volume in enumerate(queries.normalise().astype(np.float64)):
        of_row = found.query == row
        parts.append(align_volume(volume, real, found.real[of_row], found.turn[of_row], preset))
    return join_matches(parts, VolumeMatches)


def align_volume(
    query: NDArray[np.float64],
    real: VolumeThumbnails,
    matched: Indices,
    turns: Indices,
    preset: VolumePreset = DEFAULT_VOLUME_PRESET,
) -> VolumeMatches:
    """Find which of some real volumes, turned in which of some ways, a query agrees with best.

    Args:
        query: (side, side, side) of mean 0 and variance 1.
        real: thumbnails of real volumes.
        matched: (n_pairs,) rows of them.
        turns: (n_pairs,) indices into VOLUME_TURNS, of the query.
        preset: how many pairs are compared voxel by voxel.
    """

    @cache
    def load_query(turn: int) -> tuple[NDArray[np.float64], Spectrum]:
        values = np.ascontiguousarray(turn_volume(query, VOLUME_TURNS[turn]))
        return values, Spectrum(keep_detail(values))

    @cache
    def load_real(row: int) -> tuple[NDArray[np.float64], Spectrum]:
        values = real.take(slice(row, row + 1)).normalise()[0].astype(np.float64)
        return values, Spectrum(keep_detail(values))

    pairs = []
    for row, turn in zip(matched.tolist(), turns.tolist(), strict=True):
        (turned, spectrum), (values, other) = load_query(turn), load_real(row)
        pairs.append(_Pair(row, turn, turned, values, find_shift(spectrum, other)))
    pairs.sort(key=lambda pair: (-pair.fit.score, pair.real, pair.turn))
    compared = [(pair, *pair.compare()) for pair in pairs[: preset.n_refined]]
    pair, agreement, shift = min(compared, key=lambda one: (one[1].distance, one[0].real, one[0].turn))
    turn = VOLUME_TURNS[pair.turn]
    extent = shift / VOLUME_SIDE
    return VolumeMatches(
        real_index=np.array([pair.real], dtype=np.intp),
        distance=np.array([agreement.distance]),
        pixel_agreement=np.array([agreement.pixel_agreement]),
        overlap=np.array([agreement.overlap]),
        transform=np.array([TRANSFORMS.index(turn.transform)], dtype=np.intp),
        # In half sides, (right, down).
        warps=np.array([[[1.0, 0.0, 2 * extent[2]], [0.0, 1.0, 2 * extent[1]]]]),
        converged=np.array([True]),
        turned_over=np.array([turn.turned_over]),
        shift=extent[None],
        slice_agreement=compare_slices(pair.query_values, pair.real_values, shift)[None],
    )
