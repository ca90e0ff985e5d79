"""Exact neighbour distances against a plain float64 computation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError, TooFewImagesError
from core.metrics import _distances
from core.metrics._distances import compute_knn_distances
from core.metrics._pair_bounds import open_pairs


def naive_distances(rows: np.ndarray, columns: np.ndarray, metric: str = "euclidean") -> np.ndarray:
    if metric == "hamming":
        return (rows[:, None] != columns[None]).mean(axis=2)
    gaps = rows.astype(np.float64)[:, None] - columns.astype(np.float64)[None]
    return np.sqrt((gaps**2).sum(axis=2))


def naive_knn(points: np.ndarray, k: int, metric: str = "euclidean") -> np.ndarray:
    distances = naive_distances(points, points, metric)
    np.fill_diagonal(distances, np.inf)
    return np.sort(distances, axis=1)[:, :k]


@st.composite
def feature_sets(draw: st.DrawFn) -> np.ndarray:
    """Small sets with what breaks naive matrix products: duplicates, exact ties, offsets, far scales."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, d = draw(st.integers(3, 30)), draw(st.integers(1, 20))
    many_ties = draw(st.booleans())
    points = rng.integers(0, 3, (n, d)).astype(float) if many_ties else rng.standard_normal((n, d))
    points *= draw(st.sampled_from([1.0, 1e-3, 1e6]))
    points += draw(st.sampled_from([0.0, 1e4, -37.5]))
    copies = draw(st.integers(0, n // 2))
    points[rng.integers(0, n, copies)] = points[rng.integers(0, n, copies)]
    if draw(st.booleans()):  # two clusters far apart, each far tighter than the gap
        points[: n // 2] += 1e3
    return points.astype(draw(st.sampled_from([np.float32, np.float64])))


@settings(max_examples=150, deadline=None)
@given(points=feature_sets(), k=st.integers(1, 6), block_rows=st.integers(1, 40))
def test_equals_plain_float64_bit_for_bit(points: np.ndarray, k: int, block_rows: int) -> None:
    k = min(k, len(points) - 1)
    np.testing.assert_array_equal(
        compute_knn_distances(points, k=k, block_rows=block_rows), naive_knn(points, k)
    )


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), block_rows=st.integers(1, 40))
def test_hamming_equals_plain_counting(seed: int, block_rows: int) -> None:
    codes = np.random.default_rng(seed).integers(0, 3, (17, 9))
    np.testing.assert_array_equal(
        compute_knn_distances(codes, k=4, metric="hamming", block_rows=block_rows),
        naive_knn(codes, 4, "hamming"),
    )


def test_known_line() -> None:
    points = np.array([[0.0], [1.0], [3.0], [7.0]])
    np.testing.assert_array_equal(compute_knn_distances(points, k=2), [[1, 3], [1, 2], [2, 3], [4, 6]])


def test_identical_rows_are_exactly_zero_apart_where_a_float32_product_is_not() -> None:
    rng = np.random.default_rng(0)
    points = np.repeat((rng.standard_normal((40, 2048)) + 100).astype(np.float32), 2, axis=0)
    squared = (points**2).sum(axis=1)
    product = np.sqrt(np.abs(squared[:, None] + squared[None] - 2 * points @ points.T))
    assert product[0, 1] > 0.005  # the trap
    assert (compute_knn_distances(points, k=1) == 0).all()


def test_a_wholly_collapsed_set_is_quick_and_zero() -> None:
    points = np.full((3000, 64), 0.3, dtype=np.float32)
    assert (compute_knn_distances(points, k=5) == 0).all()


def test_tight_far_clusters_are_exact() -> None:
    rng = np.random.default_rng(1)
    centres = rng.standard_normal((4, 32)) * 100
    points = (centres[rng.integers(0, 4, 300)] + 1e-3 * rng.standard_normal((300, 32))).astype(np.float32)
    np.testing.assert_array_equal(compute_knn_distances(points, k=5, block_rows=64), naive_knn(points, 5))


def test_pending_candidates_are_settled_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_distances, "_PENDING_LIMIT", 50)
    points = np.random.default_rng(2).standard_normal((120, 8)).astype(np.float32)
    np.testing.assert_array_equal(compute_knn_distances(points, k=3, block_rows=16), naive_knn(points, 3))


def test_item_order_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    points = rng.standard_normal((200, 30)).astype(np.float32)
    order = rng.permutation(200)
    np.testing.assert_array_equal(
        compute_knn_distances(points[order], k=4, block_rows=32), compute_knn_distances(points, k=4)[order]
    )


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_extreme_scales_neither_overflow_nor_vanish(scale: float) -> None:
    points = np.random.default_rng(4).standard_normal((50, 6)) * scale
    np.testing.assert_array_equal(compute_knn_distances(points, k=3, block_rows=16), naive_knn(points, 3))


@pytest.mark.parametrize("precise", [False, True])
@settings(max_examples=60, deadline=None)
@given(points=feature_sets())
def test_bounds_hold(points: np.ndarray, precise: bool) -> None:
    everything = slice(0, len(points))
    pairs = open_pairs(points, points[::-1].copy(), "euclidean")
    tile = pairs.bound(everything, everything, precise=precise)
    score = pairs.score(naive_distances(points, points[::-1]))
    assert (tile.lower <= score).all()
    assert (score <= tile.lower + tile.row_width[:, None] + tile.column_width).all()


def test_errors() -> None:
    points = np.zeros((5, 2))
    with pytest.raises(TooFewImagesError, match="at least 6 images, but there are 5"):
        compute_knn_distances(points, k=5)
    with pytest.raises(ValueError, match="at least 1"):
        compute_knn_distances(points, k=0)
    with pytest.raises(ValueError, match=r"\(n, d\)"):
        compute_knn_distances(np.zeros(5), k=1)
    with pytest.raises(ValueError, match="dimensions"):
        open_pairs(points, np.zeros((5, 3)), "euclidean")
    with pytest.raises(InputError, match="integer"):
        compute_knn_distances(points, k=1, metric="hamming")
    with pytest.raises(ValueError, match="cosine"):
        compute_knn_distances(points, k=1, metric="cosine")
    for bad in (np.nan, np.inf, -np.inf):
        points[3, 1] = bad
        with pytest.raises(InputError, match="finite"):
            compute_knn_distances(points, k=1)
