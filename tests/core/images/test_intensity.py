"""The policy by which values become grey, held against the formulas of the DICOM standard."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError

from core.errors import UnknownNameError
from core.images.intensity import (
    PRESETS,
    Intensity,
    IntensityMode,
    LookupTable,
    Rendering,
    Window,
    WindowFunction,
    apply_intensity,
    find_preset,
)

VALUES = np.arange(-1100, 900, dtype=np.int16).reshape(40, 50)


def by_the_standard(x: float, c: float, w: float, function: str) -> float:
    """Pseudo-code of PS3.3, C.11.2.1.2.1, C.11.2.1.3.1 and C.11.2.1.3.2 for an output of 0 to 255."""
    if function == "linear":
        if x <= c - 0.5 - (w - 1) / 2:
            return 0.0
        if x > c - 0.5 + (w - 1) / 2:
            return 255.0
        return ((x - (c - 0.5)) / (w - 1) + 0.5) * 255
    if function == "linear_exact":
        if x <= c - w / 2:
            return 0.0
        if x > c + w / 2:
            return 255.0
        return ((x - c) / w + 0.5) * 255
    return 255 / (1 + math.exp(min(-4 * (x - c) / w, 700)))


@pytest.mark.parametrize("function", list(WindowFunction))
@pytest.mark.parametrize(("center", "width"), [(-600, 1500), (40, 400), (0.5, 2), (10, 1), (-33.25, 77.5)])
def test_windows_follow_the_standard(center: float, width: float, function: WindowFunction) -> None:
    policy = Intensity(mode=IntensityMode.WINDOW, center=center, width=width, function=function)
    expected = np.array([by_the_standard(x, center, width, function) for x in VALUES.ravel().tolist()])
    exact = apply_intensity(VALUES, policy, output="float32")
    np.testing.assert_allclose(exact.ravel(), expected, atol=2e-5)
    np.testing.assert_array_equal(apply_intensity(VALUES, policy), np.rint(exact.astype(np.float64)))
    deep = apply_intensity(VALUES, policy, output="uint16")
    assert deep.dtype == np.uint16
    np.testing.assert_allclose(deep.ravel(), expected * 257, atol=0.51)


def test_the_window_is_the_same_for_every_image() -> None:
    policy = find_preset("soft-tissue")
    low, high = apply_intensity(VALUES[:20], policy), apply_intensity(VALUES[20:], policy)
    np.testing.assert_array_equal(np.concatenate([low, high]), apply_intensity(VALUES, policy))


def test_percentiles_and_extremes_are_those_of_the_image() -> None:
    values = np.random.default_rng(0).normal(size=(30, 40)).astype(np.float32)
    policy = Intensity(mode=IntensityMode.PERCENTILE, low=5, high=80)
    low, high = np.percentile(values, (5, 80))
    expected = np.clip((values.astype(np.float64) - low) / (high - low), 0, 1) * 255
    np.testing.assert_allclose(apply_intensity(values, policy, output="float32"), expected, atol=1e-4)
    picture = apply_intensity(values, Intensity(mode=IntensityMode.MINMAX))
    assert (picture.flat[values.argmin()], picture.flat[values.argmax()]) == (0, 255)


@pytest.mark.parametrize("mode", [IntensityMode.MINMAX, IntensityMode.PERCENTILE])
def test_constant_images_are_black(mode: IntensityMode) -> None:
    picture = apply_intensity(np.full((3, 4), 7, np.int16), Intensity(mode=mode))
    np.testing.assert_array_equal(picture, np.zeros((3, 4)))


def test_padding_is_left_out_of_the_scale_and_black() -> None:
    values = np.array([[-2000, 0, 50, 100]], np.int16)
    padding = values == -2000
    for inverted, expected in ((False, [0, 0, 128, 255]), (True, [0, 255, 128, 0])):
        rendering = Rendering(is_inverted=inverted)
        picture = apply_intensity(
            values, Intensity(mode=IntensityMode.MINMAX), rendering=rendering, padding=padding
        )
        np.testing.assert_array_equal(picture, [expected])
    all_padding = apply_intensity(
        values, Intensity(mode=IntensityMode.PERCENTILE), padding=np.ones((1, 4), bool)
    )
    np.testing.assert_array_equal(all_padding, np.zeros((1, 4)))


def test_inverted_pictures_are_turned_around() -> None:
    for name, policy in PRESETS.items():
        straight = apply_intensity(VALUES, policy, output="float32")
        turned = apply_intensity(VALUES, policy, rendering=Rendering(is_inverted=True), output="float32")
        np.testing.assert_allclose(turned, 255 - straight, atol=1e-4, err_msg=name)


def test_as_is_changes_nothing_but_the_direction() -> None:
    policy = Intensity()
    for dtype in (np.uint8, np.uint16):
        values = np.array([[0, 5, 200]], dtype)
        np.testing.assert_array_equal(apply_intensity(values, policy), values)
        assert apply_intensity(values, policy).dtype == dtype
    assert apply_intensity(VALUES, policy).dtype == np.float32
    np.testing.assert_array_equal(apply_intensity(VALUES, policy), VALUES)
    ten_bits = np.array([[0, 5, 1023]], np.uint16)
    turned = apply_intensity(ten_bits, policy, rendering=Rendering(is_inverted=True, value_range=(0, 1023)))
    np.testing.assert_array_equal(turned, [[1023, 1018, 0]])
    np.testing.assert_array_equal(
        apply_intensity(np.array([[0, 5, 255]], np.uint8), policy, rendering=Rendering(is_inverted=True)),
        [[255, 250, 0]],
    )


def test_a_file_is_shown_as_it_says() -> None:
    policy = find_preset("film")
    window = Window(40, 400, WindowFunction.LINEAR_EXACT)
    fixed = Intensity(mode=IntensityMode.WINDOW, center=40, width=400, function=WindowFunction.LINEAR_EXACT)
    np.testing.assert_array_equal(
        apply_intensity(VALUES, policy, rendering=Rendering(window)), apply_intensity(VALUES, fixed)
    )
    np.testing.assert_array_equal(
        apply_intensity(VALUES, policy), apply_intensity(VALUES, Intensity(mode=IntensityMode.MINMAX))
    )
    table = LookupTable(-1, np.array([0, 1023, 512], np.uint16), 10)
    values = np.array([[-5, -1, 0, 1, 9]], np.int16)
    shown = apply_intensity(values, policy, rendering=Rendering(window, table), output="uint16")
    np.testing.assert_array_equal(
        shown, [[0, 0, 65535, round(512 / 1023 * 65535), round(512 / 1023 * 65535)]]
    )
    # A policy that names a window does not ask the file.
    np.testing.assert_array_equal(
        apply_intensity(VALUES, fixed, rendering=Rendering(Window(0, 2), table)),
        apply_intensity(VALUES, fixed),
    )


def test_huge_values_do_not_overflow() -> None:
    values = np.array([[-3e38, 0, 3e38]], np.float32)
    np.testing.assert_array_equal(
        apply_intensity(values, Intensity(mode=IntensityMode.MINMAX)), [[0, 128, 255]]
    )
    sigmoid = Intensity(mode=IntensityMode.WINDOW, center=0, width=1e-3, function=WindowFunction.SIGMOID)
    np.testing.assert_array_equal(apply_intensity(values, sigmoid), [[0, 128, 255]])


def test_large_arrays_are_mapped_in_blocks_alike() -> None:
    values = np.arange(3 << 19, dtype=np.int32).reshape(3, -1)
    picture = apply_intensity(values, Intensity(mode=IntensityMode.MINMAX), output="uint16")
    np.testing.assert_array_equal(picture[2], apply_intensity(
        values[2], Intensity(mode=IntensityMode.WINDOW, center=(3 << 19) / 2 - 0.5, width=(3 << 19) - 1,
                             function=WindowFunction.LINEAR_EXACT), output="uint16"))  # fmt: skip


@pytest.mark.parametrize(
    "fields",
    [
        {"mode": "window"},
        {"mode": "window", "center": 1},
        {"mode": "window", "center": 0, "width": 0.5},
        {"mode": "window", "center": 0, "width": 0, "function": "sigmoid"},
        {"mode": "window", "center": float("nan"), "width": 5},
        {"mode": "minmax", "center": 3},
        {"mode": "percentile", "low": 50, "high": 50},
        {"mode": "percentile", "low": -1},
        {"mode": "gamma"},
        {"colour": 3},
    ],
)
def test_policies_that_mean_nothing_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Intensity.model_validate(fields)


def test_policies_describe_themselves_and_survive_json() -> None:
    for policy in PRESETS.values():
        assert Intensity.model_validate_json(policy.model_dump_json()) == policy
    assert find_preset("lung").describe() == "window: center -600, width 1500"
    assert len({policy.describe() for policy in PRESETS.values()}) == len(PRESETS)
    with pytest.raises(UnknownNameError, match="soft-tissue"):
        find_preset("lungs")
