"""Patches behind a place: which images come first, and what is cut from them."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.bias.archive import PatchScores
from core.bias.box import Box
from core.bias.patch_pictures import (
    MAX_PATCHES,
    cut_patch,
    cut_patches,
    draw_images,
    find_patch,
    rank_images,
)
from core.errors import ImageReadError, InputError, UnknownNameError
from tests.core.bias.archived import describe

SETTINGS = describe().settings


def decode(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def make_scores(values: list[float], folds: list[int], labels: str) -> PatchScores:
    items = tuple(f"{number}.png" for number in range(len(values)))
    return PatchScores(items, tuple(labels), tuple(folds), np.array([values], dtype=np.float32))


def test_a_place_is_its_patch_and_the_last_ends_with_the_image() -> None:
    assert find_patch(SETTINGS, 0, 1) == Box(4 / 32, 0, 12 / 32, 8 / 32)
    assert find_patch(SETTINGS, 6, 6) == Box(0.75, 0.75, 1, 1)
    with pytest.raises(UnknownNameError, match="no position 7,0; rows and columns go from 0 to 6"):
        find_patch(SETTINGS, 7, 0)


def test_the_most_telling_come_first_within_their_fold() -> None:
    # Scores of the second fold are all higher, which means nothing.
    scores = make_scores([1, 3, 11, 13, 2, 12], [0, 0, 1, 1, 0, 1], "aaaabb")
    ranked = rank_images(scores, 0)
    assert ranked["a"] == ("3.png", "1.png", "2.png", "0.png")
    assert set(ranked["b"]) == {"4.png", "5.png"}


def test_random_order_holds_every_image_once_and_the_seed_decides() -> None:
    scores = make_scores([0.0] * 20, [0] * 20, "ab" * 10)
    drawn = draw_images(scores, 1)
    assert drawn == draw_images(scores, 1) != draw_images(scores, 2)
    assert sorted((*drawn["a"], *drawn["b"])) == sorted(scores.items)
    # Whatever is seen at a place.
    assert drawn == draw_images(make_scores([5.0] * 20, [0] * 20, "ab" * 10), 1)


@pytest.mark.parametrize("shape", [(60, 90), (60, 90, 1), (60, 90, 3)])
def test_pixels_are_those_of_the_image(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    patch = cut_patch(pixels, Box(0, 0.5, 1 / 3, 1))
    assert (patch.width, patch.height, patch.is_reduced) == (30, 30, False)
    np.testing.assert_array_equal(decode(patch.png), np.squeeze(pixels)[30:, :30])


def test_deep_images_keep_the_scale_of_the_whole() -> None:
    pixels = np.zeros((20, 20), dtype=np.uint16)
    pixels[:10, :10], pixels[10:, 10:] = 1000, 4000
    assert set(decode(cut_patch(pixels, Box(0, 0, 0.5, 0.5)).png).ravel()) == {64}


def test_edges_go_outwards_to_whole_pixels_and_large_patches_are_reduced() -> None:
    patch = cut_patch(np.zeros((10, 10), dtype=np.uint8), Box(0.05, 0.05, 0.15, 0.15))
    assert (patch.width, patch.height) == (2, 2)
    large = cut_patch(np.zeros((1000, 2000), dtype=np.uint8), Box(0, 0, 0.5, 0.5))
    assert (large.width, large.height, large.is_reduced) == (1000, 500, True)
    assert decode(large.png).shape == (192, 384)


def test_an_image_that_cannot_be_read_has_its_reason_and_the_others_stay() -> None:
    def read(one: str) -> Any:
        if one == "gone":
            raise ImageReadError("it has changed since the audit")
        if one == "huge":
            raise MemoryError
        return np.zeros((8, 8), dtype=np.uint8)

    found = cut_patches(["there", "gone", "huge"], Box(0, 0, 1, 1), read=read)
    assert found["there"].png and not found["there"].problem
    assert found["gone"].problem == "The image cannot be shown: it has changed since the audit."
    assert found["huge"].problem == "The image does not fit into memory."
    with pytest.raises(InputError, match=f"At most {MAX_PATCHES} patches are cut at once, not 49"):
        cut_patches(["there"] * 49, Box(0, 0, 1, 1), read=read)
