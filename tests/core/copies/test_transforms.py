from __future__ import annotations

import numpy as np
import pytest

from core.copies.transforms import TRANSFORMS, Transform, apply_transform, invert_transform

PIXELS = np.arange(6).reshape(2, 3)

EXPECTED = {
    Transform.AS_IS: [[0, 1, 2], [3, 4, 5]],
    Transform.MIRRORED_LEFT_RIGHT: [[2, 1, 0], [5, 4, 3]],
    Transform.MIRRORED_TOP_BOTTOM: [[3, 4, 5], [0, 1, 2]],
    Transform.TURNED_180: [[5, 4, 3], [2, 1, 0]],
    Transform.TURNED_CLOCKWISE: [[3, 0], [4, 1], [5, 2]],
    Transform.TURNED_ANTICLOCKWISE: [[2, 5], [1, 4], [0, 3]],
    Transform.MIRRORED_FALLING: [[0, 3], [1, 4], [2, 5]],
    Transform.MIRRORED_RISING: [[5, 2], [4, 1], [3, 0]],
}


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_each_does_what_its_name_says(transform: Transform) -> None:
    np.testing.assert_array_equal(apply_transform(PIXELS, transform), EXPECTED[transform])


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_the_inverse_undoes_it(transform: Transform) -> None:
    there = apply_transform(PIXELS, transform)
    np.testing.assert_array_equal(apply_transform(there, invert_transform(transform)), PIXELS)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_batches_and_channels_are_turned_alike(transform: Transform) -> None:
    colour = np.arange(24).reshape(2, 4, 3)
    turned = apply_transform(colour, transform)
    batch = apply_transform(np.moveaxis(colour, 2, 0), transform, axes=(1, 2))
    for channel in range(3):
        expected = apply_transform(colour[..., channel], transform)
        np.testing.assert_array_equal(turned[..., channel], expected)
        np.testing.assert_array_equal(batch[channel], expected)


def test_there_are_eight_and_they_differ() -> None:
    square = np.arange(9).reshape(3, 3)
    assert len({apply_transform(square, transform).tobytes() for transform in TRANSFORMS}) == 8
    assert TRANSFORMS[0] is Transform.AS_IS
