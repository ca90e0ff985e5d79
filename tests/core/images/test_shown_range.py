"""Black and white of a volume are known without showing it, and are those that it is shown with."""

from __future__ import annotations

import numpy as np
import pytest

from core.images.encoding import choose_scale, encode_samples
from core.images.intensity import (
    PRESETS,
    Intensity,
    IntensityMode,
    LookupTable,
    Rendering,
    Window,
    find_range,
)
from core.images.loaded_volume import LoadedVolume
from core.images.volume import Volume

VALUES = np.arange(-1000, 1000, dtype=np.int16).reshape(10, 10, 20)
PADDING = VALUES < -900


def load(values: np.ndarray, rendering: Rendering | None = None, padding: np.ndarray | None = None):
    volume = Volume(values, (1.0, 1.0, 1.0), "", 16)
    return LoadedVolume(volume, padding, rendering or Rendering())


@pytest.mark.parametrize(
    ("policy", "rendering", "padding", "wanted"),
    [
        (Intensity(), Rendering(), None, (-1000, 999)),
        (Intensity(mode=IntensityMode.MINMAX), Rendering(), PADDING, (-900, 999)),
        (Intensity(mode=IntensityMode.MINMAX), Rendering(), np.zeros_like(PADDING), (-1000, 999)),
        (PRESETS["brain"], Rendering(), None, (0, 79)),
        (PRESETS["film"], Rendering(window=Window(40.5, 401)), None, (-160, 240)),
        (PRESETS["film"], Rendering(table=LookupTable(-5, np.arange(9), 8)), None, (-5, 3)),
        (PRESETS["film"], Rendering(), None, (-1000, 999)),
    ],
)
def test_the_range_is_that_of_the_policy(
    policy: Intensity, rendering: Rendering, padding: np.ndarray | None, wanted: tuple[float, float]
) -> None:
    assert load(VALUES, rendering, padding).find_shown_range(policy) == wanted


@pytest.mark.parametrize("name", ["brain", "mr", "film"])
def test_a_volume_is_shown_evenly_between_them(name: str) -> None:
    loaded = load(VALUES)
    low, high = loaded.find_shown_range(PRESETS[name])
    share = np.clip((VALUES - low) / (high - low), 0, 1)
    assert np.abs(loaded.to_levels(PRESETS[name]) - 255 * share).max() <= 0.5 + 1e-9


def test_grey_levels_and_colours_are_shown_as_they_are() -> None:
    levels = np.full((2, 3, 4), 7, np.uint8)
    assert load(levels).find_shown_range(PRESETS["film"]) == (0, 255)
    # Percentiles that were asked for hold at 8 bits, too; colour has none.
    assert load(levels).find_shown_range(PRESETS["mr"]) == (7, 7)
    assert load(np.stack([levels] * 3, axis=3)).find_shown_range(PRESETS["mr"]) == (0, 255)
    assert find_range(levels, PRESETS["mr"]) == (7, 7)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float32])
def test_slices_of_a_volume_have_one_scale(dtype: type) -> None:
    values = np.random.default_rng(0).integers(0, 200, (5, 4, 3)).astype(dtype)
    if dtype is np.float32:
        values /= 7
    scale = choose_scale(values)
    whole = scale.apply(values)
    assert (scale.low, scale.high) == (whole.min(), whole.max())
    for at, plane in enumerate(values):
        samples = encode_samples(plane, scale)
        kind = "<u2" if samples.bits == 16 else np.uint8
        assert np.array_equal(np.frombuffer(samples.data, kind).reshape(4, 3), whole[at])
        assert (samples.low, samples.high, samples.slope) == (scale.low, scale.high, scale.slope)
