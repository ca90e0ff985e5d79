"""Pictures of maps: every pixel the nearest patch's value, boxes and bar on a dark ground."""

from __future__ import annotations

import numpy as np

from core.plots.heatmap import MapScale, draw_heatmap, expand_grid

SCALE = MapScale(0.5, 0.5, "Area under the ROC curve.", mark=0.7)


def test_pixels_take_the_nearest_patch() -> None:
    values = np.arange(9.0).reshape(3, 3)
    shown = expand_grid(values, (0, 4, 8), size=8, side=16)
    assert shown.shape == (16, 16)
    assert [shown[row, 0] for row in (0, 5, 6, 9, 10, 15)] == [0, 0, 3, 3, 6, 6]
    assert shown[15, 15] == 8


def test_values_colour_the_picture_and_chance_does_not() -> None:
    values = np.full((16, 16), 0.5)
    values[:8, :8] = 1.0
    values[8:, 8:] = np.nan
    picture = draw_heatmap(values, ground=np.full((16, 16), 120.0), scale=SCALE, title="real")
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 3
    # Within the picture of 560 pixels at (24, 64).
    high, chance, none = (
        picture[64 + row, 24 + column] for row, column in ((140, 140), (140, 420), (420, 420))
    )
    assert high[0] > high[2] + 60
    assert chance.tolist() == none.tolist() == [120, 120, 120]


def test_boxes_titles_and_marks_are_drawn_and_long_titles_fit() -> None:
    values, ground = np.full((16, 16), 0.5), np.zeros((16, 16))
    plain = draw_heatmap(values, ground=ground, scale=MapScale(0.5, 0.5, SCALE.label), title="real")
    boxed = draw_heatmap(
        values, ground=ground, scale=SCALE, title="real " * 200, boxes=[(0.25, 0.25, 0.5, 0.5)]
    )
    assert plain.shape == boxed.shape
    assert boxed[64 + 140 : 64 + 280, 24 + 140].min(axis=1).max() == 255
    assert (boxed[:, -24:] == plain[:, -24:]).all()
    assert (boxed[64:624, 600:632] != plain[64:624, 600:632]).any()
