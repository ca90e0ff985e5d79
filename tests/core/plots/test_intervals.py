from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go
import pytest

from core.plots.intervals import INTERVAL_COLUMNS, plot_intervals
from core.plots.style import assign_styles

NAN = math.nan


def make_records() -> pd.DataFrame:
    rows = [
        ("precision", "a", 0.5, 0.4, 0.7, 0.9, 0.85, 0.95, "a: 0.5\nreal: 0.9"),
        ("precision", "<b>b", 0.6, NAN, NAN, 0.9, 0.85, 0.95, "<b>b"),
        ("distance", "a", 20.0, 18.0, 25.0, NAN, NAN, NAN, "a"),
        ("distance", "<b>b", NAN, NAN, NAN, 3.0, NAN, NAN, "<b>b"),
    ]
    return pd.DataFrame(rows, columns=list(INTERVAL_COLUMNS))


STYLES = assign_styles(["a", "<b>b"])


def draw(records: pd.DataFrame, **options: object) -> go.Figure:
    return plot_intervals(records, styles=STYLES, theme="light", **options)  # type: ignore[arg-type]


def test_one_point_for_each_value() -> None:
    figure = draw(make_records())
    assert [(trace.x[0], trace.xaxis) for trace in figure.data] == [(0.5, "x"), (0.6, "x"), (20.0, "x2")]


def test_bars_reach_to_both_ends_of_the_interval() -> None:
    first, second, _ = draw(make_records()).data
    assert first.error_x.array[0] == pytest.approx(0.2)
    assert first.error_x.arrayminus[0] == pytest.approx(0.1)
    assert second.error_x.array is None


def test_an_interval_that_misses_its_value_draws_no_backward_bar() -> None:
    records = make_records().head(1).assign(low=0.6)
    (trace,) = draw(records).data
    assert trace.error_x.arrayminus[0] == 0


def test_floor_is_a_band_and_a_line_at_its_own_row() -> None:
    shapes = draw(make_records()).layout.shapes
    bands = [shape for shape in shapes if shape.type == "rect"]
    lines = [shape for shape in shapes if shape.type == "line"]
    assert [(band.x0, band.x1, band.y0, band.y1) for band in bands] == [
        (0.85, 0.95, -0.5, 0.5),
        (0.85, 0.95, 0.5, 1.5),
    ]
    assert [line.x0 for line in lines] == [0.9, 0.9, 3.0]
    assert lines[-1].xref == "x2"


def test_axes_hold_zero_and_every_number_or_the_given_range() -> None:
    figure = draw(make_records(), ranges={"precision": (0.0, 1.0)})
    assert figure.layout.xaxis.range == pytest.approx((-0.04, 1.04))
    assert figure.layout.xaxis2.range[0] <= 0
    assert figure.layout.xaxis2.range[1] >= 25


def test_first_set_stands_on_top() -> None:
    axis = draw(make_records()).layout.yaxis
    assert axis.range[0] > axis.range[1]
    assert axis.ticktext == ("a", "&lt;b&gt;b")


def test_hover_text_is_escaped_but_for_line_breaks() -> None:
    figure = draw(make_records())
    assert figure.data[0].hovertext == ("a: 0.5<br>real: 0.9",)
    assert figure.data[1].hovertext == ("&lt;b&gt;b",)


def test_long_names_are_shortened_and_stay_apart() -> None:
    names = ["x" * 60 + "1", "x" * 60 + "2"]
    records = make_records().head(2).assign(set=names)
    figure = plot_intervals(records, styles=assign_styles(names), theme="dark")
    assert all(len(text) < 30 for text in figure.layout.yaxis.ticktext)
    assert [trace.y[0] for trace in figure.data] == [0, 1]


def test_refuses_records_without_rows_or_columns() -> None:
    with pytest.raises(ValueError, match="floor_low"):
        draw(make_records().drop(columns="floor_low"))
    with pytest.raises(ValueError, match="rows"):
        draw(make_records().head(0))
    with pytest.raises(KeyError):
        plot_intervals(make_records(), styles={}, theme="light")
