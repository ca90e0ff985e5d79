"""Finds the real image that each query may be a copy of: candidates, registration, exact agreement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.copies.agreement import Agreement, compute_agreement
from core.copies.blocks import count_workers, map_blocks
from core.copies.registration import register
from core.copies.retrieval import RealIndex, find_candidates
from core.copies.thumbnails import SIDE, Thumbnails
from core.copies.transforms import TRANSFORMS, Transform, apply_transform
from core.copies.warping import identity_warps
from core.errors import TooFewImagesError
from core.progress import Progress, SilentProgress

__all__ = ["DEFAULT_PRESET", "CopyMatches", "Matches", "SearchPreset", "join_matches", "search_copies"]

Indices = NDArray[np.intp]

_SILENT: Final = SilentProgress()


@dataclass(frozen=True, slots=True)
class SearchPreset:
    """How much work a query is worth.

    Attributes:
        n_candidates: pairs of real image and transform that are registered coarsely.
        n_refined: the best of them, which are registered again at the thumbnails' full side.
        coarse_side: side in pixels of the first registration, a divisor of the thumbnails' side.
        max_steps: Gauss-Newton steps of each registration, at most.
    """

    n_candidates: int = 16
    n_refined: int = 4
    coarse_side: int = 32
    max_steps: int = 12


DEFAULT_PRESET: Final = SearchPreset()


@dataclass(frozen=True, slots=True)
class CopyMatches:
    """The nearest real image of each query after alignment.

    Attributes:
        real_index: (n,) index into the real set.
        distance: (n,) sqrt(2 (1 - r)) with r the correlation of detail after alignment; exactly 0 for equal
            thumbnails, also turned ones.
        pixel_agreement: (n,) normalised cross-correlation of grey levels over the overlap, -1 to 1.
        overlap: (n,) share of the query that lies on the real image.
        transform: (n,) indices into TRANSFORMS: what turns the query the way the real image lies.
        warps: (n, 2, 3) from the query so turned to the real image, see `core.copies.warping`.
        converged: (n,) whether the alignment settled; where not, it is the best one known.
    """

    real_index: Indices
    distance: NDArray[np.float64]
    pixel_agreement: NDArray[np.float64]
    overlap: NDArray[np.float64]
    transform: Indices
    warps: NDArray[np.float64]
    converged: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.real_index)

    def take(self, rows: Indices) -> Self:
        """Return the matches of some queries, in the order asked for."""
        columns: dict[str, Any] = {field.name: getattr(self, field.name)[rows] for field in fields(self)}
        return replace(self, **columns)

    @classmethod
    def empty(cls) -> CopyMatches:
        """Return no match."""
        indices, numbers = np.empty(0, dtype=np.intp), np.empty(0)
        return CopyMatches(
            indices, numbers, numbers, numbers, indices, np.empty((0, 2, 3)), np.empty(0, dtype=np.bool_)
        )

    @property
    def transforms(self) -> tuple[Transform, ...]:
        """The transforms by name."""
        return tuple(TRANSFORMS[number] for number in self.transform.tolist())

    @property
    def turns(self) -> tuple[str, ...]:
        """What readers are told of how each query has to be turned."""
        return tuple(transform.value for transform in self.transforms)


Matches = TypeVar("Matches", bound=CopyMatches)
"""Matches of pictures, or of volumes."""


def search_copies(
    *,
    queries: Thumbnails,
    real: Thumbnails,
    query_groups: Indices | None = None,
    real_groups: Indices | None = None,
    preset: SearchPreset = DEFAULT_PRESET,
    block_queries: int = 16,
    workers: int | None = None,
    progress: Progress = _SILENT,
    stage: str = "Looking for copies",
) -> CopyMatches:
    """Find the real image that each query agrees with best, under flips, turns, small moves, gain and offset.

    Synthetic, held-out and left-out real images go through the same search, since alignment brings strangers
    nearer, too: distances are comparable only so. To leave real images out one at a time, pass the real set
    on both sides with one group an image; with one group a patient, other images of the patient are left out
    as well.

    Every query's result depends on it, the real set and the preset alone, bit by bit. Real images that agree
    equally well are told apart by their order: the first is taken.

    Args:
        queries: thumbnails of the images asked about.
        real: thumbnails of the real train set.
        query_groups: (n_queries,) a group of each query, with `real_groups`: pairs of one group are not
            looked at.
        real_groups: (n_real,) a group of each real image.
        preset: how much work a query is worth.
        block_queries: queries worked on at once by one thread; changes speed and memory only.
        workers: threads, 100 to 200 MiB each; None takes one a core, at most eight.
        progress: told of every query; may cancel.
        stage: what progress calls this.

    Returns:
        The nearest real image of each query, in order.

    Raises:
        TooFewImagesError: if there is no real image, or none outside of some query's group.
        CancelledError: if `progress` cancels.
    """
    if (query_groups is None) != (real_groups is None):
        raise ValueError("groups are given for both sides or for none")
    if not len(real):
        raise TooFewImagesError("A search for copies needs at least one real image, but there is none.")
    progress.start(stage, len(queries))
    index = RealIndex(real)
    starts = range(0, len(queries), block_queries)

    def search(start: int) -> CopyMatches:
        rows = slice(start, start + block_queries)
        groups = None if query_groups is None else query_groups[rows]
        return _search_block(queries.take(rows), real, index, groups, real_groups, preset)

    found = []
    for part in map_blocks(search, starts, count_workers(workers)):
        found.append(part)
        progress.advance(len(part))
    return join_matches(found, CopyMatches)


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Queries and real images laid over each other; (n_pairs,) indices and (n_pairs, 2, 3) warps."""

    query: Indices
    real: Indices
    transform: Indices
    warps: NDArray[np.float64]
    agreement: Agreement
    converged: NDArray[np.bool_]

    def best(self, n_queries: int, k: int) -> Indices:
        """Positions of the k nearest pairs of each query, query after query."""
        order = np.lexsort((self.transform, self.real, self.agreement.distance, self.query))
        counts = np.bincount(self.query, minlength=n_queries)
        rank = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
        return order[rank < k]


