"""Volumes brought to a frame: exact where that has a meaning, and never aliased."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from core.images.slice_sheet import lay_out_slices
from core.images.volume_resizing import resize_volume


def test_a_volume_of_the_frames_shape_stays_what_it_is() -> None:
    levels = np.random.default_rng(0).integers(0, 256, (5, 6, 7), dtype=np.uint8)
    np.testing.assert_array_equal(resize_volume(levels, shape=(5, 6, 7))[..., 0], levels)


@pytest.mark.parametrize("shape", [(3, 4, 5), (20, 30, 25), (7, 40, 3), (1, 1, 1)])
def test_constants_stay_constant_up_to_the_border(shape: tuple[int, int, int]) -> None:
    resized = resize_volume(np.full((9, 11, 13), 201, np.uint8), shape=shape)
    assert resized.shape == (*shape, 1)
    np.testing.assert_allclose(resized, 201, rtol=1e-6)


@pytest.mark.parametrize("n_new", [8, 9, 11, 20, 31, 57])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_ramp_stays_a_ramp_away_from_the_border(axis: int, n_new: int) -> None:
    shape, frame = [3, 3, 3], [3, 3, 3]
    shape[axis], frame[axis] = 20, n_new
    ramp = np.moveaxis(np.broadcast_to(5 + 10 * np.arange(20, dtype=np.uint8), (3, 3, 20)), 2, axis)
    resized = np.moveaxis(resize_volume(ramp, shape=(frame[0], frame[1], frame[2]))[..., 0], axis, 2)
    # The middle of new voxel j lies at (j + 1/2) 20 / n in old voxels, whose middles lie at halves.
    expected = 5 + 10 * ((np.arange(n_new) + 0.5) * 20 / n_new - 0.5)
    reach = int(np.ceil(n_new / 20)) + 1
    np.testing.assert_allclose(resized[0, 0, reach:-reach], expected[reach:-reach], rtol=1e-5)


def test_half_the_voxels_are_means_of_the_interpolation_over_two() -> None:
    values = np.random.default_rng(1).integers(0, 256, 12, dtype=np.uint8)
    resized = resize_volume(values.reshape(1, 1, 12), shape=(1, 1, 6))[0, 0, :, 0]
    # Naive: the interpolation at many places, averaged.
    places = (np.arange(60_000) + 0.5) / 5_000 - 0.5
    fine = np.interp(places, np.arange(12), values.astype(np.float64))
    np.testing.assert_allclose(resized, fine.reshape(6, 10_000).mean(axis=1), atol=1e-3)


def test_enlarged_it_is_interpolated_as_torch_does() -> None:
    levels = np.random.default_rng(2).integers(0, 256, (6, 9, 7), dtype=np.uint8)
    whole = torch.from_numpy(levels.astype(np.float32))[None, None]
    expected = functional.interpolate(whole, size=(13, 20, 31), mode="trilinear", align_corners=False)[0, 0]
    resized = resize_volume(levels, shape=(13, 20, 31))[..., 0]
    np.testing.assert_allclose(resized, expected.numpy(), atol=1e-3)


def test_fine_stripes_become_grey_and_no_coarse_stripes() -> None:
    stripes = np.zeros((1, 90, 1), np.uint8)
    stripes[:, ::2] = 200
    resized = resize_volume(stripes, shape=(1, 13, 1))[0, 1:-1, 0, 0]
    assert np.ptp(resized) < 20
    assert resized.mean() == pytest.approx(100, abs=3)


def test_channels_become_luma_or_are_repeated() -> None:
    colour = np.zeros((2, 2, 2, 3), np.uint8)
    colour[..., 1] = 100
    np.testing.assert_allclose(resize_volume(colour, shape=(2, 2, 2), num_channels=1), 58.7, rtol=1e-5)
    assert resize_volume(colour, shape=(3, 3, 3)).shape == (3, 3, 3, 3)
    assert resize_volume(colour[..., 0], shape=(3, 3, 3), num_channels=3).shape == (3, 3, 3, 3)


@pytest.mark.parametrize(("n", "across", "down"), [(1, 1, 1), (2, 2, 1), (4, 2, 2), (5, 3, 2), (10, 4, 3)])
def test_a_sheet_holds_every_slice_once_and_else_nothing(n: int, across: int, down: int) -> None:
    volume = np.random.default_rng(n).integers(1, 256, (n, 3, 4, 1))
    sheet = lay_out_slices(volume)
    assert sheet.shape == (3 * down, 4 * across, 1)
    for at, one in enumerate(volume):
        row, column = divmod(at, across)
        np.testing.assert_array_equal(sheet[3 * row : 3 * row + 3, 4 * column : 4 * column + 4], one)
    assert np.count_nonzero(sheet) == volume.size
