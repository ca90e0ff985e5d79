"""What is said of mean images: distances, chance, sharpness."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from core.audit.result import AuditSummary, MeanPicture
from core.audit.set_warnings import title_set, warn_of_classes, warn_of_sizes
from core.report.cautions import collect_set_cautions
from core.report.mean_download import pack_mean_images
from core.report.mean_findings import compare_means, describe_means
from core.report.mean_gallery import build_mean_gallery
from tests.core.audit.fixtures import CLASSES, make_floor, make_row, make_summary


def make_picture(level: float, *, std: float = 10.0, n: int = 25) -> MeanPicture:
    return MeanPicture(np.full((8, 6, 1), level), np.full((8, 6, 1), std), n)


def test_distance_and_what_chance_gives() -> None:
    found = compare_means(
        {"real": make_picture(100, n=100), "one": make_picture(103), "far": make_picture(90, std=0)}
    )
    assert [one.name for one in found] == ["one", "far"]
    assert [one.rms for one in found] == [3, 10]
    assert found[0].by_chance == pytest.approx(np.sqrt(100 / 100 + 100 / 25))
    # A set that repeats one image is held against what draws of the real images would do, too.
    assert found[1].by_chance == found[0].by_chance
    assert [one.is_clear for one in found] == [False, True]
    collapsed = {"real": make_picture(100, n=100), "far": make_picture(104, std=0)}
    assert not compare_means(collapsed)[0].is_clear
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


def make_sizes(ljpeg: dict[str, int], png: dict[str, int]) -> AuditSummary:
    forms = {"ljpeg": ljpeg, "png": png}
    return make_summary([
        make_row(f"mean_image_{form}_bytes", size, synthetic=name, extractor=None,
                 floor=make_floor(800, None, kind="real"))
        for form, sizes in forms.items() for name, size in sizes.items()
    ])  # fmt: skip


def test_file_sizes_that_disagree_are_told() -> None:
    summary = make_sizes({"one": 950, "two": 900}, {"one": 1530, "two": 1608})
    (said,) = describe_means(summary, (), class_name=None)
    assert said == (
        "The two file sizes disagree on the sharpest: as lossless JPEG it is that of one (950 bytes; the real "
        "one 800), as PNG that of two (1,608 bytes; the real one 800)."
    )
    (said,) = describe_means(make_sizes({"one": 70, "two": 60}, {"one": 60, "two": 70}), (), class_name=None)
    assert said.endswith("; none is sharper than real.")
    (said,) = describe_means(
        make_sizes({"one": 950, "two": 900}, {"one": 700, "two": 600}), (), class_name=None
    )
    assert said.startswith("Sharpest is that of one (950 bytes as lossless JPEG; the real one 800).")
    assert said.endswith("disagree on whether it is sharper than real.")
    (said,) = describe_means(
        make_sizes({"one": 950, "two": 900}, {"one": 970, "two": 970}), (), class_name=None
    )
    assert "disagree" not in said


def test_sets_of_other_classes_are_left_out_of_whole_sets() -> None:
    summary = make_sizes({"one": 950, "two": 900}, {"one": 950, "two": 900})
    real, one, two = summary.sets
    fewer = one.model_copy(update={"classes": {CLASSES[0]: 200}})
    pictures = {"real": make_picture(100), "one": make_picture(150), "two": make_picture(101)}
    for sets, heads in (
        ((real, one, two), "More than twice as far as by chance: one."),
        ((real, fewer, two), ""),
    ):
        mixed = summary.model_copy(update={"sets": sets})
        closest, sharpest = describe_means(mixed, compare_means(pictures), class_name=None)[:2]
        assert heads in closest
    assert closest.startswith("The mean image of two is 1.0 grey levels") and "900 bytes" in sharpest
    whole = describe_means(mixed, compare_means(pictures), class_name=CLASSES[0])
    assert whole[0].startswith("Closest to the real mean image is that of two")


def test_cautions_of_sets_are_those_of_the_audit() -> None:
    summary = make_sizes({"one": 1, "two": 2, "three": 3}, {})
    real, one, two, three = summary.sets
    fewer = one.model_copy(update={"classes": {CLASSES[0]: 200}})
    classes = warn_of_classes(title_set("synthetic", "one"), [CLASSES[0]], CLASSES)
    sizes = warn_of_sizes(title_set("synthetic", "two"))
    summary = summary.model_copy(
        update={"sets": (real, fewer, two, three), "warnings": (sizes, classes, "Something else.")}
    )
    assert collect_set_cautions(summary, ["one", "two", "three"], class_name=None) == (classes, sizes)
    assert collect_set_cautions(summary, ["one", "two"], class_name=CLASSES[0]) == (sizes,)
    assert collect_set_cautions(summary, ["real", "three"], class_name=None) == ()


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
            np.testing.assert_array_equal(numbers["mean_1"], 102)
            assert [one["arrays"] for one in index["sets"]] == [["mean_0", "std_0"], ["mean_1", "std_1"]]
            assert {name for one in index["sets"] for name in one["arrays"]} | {"index"} == set(numbers)
            whose = json.loads(numbers["index"].tobytes())
            assert whose[1] == {"set": "../one", "class": "a", "n": 25}
        assert Image.open(io.BytesIO(archive.read("00-mean.png"))).size == (6, 8)
