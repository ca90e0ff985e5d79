"""Policies in words: what is read, what is refused, and that writing is the way back."""

from __future__ import annotations

import pytest

from core.errors import InputError
from core.images.intensity import PRESETS, Intensity, IntensityMode, WindowFunction
from core.images.intensity_text import parse_intensity_text, write_intensity_text


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (PRESETS["lung"], "lung"),
        (PRESETS["mr"], "mr"),
        (PRESETS["film"], "file"),
        (Intensity(), "asis"),
        (Intensity(mode=IntensityMode.MINMAX), "minmax"),
        (Intensity(mode=IntensityMode.WINDOW, center=-600, width=1234.5), "window:-600/1234.5"),
        (Intensity(mode=IntensityMode.PERCENTILE, low=0, high=99.25), "percentile:0/99.25"),
    ],
)
def test_words_lead_there_and_back(policy: Intensity, text: str) -> None:
    assert write_intensity_text(policy) == text
    assert parse_intensity_text(text) == policy


@pytest.mark.parametrize("text", ["", "Lung", "window:1", "window:1/2/3", "percentile:a/b", "window:1e3/2"])
def test_other_words_are_refused_with_what_there_is(text: str) -> None:
    with pytest.raises(InputError, match=r"^The policy takes a preset .*soft-tissue.*minmax, file or asis"):
        parse_intensity_text(text, option="The policy")


def test_a_curved_window_has_no_words() -> None:
    curved = Intensity(mode=IntensityMode.WINDOW, center=0, width=10, function=WindowFunction.SIGMOID)
    with pytest.raises(ValueError, match="linear"):
        write_intensity_text(curved)
