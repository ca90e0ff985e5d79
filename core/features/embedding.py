"""Features laid out for the eye: UMAP and principal components, in two and three dimensions."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError, TooFewImagesError
from core.features._nearest_items import find_nearest_items
from core.features._principal_axes import project_to_axes
from core.features.base import FeatureKind
from core.progress import Progress, SilentProgress

__all__ = ["MOST_UMAP_FEATURES", "Embedding", "compute_embedding"]

MOST_UMAP_FEATURES: Final = 50
"""Continuous features beyond this number are reduced to as many principal components before UMAP."""

_FEWEST_ITEMS: Final = 4


@dataclass(frozen=True, slots=True)
class Embedding:
    """Coordinates of n items.

    Attributes:
        umap_2d: (n, 2) float32.
        umap_3d: (n, 3) float32, a layout of its own.
        pca: (n, 3) float32, centred.
        explained: (3,) share of variance along each principal axis.
        metric: what UMAP measured, `euclidean` or `hamming`.
        n_neighbors: as used; less than asked for where there are fewer items.
        n_umap_features: principal components that UMAP saw, or None where it saw the features themselves.
    """

    umap_2d: NDArray[np.float32]
    umap_3d: NDArray[np.float32]
    pca: NDArray[np.float32]
    explained: NDArray[np.float64]
    metric: str
    n_neighbors: int
    n_umap_features: int | None


def compute_embedding(
    features: NDArray[Any],
    *,
    kind: FeatureKind,
    n_neighbors: int = 15,
    min_dist: float = 0.1,
    seed: int = 0,
    progress: Progress | None = None,
) -> Embedding:
    """Lay items out so that neighbours in feature space stay neighbours.

    UMAP starts from the principal components, which makes the layout depend less on the seed (Kobak and
    Linderman, Nature Biotechnology 39, 2021), and runs on one thread, without which a seed decides nothing.
    Neighbours are searched exactly and once for both layouts.

    Args:
        features: (n, d) features of all items from one extractor, as metrics see them.
        kind: continuous features are compared by Euclidean distance, discrete codes by Hamming distance;
            principal components of codes are those of their indicators (one column a position and code).
        n_neighbors: neighbours, the item itself included, that the layout tries to keep together.
        min_dist: how close the layout may put neighbours, from 0 (tight clumps) to 0.99.
        seed: seeds the layout.
        progress: told about stages; may cancel.

    Raises:
        TooFewImagesError: if there are fewer than four items.
        InputError: if a feature is not finite.
        CancelledError: if progress says so.

    References:
        McInnes, Healy and Melville, UMAP, 2018 (arXiv:1802.03426).
    """
    progress = progress or SilentProgress()
    n, d = features.shape
    if n < _FEWEST_ITEMS:
        raise TooFewImagesError(f"A map needs at least {_FEWEST_ITEMS} images, not {n}.")
    if not np.isfinite(features).all():
        raise InputError("Features for a map must be finite.")
    discrete = kind is FeatureKind.DISCRETE
    n_axes = max(3, min(MOST_UMAP_FEATURES, d))
    axes = project_to_axes(_indicate(features) if discrete else features, n_axes, progress=progress)
    reduced = not discrete and d > MOST_UMAP_FEATURES
    points = axes.coordinates if reduced else features
    n_neighbors = min(n_neighbors, n - 1)
    nearest = find_nearest_items(points, n_neighbors, hamming=discrete, progress=progress)
    metric = "hamming" if discrete else "euclidean"
    layouts = []
    for n_dimensions in (2, 3):
        # UMAP does not tell where it stands.
        progress.start(f"UMAP in {n_dimensions} dimensions", 0)
        layouts.append(
            _lay_out(
                points,
                axes.coordinates[:, :n_dimensions],
                nearest,
                metric=metric,
                min_dist=min_dist,
                seed=seed,
            )
        )
    return Embedding(
        umap_2d=layouts[0],
        umap_3d=layouts[1],
        pca=np.ascontiguousarray(axes.coordinates[:, :3]),
        explained=axes.explained[:3],
        metric=metric,
        n_neighbors=n_neighbors,
        n_umap_features=n_axes if reduced else None,
    )


def _lay_out(
    points: NDArray[Any],
    start: NDArray[np.float32],
    nearest: tuple[NDArray[np.int64], NDArray[np.float32]],
    *,
    metric: str,
    min_dist: float,
    seed: int,
) -> NDArray[np.float32]:
    with warnings.catch_warnings():
        # It warns of what is not used here: TensorFlow, and placing new points later.
        warnings.simplefilter("ignore")
        import umap  # type: ignore[import-untyped]

        # Equal starts would never part; the noise is far below what a map shows.
        noise = np.random.default_rng(seed).normal(scale=1e-3, size=start.shape)
        spread = float(np.abs(start).max()) or 1.0
        model = umap.UMAP(
            n_components=start.shape[1],
            n_neighbors=nearest[0].shape[1],
            min_dist=min_dist,
            metric=metric,
            init=(10.0 * start / spread + noise).astype(np.float32),
            precomputed_knn=nearest,
            random_state=seed,
            n_jobs=1,
        )
        layout: NDArray[np.float32] = model.fit_transform(points.astype(np.float32, copy=False))
    return layout.astype(np.float32, copy=False)


def _indicate(codes: NDArray[Any]) -> NDArray[np.float32]:
    """One column a position and code that occurs there."""
    columns = [codes[:, at, None] == np.unique(codes[:, at]) for at in range(codes.shape[1])]
    return np.concatenate(columns, axis=1).astype(np.float32)
