"""Volumes brought to the box that a network looks at."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch.nn import functional

from core.features.volume_resize import resize_volume
from core.images.volume import Volume

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (6, 9, 7), dtype=np.uint8)


def as_volume(values: np.ndarray) -> Volume:
    return Volume(values, None, "", 8)


def test_a_volume_of_that_size_stays_as_it_is() -> None:
    assert_array_equal(resize_volume(as_volume(GREY), size=(6, 9, 7))[0], GREY)
    colour = RNG.integers(0, 256, (3, 4, 5, 3), dtype=np.uint8)
    assert_array_equal(resize_volume(as_volume(colour), size=(3, 4, 5)), colour.transpose(3, 0, 1, 2))


def test_enlarged_it_is_interpolated_as_torch_does() -> None:
    size = (13, 20, 31)
    whole = torch.from_numpy(GREY.astype(np.float32))[None, None]
    expected = functional.interpolate(whole, size=size, mode="trilinear", align_corners=False)[0, 0].numpy()
    assert_allclose(resize_volume(as_volume(GREY), size=size)[0], expected, atol=1e-3)


def test_shrunk_it_is_the_mean_under_a_triangle() -> None:
    """A naive sum over all voxels, one output voxel at a time."""
    size = (2, 4, 3)
    weights = []
    for n_old, n_new in zip(GREY.shape, size, strict=True):
        step = n_old / n_new
        rows = []
        for place in range(n_new):
            row = [max(0.0, 1 - abs(at - ((place + 0.5) * step - 0.5)) / step) for at in range(n_old)]
            rows.append(np.array(row) / sum(row))
        weights.append(rows)
    found = resize_volume(as_volume(GREY), size=size)[0]
    for z, y, x in np.ndindex(*size):
        cell = np.einsum("z,y,x->zyx", weights[0][z], weights[1][y], weights[2][x])
        assert found[z, y, x] == pytest.approx((cell * GREY).sum(), abs=1e-3)


def test_fine_patterns_do_not_alias() -> None:
    stripes = np.zeros((4, 64, 64), np.uint8)
    stripes[:, :, ::2] = 255
    shrunk = resize_volume(as_volume(stripes), size=(4, 16, 15))[0, :, :, 2:-2]
    assert np.abs(shrunk - 127.5).max() < 5
