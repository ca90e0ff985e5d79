"""Maps of features: axes and neighbours against naive ones, and layouts that keep neighbours together."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import CancelledError, InputError, TooFewImagesError
from core.features._nearest_items import find_nearest_items
from core.features._principal_axes import project_to_axes
from core.features.base import FeatureKind
from core.features.embedding import compute_embedding
from core.progress import SilentProgress

QUIET = SilentProgress()


class Recorder(SilentProgress):
    """Keeps the stages, and cancels when the one named begins."""

    def __init__(self, cancel_at: str = "") -> None:
        self.stages: list[tuple[str, int, int]] = []
        self._cancel_at = cancel_at

    def start(self, stage: str, total: int, unit: str = "images") -> None:
        self.stages.append((stage, total, 0))
        if stage == self._cancel_at:
            raise CancelledError

    def advance(self, steps: int = 1) -> None:
        stage, total, done = self.stages[-1]
        self.stages[-1] = (stage, total, done + steps)


def clusters(n: int, d: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Three well parted clusters."""
    rng = np.random.default_rng(seed)
    of = np.arange(n) % 3
    middles = rng.normal(scale=8.0, size=(3, d))
    return (middles[of] + rng.normal(size=(n, d))).astype(np.float32), of


@pytest.mark.parametrize(("n", "d"), [(200, 12), (20, 300), (5000, 8)])
def test_principal_axes_are_those_of_the_singular_values(n: int, d: int) -> None:
    features = np.random.default_rng(0).normal(size=(n, d)) * np.linspace(3, 0.1, d)
    axes = project_to_axes(features, 3, progress=QUIET)
    centred = features - features.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    assert axes.explained == pytest.approx(values[:3] ** 2 / (values**2).sum(), rel=1e-9)
    expected = left[:, :3] * values[:3]
    assert np.abs(axes.coordinates) == pytest.approx(np.abs(expected), abs=1e-4)
    largest = np.abs(axes.coordinates).argmax(axis=0)
    assert (axes.coordinates[largest, np.arange(3)] > 0).all()


def test_axes_that_are_not_there_are_zero() -> None:
    axes = project_to_axes(np.array([[1.0], [2.0], [4.0]]), 3, progress=QUIET)
    assert axes.explained.tolist() == [1.0, 0.0, 0.0]
    assert not axes.coordinates[:, 1:].any()
    same = project_to_axes(np.ones((5, 4)), 3, progress=QUIET)
    assert same.explained.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("hamming", [False, True])
def test_neighbours_are_those_of_all_distances(hamming: bool) -> None:
    rng = np.random.default_rng(1)
    points = rng.integers(0, 4, (600, 9)) if hamming else rng.normal(size=(600, 9)) + 50.0
    points[300:310] = points[:10]
    rows, distances = find_nearest_items(points, 6, hamming=hamming, progress=QUIET)
    for at in range(600):
        difference = points - points[at]
        naive = (difference != 0).mean(axis=1) if hamming else np.sqrt((difference**2).sum(axis=1))
        assert rows[at, 0] == at
        assert distances[at] == pytest.approx(np.sort(naive)[:6], abs=2e-5)
        assert distances[at] == pytest.approx(naive[rows[at]], abs=2e-5)
        assert len(set(rows[at])) == 6


def test_near_duplicates_keep_their_distance() -> None:
    points = np.random.default_rng(2).normal(scale=100.0, size=(50, 30))
    points[49] = points[0] + 1e-3
    _, distances = find_nearest_items(points, 2, progress=QUIET)
    assert distances[0, 1] == pytest.approx(1e-3 * np.sqrt(30), rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(FeatureKind))
def test_neighbours_stay_neighbours(kind: FeatureKind) -> None:
    features, of = clusters(150, 60)
    if kind is FeatureKind.DISCRETE:
        rng = np.random.default_rng(3)
        features = np.where(rng.random((150, 24)) < 0.2, rng.integers(0, 9, (150, 24)), of[:, None] * 10)
    progress = Recorder()
    made = compute_embedding(features, kind=kind, progress=progress)
    assert made.umap_2d.shape == (150, 2)
    assert made.umap_3d.shape == made.pca.shape == (150, 3)
    assert made.n_umap_features == (50 if kind is FeatureKind.CONTINUOUS else None)
    for layout in (made.umap_2d, made.umap_3d):
        rows, _ = find_nearest_items(layout, 6, progress=QUIET)
        assert (of[rows] == of[:, None]).mean() > 0.98
    assert [(stage, done) for stage, _, done in progress.stages] == [
        ("Principal components", 150),
        ("Nearest neighbours", 150),
        ("UMAP in 2 dimensions", 0),
        ("UMAP in 3 dimensions", 0),
    ]
    again = compute_embedding(features, kind=kind)
    assert np.array_equal(again.umap_2d, made.umap_2d)
    assert np.array_equal(again.umap_3d, made.umap_3d)
    other = compute_embedding(features, kind=kind, seed=1)
    assert not np.array_equal(other.umap_2d, made.umap_2d)
    assert np.array_equal(other.pca, made.pca)


@pytest.mark.slow
def test_few_and_equal_items_have_a_map() -> None:
    made = compute_embedding(np.ones((5, 3)), kind=FeatureKind.CONTINUOUS)
    assert made.n_neighbors == 4
    assert np.isfinite(made.umap_2d).all()
    assert np.isfinite(made.umap_3d).all()


def test_what_cannot_be_laid_out_is_refused() -> None:
    with pytest.raises(TooFewImagesError, match="at least 4 images, not 3"):
        compute_embedding(np.ones((3, 2)), kind=FeatureKind.CONTINUOUS)
    with pytest.raises(InputError, match="finite"):
        compute_embedding(np.full((9, 2), np.nan), kind=FeatureKind.CONTINUOUS)


@pytest.mark.parametrize("stage", ["Nearest neighbours", "UMAP in 2 dimensions"])
def test_it_stops_when_asked_to(stage: str) -> None:
    with pytest.raises(CancelledError):
        compute_embedding(clusters(60, 5)[0], kind=FeatureKind.CONTINUOUS, progress=Recorder(stage))
