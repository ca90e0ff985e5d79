"""What is said of mean images: distances, chance, sharpness."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from core.audit.result import MeanPicture
from core.report.mean_download import pack_mean_images
from core.report.mean_findings import compare_means, describe_means
from core.report.mean_gallery import build_mean_gallery
from tests.core.audit.fixtures import make_floor, make_row, make_summary


def make_picture(level: float, *, std: float = 10.0, n: int = 25) -> MeanPicture:
    return MeanPicture(np.full((8, 6, 1), level), np.full((8, 6, 1), std), n)


def test_distance_and_what_chance_gives() -> None:
    found = compare_means(
        {"real": make_picture(100, n=100), "one": make_picture(103), "far": make_picture(90, std=0)}
    )
    assert [one.name for one in found] == ["one", "far"]
    assert [one.rms for one in found] == [3, 10]
    assert found[0].by_chance == pytest.approx(np.sqrt(100 / 100 + 100 / 25))
    assert found[1].by_chance == pytest.approx(1)
    assert [one.is_clear for one in found] == [False, True]
    assert compare_means({"one": make_picture(1)}) == ()


def test_chance_is_what_draws_of_one_kind_differ_by() -> None:
    rng = np.random.default_rng(0)

    def draw(n: int) -> MeanPicture:
        images = rng.normal(100, 20, (n, 16, 16, 1))
        return MeanPicture(images.mean(axis=0), images.std(axis=0), n)

    (found,) = compare_means({"real": draw(60), "one": draw(30)})
    assert found.rms == pytest.approx(found.by_chance, rel=0.15)
    assert not found.is_clear


def test_sentences_name_the_closest_and_the_sharpest() -> None:
    rows = [
        make_row("mean_image_ljpeg_bytes", size, synthetic=name, extractor=None,
                 floor=make_floor(800, None, kind="real"))
        for name, size in (("one", 700), ("two", 900))
    ]  # fmt: skip
    summary = make_summary(rows)
    pictures = {
        "real": make_picture(100),
        "heldout": make_picture(100),
        "one": make_picture(101),
        "two": make_picture(150),
    }
    closest, sharpest = describe_means(summary, compare_means(pictures), class_name=None)
    assert closest == (
        "Closest to the real mean image is that of one, 1.0 grey levels of 255 away; chance alone gives about "
        "2.8. More than twice as far as by chance: two."
    )
    assert sharpest.startswith("Sharpest is that of two (900 bytes as lossless JPEG; the real one 800)")
    assert "images that are alike" in sharpest
    alone = make_summary(rows[:1])
    closest, sharpest = describe_means(alone, compare_means(pictures)[1:2], class_name=None)
    assert closest.startswith("The mean image of one is 1.0 grey levels")
    assert "no sharper than real" in sharpest
    sets = (alone.sets[0], alone.sets[1].model_copy(update={"n": 30}))
    said = describe_means(alone.model_copy(update={"sets": sets}), (), class_name=None)
    assert "differ in size" in said[-1]


def test_the_scale_may_leave_out_a_few_pixels_and_spreads_are_shown() -> None:
    real, other = make_picture(100), make_picture(102)
    other.mean[0, 0] = 200
    pictures = {"real": real, "one": other}
    whole = build_mean_gallery(pictures, class_name=None, side=8)
    cut = build_mean_gallery(pictures, class_name=None, side=8, with_std=True, largest_shown=0.9)
    assert whole is not None and cut is not None
    assert (whole.limit, whole.pictures[0].std, whole.std_white) == (100, "", 0)
    assert (cut.limit, cut.std_white) == (2, 10)
    assert cut.pictures[1].largest == 100


def test_the_zip_has_pictures_and_numbers() -> None:
    pictures = {"real": make_picture(100), "../one": make_picture(102)}
    gallery = build_mean_gallery(pictures, class_name="a", side=8, with_std=True)
    assert gallery is not None
    with zipfile.ZipFile(io.BytesIO(pack_mean_images(gallery, pictures))) as archive:
        assert set(archive.namelist()) == {
            "index.json", "means.npz", "00-mean.png", "00-standard-deviation.png", "01-mean.png",
            "01-standard-deviation.png", "01-difference.png",
        }  # fmt: skip
        index = json.loads(archive.read("index.json"))
        assert [one["name"] for one in index["sets"]] == ["real", "../one"]
        assert index["mean"] == {"black": 100, "white": 102}
        with np.load(io.BytesIO(archive.read("means.npz")), allow_pickle=False) as numbers:
            np.testing.assert_array_equal(numbers["01_mean"], 102)
        assert Image.open(io.BytesIO(archive.read("00-mean.png"))).size == (6, 8)
