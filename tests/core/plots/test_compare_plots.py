"""Parallel coordinates and radar: places, gaps, intervals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.plots.axes import AxisValue, CompareAxis, break_title
from core.plots.parallel import plot_parallel
from core.plots.radar import plot_radar
from core.plots.style import assign_styles

NAMES = ("one", "two")
STYLES = assign_styles(NAMES)


def make_axis(
    title: str, worst: float, best: float, *values: float | None, floor: float | None = None
) -> CompareAxis:
    def wrap(value: float) -> AxisValue:
        return AxisValue(value, value - 1, value + 2, f"{value} units")

    return CompareAxis(
        title, worst, best, f"{worst}", f"{best}",
        {name: wrap(v) for name, v in zip(NAMES, values, strict=True) if v is not None},
        None if floor is None else wrap(floor),
    )  # fmt: skip


AXES = (
    make_axis("up", 0, 10, 4, 8, floor=9),
    make_axis("down and long title", 20, 10, 12, None),
    make_axis("third", -1, 1, 0, 1),
)


def test_good_ends_are_up_and_gaps_stay_open() -> None:
    one, two, floor = plot_parallel(AXES, NAMES, styles=STYLES, theme="light").data
    assert (floor.name, floor.line.dash, list(floor.y)) == ("real against real", "dot", [0.9, None, None])
    assert list(one.y) == [0.4, 0.8, 0.5]
    assert list(two.y) == [0.8, None, 1.0]
    assert not two.connectgaps
    # On a turned axis the interval's upper end lies below the value.
    assert one.error_y.array[0] == pytest.approx(0.2) and one.error_y.arrayminus[0] == pytest.approx(0.1)
    assert one.error_y.array[1] == pytest.approx(0.1) and one.error_y.arrayminus[1] == pytest.approx(0.2)
    assert one.hovertext[1] == "<b>one</b><br>down and long title<br>12 units"


def test_every_axis_shows_both_ends() -> None:
    figure = plot_parallel(AXES, NAMES, styles=STYLES, theme="dark")
    assert [note.text for note in figure.layout.annotations] == ["10", "0", "10", "20", "1", "-1"]
    assert list(figure.layout.xaxis.ticktext) == ["up", "down and<br>long title", "third"]


def test_rings_close_and_break() -> None:
    one, two, floor = plot_radar(AXES, NAMES, styles=STYLES, theme="light").data
    assert list(one.r) == [0.4, 0.8, 0.5, 0.4]
    assert list(two.r) == [0.8, None, 1.0, 0.8]
    assert one.theta[0] == one.theta[-1] == "up"
    assert one.fill is None or one.fill == "none"
    assert floor.r[0] == 0.9


def test_what_lies_beyond_the_aim_is_drawn_at_it_and_told() -> None:
    aim = replace(make_axis("kid", 4, 0, -0.2, 1.0), ends_at_aim=True)
    one, two = plot_parallel([aim] * 3, NAMES, styles=STYLES, theme="light").data
    assert list(one.y) == [1.0] * 3 and list(two.y) == [0.75] * 3
    # Of an interval from -1.2 to 1.8 only what is on the axis is drawn.
    assert one.error_y.array[0] == 0 and one.error_y.arrayminus[0] == pytest.approx(0.45)
    assert two.error_y.array[0] == pytest.approx(0.25)
    ring, other = plot_radar([aim] * 3, NAMES, styles=STYLES, theme="light").data
    assert list(ring.r) == [1.0] * 4
    for line in (one, ring):
        assert line.hovertext[0] == "<b>one</b><br>kid<br>-0.2 units<br>beyond the aim, 0, and drawn at it"
    assert "beyond" not in two.hovertext[0] + other.hovertext[0]


def test_too_few_axes_and_unknown_sets() -> None:
    with pytest.raises(ValueError, match="at least one"):
        plot_parallel((), NAMES, styles=STYLES, theme="light")
    with pytest.raises(ValueError, match="at least 3"):
        plot_radar(AXES[:2], NAMES, styles=STYLES, theme="light")
    with pytest.raises(KeyError):
        plot_parallel(AXES, ("three",), styles=STYLES, theme="light")


def test_titles_break_between_words_and_hold_no_markup() -> None:
    assert break_title("Kernel <b> distance", 8) == "Kernel<br>&lt;b&gt;<br>distance"
