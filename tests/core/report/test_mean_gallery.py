from __future__ import annotations

import base64
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.audit.result import MeanPicture
from core.plots.difference import colour_difference
from core.report.mean_gallery import build_mean_gallery, choose_side


def make_picture(mean: NDArray[np.float64], n: int = 5) -> MeanPicture:
    return MeanPicture(mean, np.zeros_like(mean), n)


def decode(uri: str) -> NDArray[np.uint8]:
    head, _, data = uri.partition(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(BytesIO(base64.b64decode(data))).convert("RGB"))


def ramp(shape: tuple[int, int, int], low: float, high: float) -> NDArray[np.float64]:
    return np.linspace(low, high, int(np.prod(shape))).reshape(shape)


def test_grey_scale_is_shared_and_stated() -> None:
    pictures = {
        "real": make_picture(ramp((8, 8, 1), 50, 150)),
        "a": make_picture(ramp((8, 8, 1), 100, 199.4)),
    }
    gallery = build_mean_gallery(pictures, class_name=None, side=64)
    assert gallery is not None
    assert (gallery.black, gallery.white) == (50, 200)
    real, a = (decode(one.mean)[..., 0] for one in gallery.pictures)
    assert real[0, 0] == 0
    assert real[-1, -1] == round(255 * 100 / 150)
    assert a[0, 0] == round(255 * 50 / 150)


def test_difference_is_signed_on_a_shared_scale() -> None:
    real = np.full((4, 4, 1), 100.0)
    darker, brighter = real.copy(), real.copy()
    darker[0, 0], brighter[0, 0] = 93.0, 102.0
    pictures = {"real": make_picture(real), "a": make_picture(darker), "b": make_picture(brighter)}
    gallery = build_mean_gallery(pictures, class_name=None, side=64)
    assert gallery is not None
    assert gallery.limit == 8.0
    none, a, b = gallery.pictures
    assert none.difference == ""
    for one, value in ((a, -7.0), (b, 2.0)):
        expected = colour_difference(np.array([[value, 0.0]]), limit=8.0)[0]
        np.testing.assert_array_equal(decode(one.difference)[0, :2], expected)
    assert (a.largest, b.largest) == (7.0, 2.0)


def test_palette_keeps_every_colour_of_the_scale() -> None:
    real = np.zeros((16, 16, 1))
    moved = ramp((16, 16, 1), -80, 80)
    gallery = build_mean_gallery(
        {"real": make_picture(real), "a": make_picture(moved)}, class_name=None, side=64
    )
    assert gallery is not None
    expected = colour_difference(moved[..., 0], limit=gallery.limit)
    np.testing.assert_array_equal(decode(gallery.pictures[1].difference), expected)


def test_colour_images_stay_in_colour() -> None:
    mean = np.zeros((6, 6, 3))
    mean[..., 0] = 200.0
    gallery = build_mean_gallery({"real": make_picture(mean)}, class_name="c", side=64)
    assert gallery is not None
    np.testing.assert_array_equal(decode(gallery.pictures[0].mean)[0, 0], [255, 0, 0])


def test_large_images_are_averaged_down_in_shape() -> None:
    mean = np.zeros((60, 120, 1))
    mean[::2] = 100.0
    gallery = build_mean_gallery({"real": make_picture(mean)}, class_name=None, side=30)
    assert gallery is not None
    picture = gallery.pictures[0]
    assert (picture.width, picture.height) == (120, 60)
    assert decode(picture.mean).shape[:2] == (15, 30)
    assert (gallery.black, gallery.white) == (50, 51)


def test_pictures_of_another_frame_are_left_out() -> None:
    pictures = {"real": make_picture(np.zeros((4, 4, 1))), "a": make_picture(np.zeros((5, 4, 1)))}
    gallery = build_mean_gallery(pictures, class_name=None, side=64)
    assert gallery is not None
    assert [one.name for one in gallery.pictures] == ["real"]


def test_without_a_real_mean_there_is_no_gallery() -> None:
    assert build_mean_gallery({"a": make_picture(np.zeros((4, 4, 1)))}, class_name=None, side=64) is None


@pytest.mark.parametrize("channels", [1, 3])
def test_more_pictures_are_smaller(channels: int) -> None:
    def side(count: int) -> int:
        return choose_side([make_picture(np.zeros((1, 1, channels)))] * count)

    assert side(0) == side(2) == 256
    assert side(10) >= side(50) >= side(500) >= 32
    assert 50 * (channels + 1) * side(50) ** 2 <= 800_000
