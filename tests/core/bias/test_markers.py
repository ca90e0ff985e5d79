"""Letters are found where they were burned in, and not in anatomy."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from core.bias.markers import ZONES, compute_marker_rates, detect_letters
from core.datasets.phantoms import draw_phantom

SIZE = 256


def film(seed: int, *, marker: bool = False) -> np.ndarray:
    label = "pneumonia" if seed % 2 else "normal"
    return draw_phantom(seed, seed, label, SIZE, marker=marker).astype(np.float32)[..., np.newaxis]


def write(text: str, place: tuple[int, int], *, size: int = 26, level: int = 235) -> np.ndarray:
    rng = np.random.default_rng(0)
    ground = Image.fromarray(np.clip(rng.normal(60, 6, (240, 300)), 0, 255).astype(np.uint8))
    ImageDraw.Draw(ground).text(place, text, fill=level, font=ImageFont.load_default(size=size))
    return np.asarray(ground, dtype=np.float32)[..., np.newaxis]


@pytest.mark.parametrize(
    ("place", "zone"),
    [
        ((10, 8), "upper left"),
        ((260, 8), "upper right"),
        ((6, 105), "middle left"),
        ((140, 205), "lower middle"),
        ((268, 200), "lower right"),
    ],
)
@pytest.mark.parametrize("letter", ["R", "L"])
def test_a_letter_is_found_where_it_stands(place: tuple[int, int], zone: str, letter: str) -> None:
    (found,) = detect_letters(write(letter, place))
    assert found.zone == zone
    assert found.contrast > 120
    assert found.box.left * 300 == pytest.approx(place[0], abs=6)
    assert found.box.area < 0.015


def test_words_are_several_letters() -> None:
    assert len(detect_letters(write("SUPRA", (20, 10)))) >= 3


def test_size_of_the_file_does_not_matter() -> None:
    small, large = write("R", (10, 8)), write("R", (10, 8))
    large = np.asarray(Image.fromarray(large[..., 0]).resize((900, 720), Image.Resampling.BICUBIC))
    (one,), (other,) = detect_letters(small), detect_letters(large[..., np.newaxis])
    assert one.box.left == pytest.approx(other.box.left, abs=0.01)
    assert one.box.bottom == pytest.approx(other.box.bottom, abs=0.01)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((200, 200, 1), np.float32),
        np.random.default_rng(0).normal(120, 20, (200, 260, 1)).astype(np.float32),
        write("R", (140, 110)),
        write("R", (10, 8), level=95),
        write("R", (10, 8), size=150),
    ],
    ids=["blank", "noise", "far from every border", "faint", "too large"],
)
def test_what_is_no_marker_is_not_found(pixels: np.ndarray) -> None:
    assert detect_letters(pixels) == ()


def test_phantoms_tell_marked_from_unmarked() -> None:
    marked = [detect_letters(film(seed, marker=True)) for seed in range(30)]
    unmarked = [detect_letters(film(seed)) for seed in range(30)]
    rates = {
        (one.label, one.zone): one
        for one in compute_marker_rates([*marked, *unmarked], ["marked"] * 30 + ["plain"] * 30)
    }
    assert len(rates) == 2 * (1 + len(ZONES))
    assert rates["marked", "anywhere"].rate >= 0.85
    assert rates["plain", "anywhere"].rate == 0
    assert rates["marked", "upper left"].n_marked == rates["marked", "anywhere"].n_marked
    assert rates["marked", "lower right"].n_marked == 0
    assert rates["marked", "anywhere"].low > rates["plain", "anywhere"].high
