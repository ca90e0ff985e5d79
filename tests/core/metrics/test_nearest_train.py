"""The nearest train item against a plain float64 search: variants, left-out items, patients, duplicates."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError, TooFewImagesError
from core.metrics.nearest_train import find_left_out_train, find_nearest_train
from tests.core.metrics.test_distances import naive_distances


def naive_nearest(real: np.ndarray, queries: np.ndarray, metric: str) -> tuple[np.ndarray, ...]:
    """Lowest distance, then lowest index, then lowest variant, one pair at a time."""
    queries = queries[:, None] if queries.ndim == 2 else queries
    found = []
    for item in queries:
        distances = naive_distances(item, real, metric)  # (variants, n)
        found.append(min((distances[v, i], i, v) for v in range(len(item)) for i in range(len(real))))
    distance, index, variant = map(np.array, zip(*found, strict=True))
    return index, distance, variant


def naive_left_out(
    real: np.ndarray, variants: np.ndarray, patients: Sequence[str | None], metric: str
) -> tuple[np.ndarray, ...]:
    """The train set without the item, searched and measured anew for every item; no duplicates."""
    n = len(real)

    def others(i: int, pool: Sequence[int]) -> list[int]:
        return [j for j in pool if j != i and (patients[i] is None or patients[j] != patients[i])]

    def radius(i: int, pool: Sequence[int]) -> float:
        return min(naive_distances(real[i : i + 1], real[others(i, pool)], metric)[0])

    index, distance, variant, match_radius = [], [], [], []
    for i in range(n):
        pool = others(i, range(n))
        (j,), (gap,), (v,) = naive_nearest(real[pool], variants[i : i + 1], metric)
        index.append(pool[j])
        distance.append(gap)
        variant.append(v)
        match_radius.append(radius(pool[j], pool))
    return tuple(
        map(np.array, (index, distance, variant, [radius(i, range(n)) for i in range(n)], match_radius))
    )


@st.composite
def searches(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, str]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, m, v, d = (draw(st.integers(1, high)) for high in (25, 12, 4, 9))
    metric = draw(st.sampled_from(["euclidean", "hamming"]))
    if metric == "hamming" or draw(st.booleans()):
        real, queries = rng.integers(0, 3, (n, d)), rng.integers(0, 3, (m, v, d))
    else:
        real, queries = rng.standard_normal((n, d)), rng.standard_normal((m, v, d))
    queries[rng.integers(0, m, 3), rng.integers(0, v, 3)] = real[rng.integers(0, n, 3)]
    real[: draw(st.integers(0, 4))] = real[-1]
    if metric == "euclidean":
        offset = draw(st.sampled_from([0.0, 1e4]))
        dtype = draw(st.sampled_from([np.float32, np.float64]))
        real, queries = (real + offset).astype(dtype), (queries + offset).astype(dtype)
    return real, queries, metric


@settings(max_examples=150, deadline=None)
@given(search=searches(), block_rows=st.integers(1, 30))
def test_equals_the_naive_search(search: tuple[np.ndarray, np.ndarray, str], block_rows: int) -> None:
    real, queries, metric = search
    found = find_nearest_train(real=real, queries=queries, metric=metric, block_rows=block_rows)
    index, distance, variant = naive_nearest(real, queries, metric)
    np.testing.assert_array_equal(found.distance, distance)
    np.testing.assert_array_equal(found.index, index)
    np.testing.assert_array_equal(found.variant, variant)


@st.composite
def train_sets(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, list[str | None], str]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, v, d = draw(st.integers(5, 25)), draw(st.integers(1, 3)), draw(st.integers(4, 9))
    metric = draw(st.sampled_from(["euclidean", "hamming"]))
    if metric == "hamming":
        real, variants = rng.integers(0, 40, (n, d)), rng.integers(0, 40, (n, v, d))
    else:
        real, variants = rng.standard_normal((n, d)), rng.standard_normal((n, v, d))
    variants[:, 0] = real
    n_patients = draw(st.integers(3, 25))
    patients = ["a", "b", "c", *rng.choice([*"abcdefghijklmnopqrstuvwxy"][:n_patients], n)][:n]
    unknown = rng.random(n) < draw(st.sampled_from([0.0, 0.3]))
    return (
        real,
        variants,
        [None if gone else name for gone, name in zip(unknown, patients, strict=True)],
        metric,
    )


@settings(max_examples=150, deadline=None)
@given(train=train_sets(), block_rows=st.integers(1, 30), with_variants=st.booleans())
def test_leaving_out_equals_searching_without_the_item(
    train: tuple[np.ndarray, np.ndarray, list[str | None], str], block_rows: int, with_variants: bool
) -> None:
    real, variants, patients, metric = train
    if len(np.unique(real, axis=0)) < len(real):
        return  # duplicates: tests below
    found = find_left_out_train(
        real=real,
        patients=patients,
        variants=variants if with_variants else None,
        metric=metric,
        block_rows=block_rows,
    )
    expected = naive_left_out(real, variants if with_variants else variants[:, :1], patients, metric)
    got = (
        found.nearest.index,
        found.nearest.distance,
        found.nearest.variant,
        found.radius,
        found.match_radius,
    )
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_known_line() -> None:
    # Left out in turn: 0 matches 1, whose next neighbour is 3; 1 matches 0, which then has 3; and so on.
    real = np.array([[0.0], [1.0], [3.0], [7.0]])
    found = find_left_out_train(real=real)
    np.testing.assert_array_equal(found.nearest.index, [1, 0, 1, 2])
    np.testing.assert_array_equal(found.nearest.distance, [1, 1, 2, 4])
    np.testing.assert_array_equal(found.radius, [1, 1, 2, 4])
    np.testing.assert_array_equal(found.match_radius, [2, 3, 1, 2])


def test_identical_rows_are_exactly_zero_apart_where_a_float32_product_is_not() -> None:
    rng = np.random.default_rng(0)
    real = (rng.standard_normal((60, 2048)) + 100).astype(np.float32)
    squared = (real**2).sum(axis=1)
    product = np.sqrt(np.abs(squared[:, None] + squared[None] - 2 * real @ real.T))
    assert np.diag(product).max() > 0.005  # the trap
    found = find_nearest_train(real=real, queries=real[::-1])
    assert (found.distance == 0).all()
    np.testing.assert_array_equal(found.index, np.arange(60)[::-1])


def test_the_best_of_eight_turns_is_found() -> None:
    rng = np.random.default_rng(1)
    pictures = rng.standard_normal((30, 6, 6)).astype(np.float32)
    turned = pictures[[4, 9, 22]].copy()
    turned[1], turned[2] = np.rot90(turned[1]), turned[2].T

    def turns(picture: np.ndarray) -> list[np.ndarray]:
        return [np.rot90(side, k).ravel() for side in (picture, picture.T) for k in range(4)]

    queries = np.array([turns(picture) for picture in turned])  # (3, 8, 36)
    found = find_nearest_train(real=pictures.reshape(30, 36), queries=queries)
    np.testing.assert_array_equal(found.index, [4, 9, 22])
    np.testing.assert_array_equal(found.distance, 0)
    np.testing.assert_array_equal(found.variant, [0, 3, 4])
    # An item's own turns are no match for it.
    everything = np.array([turns(picture) for picture in pictures])
    left_out = find_left_out_train(real=pictures.reshape(30, 36), variants=everything)
    assert (left_out.nearest.distance > 0).all()
    assert (left_out.nearest.index != np.arange(30)).all()


@pytest.mark.parametrize("block_rows", [5, 64, 1000])
def test_block_size_and_item_order_change_nothing(block_rows: int) -> None:
    rng = np.random.default_rng(2)
    real, queries = rng.standard_normal((200, 16)) + 30, rng.standard_normal((90, 3, 16)) + 30
    patients = [f"p{number}" for number in rng.integers(0, 80, 200)]
    plain = find_nearest_train(real=real, queries=queries)
    left_out = find_left_out_train(real=real, patients=patients)
    order, query_order = rng.permutation(200), rng.permutation(90)
    shuffled = find_nearest_train(real=real[order], queries=queries[query_order], block_rows=block_rows)
    np.testing.assert_array_equal(order[shuffled.index], plain.index[query_order])
    np.testing.assert_array_equal(shuffled.distance, plain.distance[query_order])
    np.testing.assert_array_equal(shuffled.variant, plain.variant[query_order])
    other = find_left_out_train(
        real=real[order], patients=[patients[item] for item in order], block_rows=block_rows
    )
    np.testing.assert_array_equal(order[other.nearest.index], left_out.nearest.index[order])
    np.testing.assert_array_equal(other.radius, left_out.radius[order])
    np.testing.assert_array_equal(other.match_radius, left_out.match_radius[order])


def test_duplicates_are_left_out_together() -> None:
    rng = np.random.default_rng(3)
    real = rng.standard_normal((40, 5))
    with_duplicates = np.concatenate([real, real[7:8], -0.0 * real[:1] + real[:1], real[7:8]])
    plain, doubled = find_left_out_train(real=real), find_left_out_train(real=with_duplicates)
    for name in ("radius", "match_radius"):
        np.testing.assert_array_equal(getattr(doubled, name)[:40], getattr(plain, name))
        np.testing.assert_array_equal(getattr(doubled, name)[40:], getattr(plain, name)[[7, 0, 7]])
    np.testing.assert_array_equal(doubled.nearest.index[:40], plain.nearest.index)
    assert (doubled.nearest.distance > 0).all()
    # With variants every occurrence is searched itself, and comes to the same.
    again = find_left_out_train(real=with_duplicates, variants=with_duplicates[:, None])
    np.testing.assert_array_equal(again.nearest.index, doubled.nearest.index)
    np.testing.assert_array_equal(again.match_radius, doubled.match_radius)


def test_zeros_of_either_sign_are_duplicates() -> None:
    real = np.array([[0.0, 1.0], [-0.0, 1.0], [3.0, 1.0], [9.0, 1.0]])
    found = find_left_out_train(real=real)
    np.testing.assert_array_equal(found.radius, [3, 3, 3, 6])


def test_one_patient_with_very_many_images_is_passed_over() -> None:
    rng = np.random.default_rng(4)
    real = rng.standard_normal((600, 8))
    patients = ["one"] * 590 + [f"p{number}" for number in range(10)]
    found = find_left_out_train(real=real, patients=patients, block_rows=64)
    distances = naive_distances(real[:590], real[590:])
    np.testing.assert_array_equal(found.nearest.index[:590], 590 + distances.argmin(axis=1))
    np.testing.assert_array_equal(found.radius[:590], distances.min(axis=1))


@pytest.mark.parametrize("kind", ["collapsed", "repeated train set", "all equal"])
def test_degenerate_sets_are_quick(kind: str) -> None:
    rng = np.random.default_rng(5)
    real = rng.standard_normal((3000, 64)).astype(np.float32)
    queries = np.repeat(real[:1] + 1, 3000, axis=0)
    if kind != "collapsed":
        real[:-2] = real[0]
    if kind == "all equal":
        queries[:] = real[0]
    found = find_nearest_train(real=real, queries=queries)
    index, distance, _ = naive_nearest(
        real[[0, 2998, 2999]] if kind != "collapsed" else real, queries[:1], "euclidean"
    )
    assert (found.distance == distance[0]).all()
    if kind == "collapsed":
        assert (found.index == index[0]).all()


def test_memory_does_not_grow_with_pairs() -> None:
    def peak(n: int) -> int:
        rng = np.random.default_rng(6)
        real, queries = (rng.standard_normal((n, 8)).astype(np.float32) for _ in range(2))
        tracemalloc.start()
        find_nearest_train(real=real, queries=queries, block_rows=256)
        find_left_out_train(real=real, variants=queries[:, None], block_rows=256)
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    small, large = peak(1000), peak(4000)
    # One float32 table of all pairs would be 64 MB for the larger one.
    assert large < 2 * small
    assert large < 10e6


def test_errors() -> None:
    real = np.arange(8.0).reshape(4, 2)
    with pytest.raises(TooFewImagesError, match="3 different images, but there are 2"):
        find_left_out_train(real=real[[0, 1, 0]])
    with pytest.raises(TooFewImagesError, match="of different patients, but there are 2"):
        find_left_out_train(real=real, patients=["a", "b", "a", "b"])
    with pytest.raises(ValueError, match="3 patients do not fit 4 items"):
        find_left_out_train(real=real, patients=["a", "b", "c"])
    for variants in (real, real[:3, None]):
        with pytest.raises(ValueError, match="variants of shape"):
            find_left_out_train(real=real, variants=variants)
    with pytest.raises(ValueError, match="variants, d"):
        find_nearest_train(real=real, queries=real[0])
    with pytest.raises(ValueError, match="dimensions"):
        find_nearest_train(real=real, queries=real[:, :1])
    with pytest.raises(InputError, match="integer"):
        find_nearest_train(real=real, queries=real, metric="hamming")
    with pytest.raises(InputError, match="finite"):
        find_nearest_train(real=real, queries=real * np.nan)
