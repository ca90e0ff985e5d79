"""Slices: each plane upright, in the size that it has in the body."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import InputError
from core.images.slices import Plane, PlaneSlice, list_planes, take_middle_slices, take_slice, to_square
from core.images.volume import Volume

SHAPE = (4, 6, 8)
# A voxel's number tells where it is: 100 for each slice upwards, 10 for each row to the back, 1 a column.
NUMBERS = (
    np.arange(4)[:, None, None] * 100 + np.arange(6)[None, :, None] * 10 + np.arange(8)[None, None, :]
).astype(np.int16)
VOLUME = Volume(NUMBERS, (3.0, 2.0, 1.0), unit="HU", bits=16, is_oriented=True)


def slice_of(pixels: np.ndarray, pixel_mm: tuple[float, float] | None) -> PlaneSlice:
    return PlaneSlice(Plane.AXIAL, 0, pixels, pixel_mm)


def test_planes_tell_their_sizes() -> None:
    axial, coronal, sagittal = list_planes(VOLUME)
    assert [facts.plane for facts in (axial, coronal, sagittal)] == list(Plane)
    assert (axial.n_slices, axial.height, axial.width, axial.step_mm, axial.pixel_mm) == (4, 6, 8, 3, (2, 1))
    assert (coronal.n_slices, coronal.height, coronal.width, coronal.step_mm) == (6, 4, 8, 2)
    assert coronal.pixel_mm == (3, 1)
    assert (sagittal.n_slices, sagittal.height, sagittal.width, sagittal.step_mm) == (8, 4, 6, 1)
    assert sagittal.pixel_mm == (3, 2)


def test_slices_are_upright() -> None:
    # Corners by their numbers: head (3 of 4 slices) at the top of coronal and sagittal pictures, the first
    # row (front) at the top of axial and the left of sagittal ones, the first column (right side) at the left.
    axial = take_slice(VOLUME, Plane.AXIAL, 2).pixels
    assert (axial[0, 0], axial[0, -1], axial[-1, 0]) == (200, 207, 250)
    coronal = take_slice(VOLUME, Plane.CORONAL, 1).pixels
    assert (coronal[0, 0], coronal[0, -1], coronal[-1, 0]) == (310, 317, 10)
    sagittal = take_slice(VOLUME, Plane.SAGITTAL, 5).pixels
    assert (sagittal[0, 0], sagittal[0, -1], sagittal[-1, 0]) == (305, 355, 5)
    assert take_slice(VOLUME, Plane.SAGITTAL, 5).aspect == 1.5


def test_middle_slices_cross_in_the_middle_voxel() -> None:
    assert [taken.index for taken in take_middle_slices(VOLUME)] == [2, 3, 4]
    middle = NUMBERS[2, 3, 4]
    axial, coronal, sagittal = (taken.pixels for taken in take_middle_slices(VOLUME))
    assert axial[3, 4] == coronal[1, 4] == sagittal[1, 3] == middle


@pytest.mark.parametrize("index", [-1, 4])
def test_a_slice_that_is_not_there(index: int) -> None:
    with pytest.raises(InputError, match="4 axial slices, 0 to 3"):
        take_slice(VOLUME, Plane.AXIAL, index)


def test_colour_slices_keep_their_channels() -> None:
    volume = Volume(np.zeros((4, 6, 8, 3), np.uint8), None, unit="", bits=8)
    assert take_slice(volume, Plane.CORONAL, 0).pixels.shape == (4, 8, 3)
    assert take_slice(volume, Plane.CORONAL, 0).aspect == 1.0


def test_square_pixels_take_the_smaller_side() -> None:
    assert to_square(take_slice(VOLUME, Plane.AXIAL, 0)).shape == (12, 8)
    assert to_square(take_slice(VOLUME, Plane.CORONAL, 0)).shape == (12, 8)
    assert to_square(take_slice(VOLUME, Plane.SAGITTAL, 0)).shape == (6, 6)


def test_what_is_square_stays_itself() -> None:
    pixels = NUMBERS[0]
    assert to_square(slice_of(pixels, None)) is pixels
    assert to_square(slice_of(pixels, (0.7, 0.7))) is pixels


def test_resampling_is_linear_between_pixel_centres() -> None:
    # Doubling rows puts new centres at a quarter and three quarters; a ramp stays a ramp but at the border.
    ramp = np.repeat(np.arange(5, dtype=np.float32)[:, None], 3, axis=1)
    square = to_square(slice_of(ramp, (2.0, 1.0)))
    np.testing.assert_allclose(
        square[:, 0], [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4], atol=1e-6
    )
    # The reference: every column by numpy's own interpolation.
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(7, 5)).astype(np.float32)
    stretched = to_square(slice_of(noise, (1.0, 2.6)))
    assert stretched.shape == (7, 13)
    places = (np.arange(13) + 0.5) * 5 / 13 - 0.5
    expected = [np.interp(places, np.arange(5), row) for row in noise]
    np.testing.assert_allclose(stretched, expected, atol=1e-5)


def test_colour_is_resampled_in_8_bits() -> None:
    colour = np.zeros((2, 2, 3), np.uint8)
    colour[1] = 200
    square = to_square(slice_of(colour, (2.0, 1.0)))
    assert square.dtype == np.uint8
    np.testing.assert_array_equal(square[:, 0, 0], [0, 50, 150, 200])


@pytest.mark.parametrize("pixel_mm", [(1e-300, 1e300), (1e300, 1e-300), (1e-6, 1.0), (1.0, 1.0)])
def test_no_spacing_makes_pictures_endless(pixel_mm: tuple[float, float]) -> None:
    square = to_square(slice_of(np.ones((30, 20), np.float32), pixel_mm), max_side_px=16)
    assert max(square.shape) <= 16
    assert min(square.shape) >= 1
    assert (square == 1).all()


def test_one_row_is_repeated() -> None:
    np.testing.assert_array_equal(to_square(slice_of(np.array([[1.0, 2.0]]), (2.0, 1.0))), [[1, 2], [1, 2]])
