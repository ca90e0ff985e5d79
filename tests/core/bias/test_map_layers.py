"""Maps as readers look at them: scales, colours, the steps that a browser is sent, and places found on them."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.bias.archive import BiasSettings
from core.bias.attribution_archive import AttributionSummary
from core.bias.attribution_layers import list_attribution_layers, load_attribution_layer
from core.bias.box import Box
from core.bias.map_drawing import LEVELS, pack_colours, pack_map, picture_mean, write_ticks
from core.bias.map_layers import MapLayer, find_strongest, list_layers, load_layer
from core.errors import UnknownNameError
from tests.core.bias.archived import FOLDER_SETS, keep_attribution, keep_summary

LAYER = MapLayer("x", "X", "", "AUROC", 0.5, 0.5, is_signed=False, is_grid=True, maps={})
GRID = BiasSettings(
    side_px=32, patch_px=8, stride_px=4, positions=(7, 7), n_folds=5, n_permutations=19, seed=0, alpha=0.05,
    max_per_class=1000,
)  # fmt: skip


def unpack(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype="<i2")


def test_every_set_has_its_map_on_the_scale_of_its_kind(tmp_path: Path) -> None:
    summary = keep_summary(tmp_path)
    assert list(list_layers(summary)) == ["probe", "transfer", "inheritance", "difference:0"]
    probe = load_layer(tmp_path, summary, "probe")
    assert (probe.centre, probe.limit, probe.is_signed) == (0.5, 0.5, False)
    assert list(probe.maps) == list(FOLDER_SETS)
    transfer = load_layer(tmp_path, summary, "transfer")
    assert transfer.is_signed
    np.testing.assert_array_equal(transfer.maps["real"], probe.maps["real"])
    share = load_layer(tmp_path, summary, "inheritance")
    assert list(share.maps) == ["gan"] and share.suffix == " %"
    assert np.nanmax(share.maps["gan"]) == pytest.approx(100 * 0.9)
    assert not share.goes_beyond


def test_the_real_set_decides_the_scale_of_differences(tmp_path: Path) -> None:
    summary = keep_summary(tmp_path)
    layer = load_layer(tmp_path, summary, "difference:0")
    assert layer.title == "Mean difference, ill minus well"
    assert layer.limit == 1.5 and layer.goes_beyond and not layer.is_grid


def test_one_set_alone_has_nothing_to_inherit(tmp_path: Path) -> None:
    summary = keep_summary(tmp_path)
    alone = summary.model_copy(update={"sets": summary.sets[:1]})
    assert list(list_layers(alone)) == ["probe", "difference:0"]
    with pytest.raises(UnknownNameError, match="no map 'transfer'; it has: probe, difference:0"):
        load_layer(tmp_path, alone, "transfer")


def test_steps_keep_values_and_gaps() -> None:
    packed = pack_map(np.array([[0.5, 1.0, 0.75], [np.nan, 0.0, 9.0]]), LAYER)
    assert (packed.rows, packed.columns) == (2, 3)
    assert unpack(packed.values).tolist() == [0, LEVELS, LEVELS // 2, -32768, -LEVELS, 32767]


def test_large_maps_of_pixels_are_averaged_down() -> None:
    values = np.zeros((512, 512))
    values[:, 1::2] = 1.0
    packed = pack_map(values, replace(LAYER, is_grid=False, centre=0.0, limit=1.0))
    assert (packed.rows, packed.columns) == (256, 256)
    assert set(unpack(packed.values)) == {LEVELS // 2}


def test_colours_are_dark_in_the_middle_and_ticks_are_the_scale() -> None:
    colours = np.frombuffer(base64.b64decode(pack_colours()), dtype=np.uint8).reshape(255, 3).astype(int)
    assert colours[127].sum() < 100 < colours[0].sum()
    red, green, blue = colours[-1]
    assert red > green > blue
    assert (np.diff(colours[127:].sum(axis=1)) >= -2).all()
    assert write_ticks(LAYER) == ("0.5", "0.625", "0.75", "0.875", "1")
    assert write_ticks(replace(LAYER, centre=0, limit=2, is_signed=True)) == ("−2", "−1", "0", "1", "2")
    assert picture_mean(np.full((4, 4), 300.0)).startswith("data:image/png;base64,")


def test_the_strongest_place_of_a_region_lies_in_it() -> None:
    values = np.full((7, 7), 0.5)
    values[0, 1], values[6, 6] = 0.8, 1.0
    assert find_strongest(values, GRID, Box(0, 0, 0.5, 0.5)) == (0, 1)
    assert find_strongest(values, GRID, Box(0.4, 0.4, 1, 1)) == (6, 6)
    # No patch lies within so small a rectangle.
    assert find_strongest(values, GRID, Box(0.01, 0.01, 0.02, 0.02)) == (6, 6)


def test_attribution_has_one_scale_a_method(tmp_path: Path) -> None:
    attribution = keep_attribution(tmp_path)
    layers = list_attribution_layers(attribution)
    assert list(layers) == ["grad-cam:0", "grad-cam:1", "occlusion:0"]
    one, other = (load_attribution_layer(tmp_path, attribution, f"grad-cam:{place}") for place in (0, 1))
    assert one.limit == other.limit == 0.8 and one.counts == {"real": 9, "gan": 9}
    assert "ill" in one.title and list(one.maps) == ["real", "gan"]
    assert "mean nothing" not in one.about
    doubtful = attribution.model_copy(update={"tells_classes": False})
    assert "mean nothing" in load_attribution_layer(tmp_path, doubtful, "grad-cam:0").about
    with pytest.raises(UnknownNameError, match="no map 'grad-cam:7'; there are: grad-cam:0"):
        load_attribution_layer(tmp_path, attribution, "grad-cam:7")
    assert isinstance(attribution, AttributionSummary)
