"""Thumbnails of volumes: exact under turns, antialiased, and of mean 0 and variance 1 where they vary."""

from __future__ import annotations

import numpy as np
import pytest

from core.copies.transforms import Transform
from core.copies.volume_thumbnails import VOLUME_SIDE, VolumeThumbnails, compute_volume_thumbnail
from core.copies.volume_turns import VOLUME_TURNS, VolumeTurn, turn_volume
from tests.core.copies.volumes import draw_volumes, make_volume_thumbnails


@pytest.mark.parametrize("shape", [(13, 40, 33), (64, 17, 32)])
def test_turning_a_volume_turns_its_thumbnail_bit_by_bit(shape: tuple[int, int, int]) -> None:
    levels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    thumbnail = compute_volume_thumbnail(levels)
    for turn in VOLUME_TURNS:
        turned = compute_volume_thumbnail(np.ascontiguousarray(turn_volume(levels, turn)))
        np.testing.assert_array_equal(turned, turn_volume(thumbnail, turn))


def test_sixteen_turns_differ_and_one_of_slices_leaves_their_order() -> None:
    values = np.arange(8).reshape(2, 2, 2)
    turned = {turn_volume(values, turn).tobytes() for turn in VOLUME_TURNS}
    assert len(turned) == len(VOLUME_TURNS) == 16
    mirrored = turn_volume(values, VolumeTurn(Transform.MIRRORED_LEFT_RIGHT, turned_over=False))
    np.testing.assert_array_equal(mirrored, values[:, :, ::-1])
    over = turn_volume(values, VolumeTurn(Transform.TURNED_CLOCKWISE, turned_over=True))
    np.testing.assert_array_equal(over, np.rot90(values, -1, axes=(1, 2))[::-1])


def test_a_thumbnail_is_the_mean_of_what_it_reduces() -> None:
    levels = np.zeros((2 * VOLUME_SIDE,) * 3, dtype=np.uint8)
    levels[:, :, VOLUME_SIDE:] = 200
    thumbnail = compute_volume_thumbnail(levels)
    assert set(thumbnail[:, :, :15].ravel()) == {0}
    assert set(thumbnail[:, :, 17:].ravel()) == {200 * 256}
    assert thumbnail.mean() == pytest.approx(100 * 256, rel=1e-3)
    # A ramp along the slices stays one, at the centres of the larger voxels.
    ramp = np.broadcast_to(np.arange(64, dtype=np.uint8)[:, None, None], (64, 8, 9))
    np.testing.assert_allclose(
        compute_volume_thumbnail(ramp)[1:-1, 4, 4] / 256, 2 * np.arange(1, 31) + 0.5, atol=0.01
    )


def test_grey_saved_as_colour_has_the_thumbnail_of_grey() -> None:
    (levels,) = draw_volumes(0, 1)
    colour = np.repeat(levels[..., None], 3, axis=3)
    np.testing.assert_array_equal(compute_volume_thumbnail(colour), compute_volume_thumbnail(levels))
    red = np.zeros_like(colour)
    red[..., 0] = 100
    assert set(compute_volume_thumbnail(red).ravel()) == {round(0.299 * 100 * 256)}


def test_thumbnails_are_normalised_and_constant_ones_are_zero() -> None:
    thumbnails = make_volume_thumbnails([*draw_volumes(0, 2), np.full((5, 6, 7), 90, dtype=np.uint8)])
    values = thumbnails.normalise().astype(np.float64)
    np.testing.assert_allclose(values.mean(axis=(1, 2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(np.square(values).mean(axis=(1, 2, 3)), [1, 1, 0], atol=1e-6)
    assert len(thumbnails.take(slice(1, 3))) == 2
    with pytest.raises(ValueError, match="thumbnails of volumes"):
        VolumeThumbnails(np.zeros((2, 32, 32), dtype=np.uint16))
