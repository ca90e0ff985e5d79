"""Orientation: against nibabel's closest axes, and by where a marked voxel ends up."""

from __future__ import annotations

from itertools import permutations, product

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from core.images.orientation import find_orientation, orient_array

ORIENTATIONS = [
    (order, signs) for order in permutations(range(3)) for signs in product((1.0, -1.0), repeat=3)
]


def make_affine(
    order: tuple[int, ...], signs: tuple[float, ...], sizes: tuple[float, ...], turn: np.ndarray
) -> np.ndarray:
    """Affine whose file axis i runs along the body's axis order[i], turned a little."""
    affine = np.eye(4)
    affine[:3, :3] = 0
    for axis, (body, sign, size) in enumerate(zip(order, signs, sizes, strict=True)):
        affine[body, axis] = sign * size
    affine[:3, :3] = turn @ affine[:3, :3]
    return affine


@settings(max_examples=60)
@given(
    st.sampled_from(ORIENTATIONS),
    st.tuples(*[st.floats(0.1, 9)] * 3),
    st.tuples(*[st.floats(-12, 12)] * 3),
)
def test_nibabels_closest_axes_are_ours(
    orientation: tuple, sizes: tuple[float, ...], angles: tuple[float, ...]
) -> None:
    turn = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    affine = make_affine(*orientation, sizes, turn)
    values = np.random.default_rng(0).integers(0, 100, (2, 3, 4))
    found = find_orientation(affine)
    assert found is not None
    peer = nibabel.as_closest_canonical(nibabel.Nifti1Image(values.astype(np.int16), affine))
    # nibabel's array runs to the right, to the front and to the head.
    expected = np.asanyarray(peer.dataobj)[::-1, ::-1].transpose(2, 1, 0)
    np.testing.assert_array_equal(orient_array(values, found), expected)
    np.testing.assert_allclose(found.spacing_mm, nibabel.affines.voxel_sizes(peer.affine)[::-1])


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS[::5])
def test_a_voxel_at_the_patients_right_front_and_feet_comes_first(
    order: tuple[int, ...], signs: tuple[float, ...]
) -> None:
    affine = make_affine(order, signs, (1.0, 2.0, 3.0), np.eye(3))
    corners = np.zeros((2, 2, 2))
    for index in product((0, 1), repeat=3):
        x, y, z = (affine @ [*index, 1])[:3]
        corners[index] = 100 * z + 10 * y + x
    found = find_orientation(affine)
    assert found is not None
    assert found.tilt_deg == pytest.approx(0, abs=1e-5)
    turned = orient_array(corners, found)
    z, y, x = found.spacing_mm
    np.testing.assert_allclose(np.diff(turned, axis=0), 100 * z)
    np.testing.assert_allclose(np.diff(turned, axis=1), -10 * y)
    np.testing.assert_allclose(np.diff(turned, axis=2), -x)


def test_tilt_is_the_largest_angle() -> None:
    turn = Rotation.from_euler("x", 17, degrees=True).as_matrix()
    found = find_orientation(make_affine((0, 1, 2), (1, 1, 1), (1, 1, 1), turn))
    assert found is not None
    assert found.tilt_deg == pytest.approx(17)


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf, 1e300])
def test_affines_that_place_nothing(value: float) -> None:
    affine = np.eye(4)
    affine[:, 1] = value
    assert find_orientation(affine) is None


def test_flat_affines_place_nothing() -> None:
    affine = np.eye(4)
    affine[:3, 2] = affine[:3, 1]
    assert find_orientation(affine) is None


def test_channels_stay_last() -> None:
    found = find_orientation(np.diag([1.0, 2.0, 3.0, 1.0]))
    assert found is not None
    assert orient_array(np.zeros((2, 3, 4, 3)), found).shape == (4, 3, 2, 3)
