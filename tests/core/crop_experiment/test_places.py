"""A cropped place is found again in whole and in cropped images."""

from __future__ import annotations

import numpy as np
import pytest

from core.bias.box import Box
from core.bias.crop import Crop, CropMode
from core.bias.cropping import apply_crop
from core.crop_experiment.places import cut_place, list_places, restore_box

CORNER = Box(0, 0, 0.25, 0.2)


def edges(box: Box) -> tuple[float, ...]:
    return box.left, box.top, box.right, box.bottom


def test_a_blank_region_stays_in_place() -> None:
    (place,) = list_places(Crop(region=CORNER))
    assert (place.name, place.before, place.after) == ("region", CORNER, CORNER)


def test_what_is_cut_off_is_gone() -> None:
    (place,) = list_places(Crop(region=CORNER, mode=CropMode.CUT))
    assert place.after is None
    names = [one.name for one in list_places(Crop(margin=0.1))]
    assert names == ["upper margin", "lower margin", "left margin", "right margin"]
    assert all(one.after is None for one in list_places(Crop(margin=0.1)))


def test_margins_move_a_blank_region() -> None:
    crop = Crop(margin=0.1, region=CORNER)
    region = list_places(crop)[0]
    assert region.after is not None
    assert edges(region.after) == pytest.approx((0, 0, 0.15 / 0.8, 0.1 / 0.8))
    pixels = np.random.default_rng(0).integers(1, 255, (40, 40), dtype=np.uint8)
    cropped = apply_crop(pixels, crop)
    assert (cut_place(cropped, region.after) == 0).all()
    within = Crop(margin=0.3, region=CORNER)
    assert list_places(within)[0].after is None


def test_places_in_cropped_images_are_told_in_whole_ones() -> None:
    crop = Crop(region=CORNER, mode=CropMode.CUT)  # takes off the upper fifth
    assert edges(restore_box(Box(0, 0, 0.5, 0.5), crop)) == pytest.approx((0, 0.2, 0.5, 0.6))
    assert edges(restore_box(Box(0, 0, 1, 1), Crop(margin=0.1))) == pytest.approx((0.1, 0.1, 0.9, 0.9))


def test_only_pixels_wholly_within_are_taken_and_one_at_least() -> None:
    pixels = np.arange(100).reshape(10, 10)
    assert np.array_equal(cut_place(pixels, Box(0.05, 0, 0.35, 0.2)), pixels[0:2, 1:3])
    assert cut_place(pixels, Box(0.41, 0.41, 0.43, 0.43)).shape == (1, 1)
    assert cut_place(pixels, Box(0.96, 0.96, 1, 1)).tolist() == [[99]]
