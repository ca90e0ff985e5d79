"""Volumes: what readers may hand on, and how numbers of any width reach a volume's types."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import ImageReadError
from core.images.volume import GREY_TYPES, Volume, check_voxel_count, fit_values


@pytest.mark.parametrize("dtype", GREY_TYPES, ids=str)
def test_grey_volumes_tell_their_shape(dtype: np.dtype) -> None:
    volume = Volume(np.ones((2, 3, 4), dtype), (1.0, 0.5, 0.5), unit="HU", bits=12)
    assert (volume.shape, volume.is_colour, volume.is_oriented) == ((2, 3, 4), False, False)
    assert "1, 1" not in repr(volume)  # pixels are patients'


def test_colour_volumes_are_rgb_of_8_bits() -> None:
    volume = Volume(np.zeros((2, 3, 4, 3), np.uint8), None, unit="", bits=8)
    assert (volume.shape, volume.is_colour) == ((2, 3, 4), True)


@pytest.mark.parametrize(
    ("values", "spacing", "bits"),
    [
        (np.zeros((3, 4), np.int16), None, 16),
        (np.zeros((0, 3, 4), np.int16), None, 16),
        (np.zeros((2, 3, 4), np.float64), None, 64),
        (np.zeros((2, 3, 4), ">i2"), None, 16),
        (np.zeros((2, 3, 4, 4), np.uint8), None, 8),
        (np.zeros((2, 3, 4, 3), np.uint16), None, 16),
        (np.zeros((2, 3, 4), np.int16), (1.0, 0.0, 1.0), 16),
        (np.zeros((2, 3, 4), np.int16), (1.0, float("nan"), 1.0), 16),
        (np.zeros((2, 3, 4), np.int16), None, 0),
    ],
)
def test_what_no_reader_may_hand_on(values: np.ndarray, spacing: tuple | None, bits: int) -> None:
    with pytest.raises(ValueError, match=r"volume|spacing|bit"):
        Volume(values, spacing, unit="", bits=bits)


def test_announced_voxels_are_checked() -> None:
    check_voxel_count(10, 10, 10, max_pixels=1000)
    with pytest.raises(ImageReadError, match="10 x 10 x 11 voxels, over the limit of 1,000"):
        check_voxel_count(10, 10, 11, max_pixels=1000)
    with pytest.raises(ImageReadError, match="empty"):
        check_voxel_count(10, 0, 11, max_pixels=1000)
    with pytest.raises(ImageReadError, match="empty"):
        check_voxel_count(-1000, -1000, 1, max_pixels=10)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("u1", "uint8"),
        ("i1", "int16"),
        ("u2", "uint16"),
        ("i2", "int16"),
        ("u4", "int32"),
        ("i4", "int32"),
        ("u8", "int32"),
        ("i8", "int32"),
        ("f2", "float32"),
        ("f4", "float32"),
        ("f8", "float32"),
    ],
)
def test_values_keep_their_number(dtype: str, order: str, expected: str) -> None:
    values = np.array([[0, 1, 100, 127]]).astype(f"{order}{dtype}")
    fitted, warnings = fit_values(values.T)
    assert fitted.dtype == np.dtype(expected)
    assert fitted.flags.c_contiguous
    np.testing.assert_array_equal(fitted, [[0], [1], [100], [127]])
    assert warnings == ()


def test_numbers_that_do_not_fit() -> None:
    np.testing.assert_array_equal(fit_values(np.array([True, False]))[0], [255, 0])
    large, warnings = fit_values(np.array([0, 2**31], np.uint32))
    assert (large.dtype, large[1]) == (np.float32, 2.0**31)
    assert "24 significant bits" in warnings[0]
    with pytest.raises(ImageReadError, match="too large for 32 bits"):
        fit_values(np.array([0.0, -1e39]))
