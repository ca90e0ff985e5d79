"""Files that say what their values mean, brought to one scale by one policy."""

from __future__ import annotations

import numpy as np
import pytest

from core.images.decoded import DecodedImage, GreyValues, ImageFacts
from core.images.display import DEFAULT_INTENSITY, describe_intensity, display_image, to_levels
from core.images.intensity import Intensity, IntensityMode, Rendering, Window, find_preset

FACTS = ImageFacts("PNG", "L", 4, 4, 1, 8)
HOUNSFIELD = np.array([[-1000, -600, 40], [240, 400, 3000]], np.int16)


def ct(rendering: Rendering = Rendering()) -> DecodedImage:  # noqa: B008  frozen
    return DecodedImage(HOUNSFIELD, FACTS, GreyValues(HOUNSFIELD, rendering, None))


def test_eight_bits_stay_under_every_policy() -> None:
    ramp = np.arange(16, dtype=np.uint8).reshape(4, 4)
    for policy in (DEFAULT_INTENSITY, find_preset("lung"), Intensity(mode=IntensityMode.MINMAX)):
        np.testing.assert_array_equal(display_image(DecodedImage(ramp, FACTS), policy)[..., 0], ramp)
        assert to_levels(DecodedImage(ramp, FACTS), policy) is ramp


def test_a_window_is_the_same_for_every_file_of_hounsfield_units() -> None:
    policy = find_preset("soft-tissue")  # 40 +- 200
    expected = np.clip((HOUNSFIELD - (40 - 0.5)) / 399 + 0.5, 0, 1) * 255
    np.testing.assert_allclose(display_image(ct(), policy)[..., 0], expected, atol=1e-3)
    # Also of a file that says nothing of its display, such as a NumPy array.
    bare = DecodedImage(HOUNSFIELD.astype(np.float32), FACTS)
    np.testing.assert_allclose(display_image(bare, policy)[..., 0], expected, atol=1e-3)


def test_without_a_policy_a_file_is_shown_as_it_says() -> None:
    shown = display_image(ct(Rendering(window=Window(40, 400))))
    np.testing.assert_array_equal(shown, display_image(ct(), find_preset("soft-tissue")))
    assert (display_image(ct()).min(), display_image(ct()).max()) == (0, 255)


def test_a_file_whose_high_values_are_dark_is_turned_around() -> None:
    bright = display_image(ct(), find_preset("bone"))
    dark = display_image(ct(Rendering(is_inverted=True)), find_preset("bone"))
    np.testing.assert_allclose(dark, 255 - bright, atol=1e-3)


def test_what_is_no_measurement_is_black_and_does_not_stretch_the_range() -> None:
    padding = HOUNSFIELD == 3000
    image = DecodedImage(HOUNSFIELD, FACTS, GreyValues(HOUNSFIELD, Rendering(), padding))
    shown = display_image(image, Intensity(mode=IntensityMode.MINMAX))[..., 0]
    assert shown[1, 2] == 0
    assert shown[1, 1] == 255  # 400, the highest that was measured


def test_channels_are_those_asked_for() -> None:
    assert display_image(ct(), find_preset("lung"), num_channels=3).shape == (2, 3, 3)
    with pytest.raises(ValueError, match="1, 3 or None"):
        display_image(ct(), find_preset("lung"), num_channels=2)


def test_the_words_of_the_default_stay_and_others_tell_the_policy() -> None:
    assert describe_intensity(DEFAULT_INTENSITY).startswith(
        "8-bit as stored; deeper images scaled by their own"
    )
    assert "center -600, width 1500" in describe_intensity(find_preset("lung"))
