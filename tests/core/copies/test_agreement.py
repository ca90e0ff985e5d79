from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.copies.agreement import compute_agreement
from core.copies.warping import identity_warps, make_positions, sample_planes
from tests.core.copies.test_registration import SIDE, smooth_planes, warp


def test_equal_pictures_are_at_zero_exactly_even_when_brighter() -> None:
    planes = smooth_planes(5)
    same = compute_agreement(queries=planes, real=planes.copy(), warps=identity_warps(5))
    np.testing.assert_array_equal(same.distance, 0.0)
    np.testing.assert_array_equal(same.pixel_agreement, 1.0)
    np.testing.assert_array_equal(same.overlap, 1.0)
    twice = compute_agreement(queries=2 * planes, real=planes, warps=identity_warps(5))
    np.testing.assert_array_equal(twice.distance, 0.0)


def covers(place: int, shift: int) -> bool:
    """Whether the real image goes on beyond this pixel, where something was shifted."""
    edge = int(shift != 0)
    return edge <= place + shift < SIDE - edge or shift == 0


def naive(
    query: NDArray[np.float32], real: NDArray[np.float32], right: int, down: int
) -> tuple[float, float]:
    """Both correlations for a shift by whole pixels, pixel by pixel."""
    inside = [
        (row, column)
        for row in range(SIDE)
        for column in range(SIDE)
        if covers(row, down) and covers(column, right)
    ]
    one = {place: float(query[place]) for place in inside}
    other = {(row, column): float(real[row + down, column + right]) for row, column in inside}

    def detail(values: dict[tuple[int, int], float]) -> list[float]:
        rows, columns = (np.array(axis) for axis in zip(*inside, strict=True))
        grey = np.array([values[place] for place in inside])
        sigma, kept = SIDE / 16, []
        for row, column, value in zip(rows, columns, grey, strict=True):
            weights = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * sigma**2))
            kept.append(value - (weights * grey).sum() / weights.sum())
        return kept

    grey_r = np.corrcoef(list(one.values()), list(other.values()))[0, 1]
    return grey_r, np.corrcoef(detail(one), detail(other))[0, 1]


@pytest.mark.parametrize(("right", "down"), [(0, 0), (2, -1), (-3, 3)])
def test_it_is_the_correlation_over_the_overlap(right: int, down: int) -> None:
    query, real = smooth_planes(2, seed=3)
    grey_r, detail_r = naive(query, real, right, down)
    moved = warp(2 * right / SIDE, 2 * down / SIDE)[None]
    got = compute_agreement(queries=query[None], real=real[None], warps=moved)
    assert got.pixel_agreement[0] == pytest.approx(grey_r, abs=1e-6)
    assert got.distance[0] == pytest.approx(np.sqrt(2 * (1 - detail_r)), abs=1e-6)
    assert got.overlap[0] == pytest.approx(
        np.mean([covers(place, right) for place in range(SIDE)])
        * np.mean([covers(place, down) for place in range(SIDE)])
    )


def test_what_lies_outside_of_the_overlap_does_not_count() -> None:
    real = smooth_planes(4)
    moved = np.repeat(warp(0.125, 0.0)[None], 4, axis=0)  # two pixels
    seen, inside = sample_planes(real, moved, make_positions(SIDE))
    queries = np.where(inside, seen, -9.0).reshape(real.shape).astype(np.float32)
    got = compute_agreement(queries=queries, real=real, warps=moved)
    np.testing.assert_allclose(got.distance, 0.0, atol=1e-6)


def test_too_little_overlap_is_no_agreement() -> None:
    planes = smooth_planes(1)
    got = compute_agreement(queries=planes, real=planes, warps=warp(0.4, 0.4)[None])
    assert got.overlap[0] < 0.7
    assert (got.pixel_agreement[0], got.distance[0]) == (0.0, np.sqrt(2.0))


def test_constant_pictures_equal_each_other_and_nothing_else() -> None:
    flat, picture = np.zeros((1, SIDE, SIDE), dtype=np.float32), smooth_planes(1)
    for queries, real, expected in (
        (flat, flat, 0.0),
        (flat, picture, np.sqrt(2)),
        (picture, flat, np.sqrt(2)),
    ):
        got = compute_agreement(queries=queries, real=real, warps=identity_warps(1))
        assert got.distance[0] == expected
        assert got.pixel_agreement[0] == pytest.approx(1 - expected**2 / 2)


def test_a_negative_is_far_away() -> None:
    planes = smooth_planes(2)
    got = compute_agreement(queries=-planes, real=planes, warps=identity_warps(2))
    np.testing.assert_allclose(got.distance, 2.0)
    np.testing.assert_allclose(got.pixel_agreement, -1.0)