def _search_block(
    queries: Thumbnails,
    real: Thumbnails,
    index: RealIndex,
    query_groups: Indices | None,
    real_groups: Indices | None,
    preset: SearchPreset,
) -> CopyMatches:
    found = find_candidates(
        queries=queries,
        real=index,
        n_candidates=preset.n_candidates,
        query_groups=query_groups,
        real_groups=real_groups,
    )
    n = len(queries)
    if len(np.unique(found.query)) < n:
        raise TooFewImagesError(
            "Every image must be compared with real images of other groups (patients), but there are none."
        )

    def align(
        query: Indices, matched: Indices, transform: Indices, start: NDArray[np.float64], side: int
    ) -> _Pairs:
        planes = _turn(queries.normalise(side)[query], transform)
        others = real.take(matched).normalise(side)
        fit = register(queries=planes, real=others, start=start, max_steps=preset.max_steps)
        moved = compute_agreement(queries=planes, real=others, warps=fit.warps)
        # What was not moved needs no interpolation, and is at distance 0 where pixels are equal.
        unmoved = identity_warps(len(query))
        still = compute_agreement(queries=planes, real=others, warps=unmoved)
        stays = still.distance <= moved.distance
        agreement = Agreement(
            np.where(stays, still.pixel_agreement, moved.pixel_agreement),
            np.where(stays, still.distance, moved.distance),
            np.where(stays, still.overlap, moved.overlap),
        )
        warps = np.where(stays[:, None, None], unmoved, fit.warps)
        return _Pairs(query, matched, transform, warps, agreement, fit.converged | stays)

    coarse = align(found.query, found.real, found.transform, found.warps, preset.coarse_side)
    kept = coarse.best(n, preset.n_refined)
    fine = align(coarse.query[kept], coarse.real[kept], coarse.transform[kept], coarse.warps[kept], SIDE)
    best = fine.best(n, 1)
    return CopyMatches(
        real_index=fine.real[best],
        distance=fine.agreement.distance[best],
        pixel_agreement=fine.agreement.pixel_agreement[best],
        overlap=fine.agreement.overlap[best],
        transform=fine.transform[best],
        warps=fine.warps[best],
        converged=fine.converged[best],
    )


def _turn(planes: NDArray[np.float32], transform: Indices) -> NDArray[np.float32]:
    """Apply to each plane its own transform."""
    turned = np.empty_like(planes)
    for number in np.unique(transform):
        members = transform == number
        turned[members] = apply_transform(planes[members], TRANSFORMS[number], axes=(1, 2))
    return turned


def join_matches(parts: Sequence[Matches], kind: type[Matches]) -> Matches:
    """Put matches together, in order; none of none.

    Args:
        parts: matches of one kind.
        kind: that kind.
    """
    columns: dict[str, Any] = {
        field.name: np.concatenate([getattr(part, field.name) for part in (kind.empty(), *parts)])
        for field in fields(kind)
    }
    return kind(**columns)
