"""Slices of mean volumes: upright, on one scale, and the same voxels as in the files."""

from __future__ import annotations

import base64
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.audit.mean_volume import MeanVolume
from core.audit.result import MeanPicture
from core.errors import InputError
from core.images.slices import Plane
from core.plots.difference import colour_difference
from core.report.mean_findings import compare_means, describe_means
from core.report.mean_slices import (
    choose_slice_scales,
    describe_mean_volume,
    draw_mean_slices,
    list_mean_planes,
    picture_means,
    picture_middles,
)
from tests.core.audit.fixtures import make_row, make_summary


def make(values: NDArray[np.floating], n: int = 5, std: float = 2.0, **says: object) -> MeanVolume:
    mean = values.astype(np.float32)
    return MeanVolume(mean, np.full(mean.shape, std, np.float16), n, **says)  # type: ignore[arg-type]


def decode(uri: str) -> NDArray[np.uint8]:
    return np.asarray(Image.open(BytesIO(base64.b64decode(uri.partition(",")[2]))).convert("RGB"))


def make_pair() -> dict[str, MeanVolume]:
    real = np.arange(3 * 4 * 5, dtype=np.float64).reshape(3, 4, 5, 1) + 100
    gan = real.copy()
    gan[1, 2, 3] -= 7
    gan[0, 0, 0] += 2
    return {"real": make(real), "gan": make(gan, n=8)}


def test_one_scale_holds_every_slice_of_every_set() -> None:
    volumes = make_pair()
    scales = choose_slice_scales(volumes)
    assert (scales.black, scales.white, scales.std_white) == (100, 159, 2)
    assert (scales.limit, scales.largest) == (8.0, 7.0)
    # Most of the differences are 0, and the one that stands out does not decide the scale.
    assert choose_slice_scales(volumes, largest_shown=0.9).limit == 1.0


def test_every_voxel_stands_where_it_lies_in_the_body() -> None:
    volumes = make_pair()
    scales = choose_slice_scales(volumes)
    real = volumes["real"].mean[..., 0]
    upright = {
        Plane.AXIAL: [real[at] for at in range(3)],
        Plane.CORONAL: [real[::-1, at] for at in range(4)],
        Plane.SAGITTAL: [real[::-1, :, at] for at in range(5)],
    }
    for facts in list_mean_planes(volumes["real"]):
        assert facts.n_slices == len(upright[facts.plane])
        for at, expected in enumerate(upright[facts.plane]):
            shown, other = draw_mean_slices(volumes, scales, plane=facts.plane, index=at)
            levels = np.rint((expected - 100) * (255 / 59))
            np.testing.assert_array_equal(decode(shown.mean)[..., 0], levels)
            assert (shown.height, shown.width) == expected.shape
            assert shown.std == "" and shown.difference == "" and other.difference
    with pytest.raises(InputError):
        draw_mean_slices(volumes, scales, plane=Plane.AXIAL, index=3)


def test_differences_are_signed_on_the_scale() -> None:
    volumes = make_pair()
    scales = choose_slice_scales(volumes)
    _, gan = draw_mean_slices(volumes, scales, plane=Plane.AXIAL, index=1, with_std=True)
    expected = np.zeros((4, 5))
    expected[2, 3] = -7
    np.testing.assert_array_equal(decode(gan.difference), colour_difference(expected, limit=8.0))
    assert (decode(gan.std) == 255).all(), "2 levels are white where 2 is the largest spread"


def test_slices_have_the_shape_of_the_body() -> None:
    tall = make(np.ones((3, 4, 5, 3)), spacing_mm=(2.0, 1.0, 1.0))
    (coronal,) = draw_mean_slices(
        {"real": tall}, choose_slice_scales({"real": tall}), plane=Plane.CORONAL, index=0
    )
    assert (coronal.height, coronal.width) == (6, 5)
    assert describe_mean_volume(tall) == "3 × 4 × 5 voxels of 2 × 1 × 1 mm"
    assert describe_mean_volume(make(np.ones((3, 4, 5, 1)))) == "3 × 4 × 5 voxels"


def test_a_report_shows_the_middle_slices_side_by_side() -> None:
    volumes = make_pair()
    pictures = picture_middles(volumes)
    real = volumes["real"].mean
    picture = pictures["real"].mean
    # Axial 4 x 5, coronal 3 x 5, sagittal 3 x 4, with two empty columns between.
    assert picture.shape == (4, 5 + 2 + 5 + 2 + 4, 1)
    np.testing.assert_array_equal(picture[:, :5], real[1])
    np.testing.assert_array_equal(picture[:3, 7:12], real[::-1, 2])
    np.testing.assert_array_equal(picture[:3, 14:], real[::-1, :, 2])
    empty = np.concatenate([picture[:, 5:7].ravel(), picture[:, 12:14].ravel(), picture[3, 7:].ravel()])
    assert set(empty) == {min(float(picture.min()), float(pictures["gan"].mean.min()))}
    away = pictures["gan"].mean - picture
    assert float(away.min()) == -7 and np.count_nonzero(away) == 2
    plain = MeanPicture(np.zeros((2, 2, 1)), np.zeros((2, 2, 1)), 1)
    assert picture_means({"real": plain})["real"] is plain


def test_findings_speak_of_volumes() -> None:
    volumes = make_pair()
    (away,) = compare_means(volumes)
    assert away.rms == pytest.approx(np.sqrt((49 + 4) / 60))
    assert away.by_chance == pytest.approx(np.sqrt(4 / 5 + 4 / 8))
    summary = make_summary([make_row("fd", 1.0, synthetic="gan")])
    protocol = summary.protocol.model_copy(update={"mean_volume_size": (3, 4, 5), "mean_image_size": None})
    summary = summary.model_copy(update={"protocol": protocol})
    first, *_ = describe_means(summary, [away], class_name=None)
    assert first.startswith("The mean volume of gan is 0.9 grey levels of 255 away from the real one")
