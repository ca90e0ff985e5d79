"""The one pass over real x synthetic against a plain float64 transcription."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError, TooFewImagesError
from core.metrics._distances import compute_knn_distances
from core.metrics.neighbourhood import Neighbourhood, compute_neighbourhood
from tests.core.metrics.test_distances import naive_distances, naive_knn


def assert_equals_naive(
    found: Neighbourhood, real: np.ndarray, synthetic: np.ndarray, k: int, metric: str, margin: float
) -> None:
    distances = naive_distances(real, synthetic, metric)
    real_knn, synthetic_knn = naive_knn(real, k, metric), naive_knn(synthetic, k, metric)
    in_real = distances < real_knn[:, -1:]
    np.testing.assert_array_equal(found.real_knn, real_knn)
    np.testing.assert_array_equal(found.synthetic_knn, synthetic_knn)
    np.testing.assert_array_equal(found.nearest_real, distances.argmin(axis=0))
    np.testing.assert_array_equal(found.nearest_real_distance, distances.min(axis=0))
    np.testing.assert_array_equal(found.n_real_balls, in_real.sum(axis=0))
    np.testing.assert_array_equal(found.in_real_ball, in_real.any(axis=0))
    np.testing.assert_array_equal(found.in_copy_ball, (distances < real_knn[:, :1] + margin).any(axis=0))
    np.testing.assert_array_equal(found.nearest_synthetic_distance, distances.min(axis=1))
    np.testing.assert_array_equal(found.in_synthetic_ball, (distances < synthetic_knn[:, -1]).any(axis=1))


@st.composite
def pairs_of_sets(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, str]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, m, d = draw(st.integers(7, 25)), draw(st.integers(7, 25)), draw(st.integers(1, 12))
    if draw(st.booleans()):
        real, synthetic = rng.integers(0, 3, (n, d)), rng.integers(0, 3, (m, d))
        if draw(st.booleans()):
            return real, synthetic, "hamming"
        real, synthetic = real.astype(float), synthetic.astype(float)
    else:
        real, synthetic = rng.standard_normal((n, d)), rng.standard_normal((m, d))
    copied = draw(st.integers(0, 5))
    synthetic[:copied] = real[rng.integers(0, n, copied)]
    real[: draw(st.integers(0, 4))] = real[-1]
    offset = draw(st.sampled_from([0.0, 1e4]))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    return (real + offset).astype(dtype), (synthetic + offset).astype(dtype), "euclidean"


@settings(max_examples=150, deadline=None)
@given(
    sets=pairs_of_sets(),
    k=st.integers(1, 6),
    block_rows=st.integers(1, 30),
    margin=st.sampled_from([0.0, 0.05, 100.0]),
)
def test_every_relation_equals_the_naive_one(
    sets: tuple[np.ndarray, np.ndarray, str], k: int, block_rows: int, margin: float
) -> None:
    real, synthetic, metric = sets
    found = compute_neighbourhood(
        real=real,
        synthetic=synthetic,
        nearest_k=k,
        metric=metric,
        collapse_margin=margin,
        block_rows=block_rows,
    )
    assert_equals_naive(found, real, synthetic, k, metric, margin)


@pytest.mark.parametrize("synthetic_kind", ["fresh", "collapsed", "copied", "clustered", "repeated"])
def test_larger_sets_of_many_dimensions(synthetic_kind: str) -> None:
    rng = np.random.default_rng(5)
    real = (rng.standard_normal((300, 256)) + 50).astype(np.float32)
    synthetic = {
        "fresh": rng.standard_normal((260, 256)) + 50,
        "collapsed": real.mean(axis=0) + 1e-3 * rng.standard_normal((260, 256)),
        "copied": real[:260],
        "repeated": real[rng.integers(0, 3, 260)] + 0.1,
        "clustered": real[rng.integers(0, 3, 260)] + 1e-4 * rng.standard_normal((260, 256)),
    }[synthetic_kind].astype(np.float32)
    found = compute_neighbourhood(real=real, synthetic=synthetic, nearest_k=5, block_rows=128)
    assert_equals_naive(found, real, synthetic, 5, "euclidean", 0.0)


def test_a_wholly_collapsed_synthetic_set_is_quick() -> None:
    rng = np.random.default_rng(8)
    real = rng.standard_normal((3000, 64)).astype(np.float32)
    near = compute_neighbourhood(real=real, synthetic=np.repeat(real[4:5], 3000, axis=0))
    assert (near.nearest_real == 4).all()
    assert (near.nearest_real_distance == 0).all()
    assert near.nearest_synthetic_distance[4] == 0
    assert near.n_synthetic == 3000 and not near.in_synthetic_ball.any()


def test_shared_real_distances_change_nothing() -> None:
    rng = np.random.default_rng(6)
    real, synthetic = rng.standard_normal((60, 5)), rng.standard_normal((40, 5))
    shared = compute_knn_distances(real, k=9)
    own = compute_neighbourhood(real=real, synthetic=synthetic, nearest_k=3)
    given_ = compute_neighbourhood(real=real, synthetic=synthetic, nearest_k=3, real_knn=shared)
    np.testing.assert_array_equal(own.n_real_balls, given_.n_real_balls)
    np.testing.assert_array_equal(own.in_copy_ball, given_.in_copy_ball)
    np.testing.assert_array_equal(own.real_radius, given_.real_radius)


def test_item_order_follows_the_items() -> None:
    rng = np.random.default_rng(7)
    real, synthetic = rng.standard_normal((80, 6)), rng.standard_normal((70, 6))
    order_real, order_synthetic = rng.permutation(80), rng.permutation(70)
    plain = compute_neighbourhood(real=real, synthetic=synthetic)
    shuffled = compute_neighbourhood(
        real=real[order_real], synthetic=synthetic[order_synthetic], block_rows=13
    )
    np.testing.assert_array_equal(order_real[shuffled.nearest_real], plain.nearest_real[order_synthetic])
    np.testing.assert_array_equal(shuffled.n_real_balls, plain.n_real_balls[order_synthetic])
    np.testing.assert_array_equal(shuffled.in_synthetic_ball, plain.in_synthetic_ball[order_real])


def test_errors() -> None:
    points = np.arange(12.0).reshape(6, 2)
    with pytest.raises(TooFewImagesError, match="7 real images, but there are 6"):
        compute_neighbourhood(real=points, synthetic=np.zeros((9, 2)), nearest_k=6)
    with pytest.raises(TooFewImagesError, match="6 synthetic images, but there are 5"):
        compute_neighbourhood(real=points, synthetic=points[:5])
    with pytest.raises(ValueError, match="negative"):
        compute_neighbourhood(real=points, synthetic=points, collapse_margin=-1.0)
    for bad in (np.zeros((6, 4)), np.zeros((5, 5)), np.zeros(6)):
        with pytest.raises(ValueError, match="real_knn"):
            compute_neighbourhood(real=points, synthetic=points, real_knn=bad)
    with pytest.raises(InputError, match="integer"):
        compute_neighbourhood(real=points, synthetic=points, metric="hamming")
    with pytest.raises(InputError, match="finite"):
        compute_neighbourhood(real=points, synthetic=points * np.nan)
