"""What may give the answer away in spite of one form for all images."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.config import get_settings
from core.datasets.folder_roots import FolderRef
from core.datasets.study_folders import StudyFolders, SyntheticFolder
from core.images.decoded import DecodedImage, ImageFacts
from core.rating.design import RealSource
from core.rating.giveaways import find_giveaways, preview_giveaways
from core.rating.image_look import ImageLook, look_at
from tests.images import write_png

PLAIN = ImageLook(width=512, height=512, is_colour=False, bit_depth=8, is_lossy=False, has_border=False)


def look(**changes: object) -> ImageLook:
    return dataclasses.replace(PLAIN, **changes)  # type: ignore[arg-type]


def test_alike_sets_give_nothing_away() -> None:
    assert find_giveaways([PLAIN] * 10, {"gan": [PLAIN] * 10, "ddpm": [PLAIN] * 3}) == ()
    assert find_giveaways([], {"gan": [PLAIN]}) == ()
    assert find_giveaways([PLAIN], {"gan": []}) == ()


@pytest.mark.parametrize(
    ("fake", "says"),
    [
        (
            {"width": 128, "height": 128},
            "Real images are 512 pixels long and those of gan 128: all are first brought to 128 pixels",
        ),
        (
            {"width": 400, "height": 512},
            "The width of real images is 1.0 times their height, that of gan 0.78 times",
        ),
        (
            {"is_colour": True},
            "0% of the real images and 100% of those of gan are in colour; all are shown in grey",
        ),
        ({"bit_depth": 16}, "are deeper than 8 bits and are stretched"),
        ({"is_lossy": True}, "traces of compression stay visible"),
        ({"has_border": True}, "have an even border or an edge of another brightness; crop"),
    ],
)
def test_each_difference_is_one_sentence_in_either_direction(fake: dict[str, object], says: str) -> None:
    other = [look(**fake)] * 10
    found = find_giveaways([PLAIN] * 10, {"gan": other, "ddpm": [PLAIN] * 10})
    assert len(found) == 1
    assert says in found[0]
    assert found[0].endswith(".")
    swapped = find_giveaways(other, {"gan": [PLAIN] * 10})
    assert len(swapped) == 1
    assert "gan" in swapped[0]


def test_a_few_images_that_differ_on_both_sides_give_nothing_away() -> None:
    sides = [look(is_colour=index % 2 == 0, width=512 - index % 3) for index in range(12)]
    assert find_giveaways(sides, {"gan": sides[::-1]}) == ()
    assert find_giveaways([PLAIN] * 10, {"gan": [*[PLAIN] * 9, look(is_colour=True)]}) == ()
    assert len(find_giveaways([PLAIN] * 10, {"gan": [*[PLAIN] * 7, *[look(is_colour=True)] * 3]})) == 1


def test_colour_and_size_are_those_of_the_whole_session() -> None:
    """What is said of one set holds for the images as they are shown, which other sets decide as well."""
    some = [*[PLAIN] * 5, *[look(is_colour=True)] * 5]
    first, second = find_giveaways(
        some, {"gan": [look(width=256, height=256)] * 10, "ddpm": [*some[:9], look(width=64, height=64)]}
    )
    assert "those of gan 256: all are first brought to 64 pixels" in first
    assert "50% of the real images and 0% of those of gan are in colour; make all of them grey" in second


def test_margins_of_some_images_are_told() -> None:
    """A quarter with margins is no half of the shapes, and yet each of them is known at a glance."""
    real = [*[PLAIN] * 9, *[look(height=420)] * 3]
    (sentence,) = find_giveaways(real, {"gan": [PLAIN] * 10})
    assert sentence.startswith(
        "25% of the real images and 0% of those of gan are not square and have margins"
    )


def test_half_of_the_sizes_apart_is_the_limit() -> None:
    """The largest distance of the cumulative shares is counted, wherever it lies."""
    real = [look(width=size, height=size) for size in (100, 200, 300, 400)]
    fake = [look(width=size, height=size) for size in (100, 200, 301, 302)]
    assert find_giveaways(real, {"gan": fake}) == ()
    fake = [look(width=size, height=size) for size in (100, 401, 402, 403)]
    (sentence,) = find_giveaways(real, {"gan": fake})
    assert "Real images are 100 to 400 pixels long and those of gan 100 to 403" in sentence


def decoded(pixels: np.ndarray, **facts: object) -> DecodedImage:
    known = {"format": "PNG", "mode": "L", "bit_depth": 8}
    shape = {"width": pixels.shape[1], "height": pixels.shape[0], "channels": 1 if pixels.ndim == 2 else 3}
    return DecodedImage(pixels, ImageFacts(**(known | shape | facts)))  # type: ignore[arg-type]


def test_borders_are_found_on_any_side() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(40, 256, (100, 120), np.uint8)
    assert not look_at(decoded(noise)).has_border
    for rows, columns in ((slice(2), slice(None)), (slice(-2, None), slice(None)), (slice(None), slice(3))):
        framed = noise.copy()
        framed[rows, columns] = rng.integers(
            0, 3, framed[rows, columns].shape
        )  # compression leaves it uneven
        assert look_at(decoded(framed)).has_border
    assert not look_at(decoded(np.pad(noise // 2 + 90, ((1, 0), (0, 0)), "edge"))).has_border
    for darker in (noise[:, :1] // 4, 255 - noise[:, :1] // 4):
        assert look_at(decoded(np.hstack([darker, noise]))).has_border, "an edge that the generator painted"
    colour = np.stack([noise, noise[::-1], noise], axis=-1)
    assert not look_at(decoded(colour)).has_border
    colour[:, -3:] = (200, 10, 90)
    assert look_at(decoded(colour)).has_border
    assert look_at(decoded(np.zeros((9, 9), np.uint8))).has_border


def test_looks_come_from_the_file() -> None:
    pixels = np.random.default_rng(0).integers(0, 60_000, (20, 41)).astype(np.uint16)
    found = look_at(decoded(pixels, bit_depth=16))
    assert (found.bit_depth, found.long_px, found.aspect, found.is_lossy) == (16, 41, 2.05, False)
    assert look_at(decoded(pixels, format="JPEG")).is_lossy


def test_a_few_files_are_looked_at_before_a_session_is_made(workspace: Path) -> None:
    data = workspace / "data"
    rng = np.random.default_rng(0)
    for index in range(6):
        write_png(data / "real" / f"{index}.png", rng.integers(0, 256, (40, 40), np.uint8))
        write_png(data / "heldout" / f"{index}.png", rng.integers(0, 256, (40, 30), np.uint8))
        write_png(data / "gan" / f"{index}.png", rng.integers(0, 256, (40, 40), np.uint8))
    (data / "gan" / "notes.txt").write_text("no image")
    Image.fromarray(rng.integers(0, 256, (40, 40, 3), np.uint8)).save(data / "gan" / "7.png")
    folders = StudyFolders(
        real=FolderRef(root="data", path="real"),
        heldout=FolderRef(root="data", path="heldout"),
        synthetic=(SyntheticFolder(name="gan", folder=FolderRef(root="data", path="gan")),),
    )

    def preview(source: RealSource, *names: str, **limits: float) -> tuple[str, ...]:
        return preview_giveaways(
            folders,
            get_settings(),
            synthetic=names,
            real_source=source,
            **limits,  # type: ignore[arg-type]
        )

    assert preview(RealSource.TRAIN, "gan") == ()
    (sentence,) = preview(RealSource.HELDOUT, "gan")
    assert "The width of real images is 0.75 times their height" in sentence
    assert preview(RealSource.HELDOUT, "ddpm") == ()
    assert preview(RealSource.HELDOUT, "gan", budget_s=0) == (sentence,)
