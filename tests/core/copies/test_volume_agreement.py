"""Agreement of volumes laid over each other, held against correlations written out voxel by voxel."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from core.copies.volume_agreement import compare_slices, compare_volumes, keep_detail
from core.copies.volume_shift import FURTHEST_SHIFT, Spectrum, find_shift
from core.copies.volume_thumbnails import VOLUME_SIDE

NONE = np.zeros(3)


def draw(seed: int, side: int = VOLUME_SIDE) -> np.ndarray:
    values = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(side,) * 3), 1.0)
    return (values - values.mean()) / values.std()


def move(values: np.ndarray, shift: tuple[int, int, int], fill: np.ndarray) -> np.ndarray:
    """A query whose place x shows what the real volume shows at x + shift; elsewhere something else."""
    moved = fill.copy()
    inside = [slice(max(0, -step), VOLUME_SIDE - max(0, step)) for step in shift]
    there = [slice(part.start + step, part.stop + step) for part, step in zip(inside, shift, strict=True)]
    moved[tuple(inside)] = values[tuple(there)]
    return moved


def test_equal_volumes_agree_wholly_and_unequal_ones_as_far_as_they_correlate() -> None:
    one, other = draw(0), draw(1)
    same = compare_volumes(one, one.copy(), NONE)
    assert (same.distance, same.pixel_agreement, same.overlap) == (0.0, 1.0, 1.0)
    mixed = 0.8 * one + 0.6 * other
    got = compare_volumes(one, mixed, NONE)
    assert got.pixel_agreement == pytest.approx(np.corrcoef(one.ravel(), mixed.ravel())[0, 1])
    window = {"sigma": VOLUME_SIDE / 16, "mode": "constant", "truncate": 20.0}
    weight = ndimage.gaussian_filter(np.ones_like(one), **window)
    details = [values - ndimage.gaussian_filter(values, **window) / weight for values in (one, mixed)]
    r = np.corrcoef(*(detail.ravel() for detail in details))[0, 1]
    assert got.distance == pytest.approx(np.sqrt(2 * (1 - r)), rel=1e-6)


def test_gain_and_offset_change_nothing_and_contrast_turned_round_is_furthest() -> None:
    one = draw(0)
    brighter = compare_volumes(one, 0.3 * one + 2.0, NONE)
    assert brighter.distance == pytest.approx(0, abs=1e-7)
    assert compare_volumes(one, -one, NONE).distance == pytest.approx(2.0)


def test_what_is_smooth_does_not_count_as_detail() -> None:
    ramp = np.broadcast_to(np.linspace(-5, 5, VOLUME_SIDE)[:, None, None], (VOLUME_SIDE,) * 3)
    one, other = draw(0), draw(1)
    got = compare_volumes(one + ramp, other + ramp, NONE)
    assert got.pixel_agreement > 0.85
    assert got.distance > 1.2
    np.testing.assert_allclose(keep_detail(np.full((8,) * 3, 3.0)), 0, atol=1e-12)


@pytest.mark.parametrize("shift", [(2, 0, -3), (0, 4, 0), (-1, -2, 4)])
def test_a_shift_is_found_and_what_fills_the_edge_is_left_out(shift: tuple[int, int, int]) -> None:
    real, noise = draw(0), draw(1)
    query = move(real, shift, noise)
    fit = find_shift(Spectrum(keep_detail(query)), Spectrum(keep_detail(real)))
    assert fit.whole.tolist() == list(shift)
    got = compare_volumes(query, real, fit.whole)
    assert got.distance == pytest.approx(0, abs=1e-12)
    assert got.pixel_agreement == pytest.approx(1)
    # One voxel more than was moved is left out at the edge that lies beyond the real volume.
    kept = [VOLUME_SIDE - abs(step) - (step != 0) for step in shift]
    assert got.overlap == pytest.approx(np.prod(kept) / VOLUME_SIDE**3)
    assert compare_volumes(query, real, NONE).distance > 1


def test_scores_of_shifts_are_correlations_over_the_overlap() -> None:
    query, real = keep_detail(draw(0)), keep_detail(draw(1))
    scores = {}
    for z in range(-FURTHEST_SHIFT, FURTHEST_SHIFT + 1):
        for y, x in ((0, 0), (2, -4), (-3, 1)):
            boxes = [[], []]
            for step in (z, y, x):
                boxes[0].append(slice(max(0, -step), VOLUME_SIDE - max(0, step)))
                boxes[1].append(slice(max(0, step), VOLUME_SIDE - max(0, -step)))
            one, other = query[tuple(boxes[0])], real[tuple(boxes[1])]
            scores[z, y, x] = np.corrcoef(one.ravel(), other.ravel())[0, 1]
    fit = find_shift(Spectrum(query), Spectrum(real))
    assert fit.score >= max(scores.values()) - 1e-12
    one = [slice(max(0, -int(step)), VOLUME_SIDE - max(0, int(step))) for step in fit.whole]
    other = [slice(max(0, int(step)), VOLUME_SIDE - max(0, -int(step))) for step in fit.whole]
    expected = np.corrcoef(query[tuple(one)].ravel(), real[tuple(other)].ravel())[0, 1]
    assert fit.score == pytest.approx(expected, abs=1e-12)


def test_a_shift_between_voxels_is_found_to_a_fifth_of_one() -> None:
    real = draw(0)
    for step in (0.3, 0.5, -1.6):
        query = ndimage.shift(real, (-step, 0, 0), order=3, mode="nearest")
        fit = find_shift(Spectrum(keep_detail(query)), Spectrum(keep_detail(real)))
        np.testing.assert_allclose(fit.fine, [step, 0, 0], atol=0.2)
        moved = compare_volumes(query, real, fit.fine)
        assert moved.distance <= compare_volumes(query, real, fit.whole).distance


def test_too_little_overlap_and_constant_volumes_count_as_uncorrelated() -> None:
    one, flat = draw(0), np.zeros((VOLUME_SIDE,) * 3)
    assert compare_volumes(one, one, np.array([10.0, 8.0, 8.0])).distance == pytest.approx(np.sqrt(2))
    apart = compare_volumes(one, flat, NONE)
    assert (apart.distance, apart.pixel_agreement) == (pytest.approx(np.sqrt(2)), 0.0)
    same = compare_volumes(flat, flat, NONE)
    assert (same.distance, same.pixel_agreement) == (0.0, 1.0)
    assert find_shift(Spectrum(flat), Spectrum(one)).score == 0.0


def test_slices_are_compared_where_the_query_reaches_along_all_three_axes() -> None:
    real, other = draw(0), draw(1)
    query = real.copy()
    query[20:] = other[20:]
    details = [keep_detail(values) for values in (query, real)]
    got = compare_slices(query, real, NONE)
    assert got.shape == (3, VOLUME_SIDE) and got.dtype == np.float32
    expected = [
        [np.corrcoef(*(np.take(detail, at, axis).ravel() for detail in details))[0, 1] for at in range(32)]
        for axis in range(3)
    ]
    np.testing.assert_allclose(got, expected, atol=1e-6)
    assert got[0, :14].min() > 0.999 and np.abs(got[0, 22:]).max() < 0.4
    query[5] = 0.0
    assert np.flatnonzero(np.isnan(compare_slices(query, real, NONE)[0])).tolist() == [5]

    moved = move(real, (3, 0, -2), np.zeros_like(real))
    got = compare_slices(moved, real, np.array([3.0, 0.0, -2.0]))
    # Of the real volume, the first slices and the last columns are not on the query.
    assert np.isnan(got[0, :3]).all() and np.isnan(got[2, 30:]).all()
    np.testing.assert_allclose(got[0, 4:], 1.0, atol=1e-6)
    np.testing.assert_allclose(got[2, :29], 1.0, atol=1e-6)
    np.testing.assert_allclose(got[1], 1.0, atol=1e-6)
