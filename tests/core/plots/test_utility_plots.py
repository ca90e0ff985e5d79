from __future__ import annotations

import math

import pandas as pd
import pytest

from core.plots.change_bars import CHANGE_COLUMNS, plot_change_bars
from core.plots.label_curve import LABEL_COLUMNS, plot_label_curve
from core.plots.learning_curves import Curve, plot_learning_curves
from core.plots.style import REAL, assign_styles

STYLES = assign_styles(["gan"])


def make_changes() -> pd.DataFrame:
    rows = [
        ("Traditional", REAL, -1.0, -3.0, 1.0, False, "first"),
        ("<gan> × 1", "gan", 2.0, 0.5, 3.5, True, "a\n<b>"),
        ("one repeat", "gan", 4.0, math.nan, math.nan, True, "last"),
    ]
    return pd.DataFrame(rows, columns=list(CHANGE_COLUMNS))


def test_bars_start_at_no_change_and_carry_their_intervals() -> None:
    figure = plot_change_bars(make_changes(), x_title="points", styles=STYLES, theme="dark")
    bars = [trace for trace in figure.data if trace.type == "bar"]
    points = [trace for trace in figure.data if trace.type == "scatter"]
    assert [bar.x[0] for bar in bars] == [-1, 2, 4] and all(bar.base is None for bar in bars)
    assert points[1].error_x.array[0] == pytest.approx(1.5)
    assert points[1].error_x.arrayminus[0] == pytest.approx(1.5)
    assert points[2].error_x.array is None
    assert points[0].marker.color == "#ffffff" and points[1].marker.color == STYLES["gan"].dark
    low, high = figure.layout.xaxis.range
    assert low < -3 and high > 4


def test_marks_stand_beyond_the_interval_of_significant_changes_alone() -> None:
    figure = plot_change_bars(make_changes(), x_title="points", styles=STYLES, theme="light")
    assert [(one.x, one.y) for one in figure.layout.annotations] == [(3.5, 1), (4.0, 2)]


def test_names_are_text_and_long_ones_are_cut() -> None:
    records = make_changes()
    records.loc[0, "title"] = "a very long name " * 20
    figure = plot_change_bars(records, x_title="<x>", styles=STYLES, theme="light")
    first, second, _ = figure.layout.yaxis.ticktext
    assert first.count("<br>") == 2 and first.endswith("…")
    assert second == "&lt;gan&gt;\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}1"
    assert figure.data[2].hovertext[0] == "a<br>&lt;b&gt;"
    assert figure.layout.xaxis.title.text == "&lt;x&gt;"


def test_label_curves_keep_points_apart_and_lines_in_order() -> None:
    rows = [
        (REAL, "real <alone>", 25.0, 60.0, 50.0, 70.0, "x"),
        (REAL, "real <alone>", 100.0, 80.0, math.nan, math.nan, "x"),
        ("gan", "with gan", 25.0, 70.0, 65.0, 75.0, "x"),
    ]
    records = pd.DataFrame(rows, columns=list(LABEL_COLUMNS))
    figure = plot_label_curve(records, y_title="<y>", styles=STYLES, theme="light")
    real, gan = figure.data
    assert real.y == (60.0, 80.0) and real.name == "real &lt;alone&gt;"
    assert real.x[0] < 25 < gan.x[0]
    assert list(real.error_y.array) == [10.0, 0.0]
    assert list(figure.layout.xaxis.tickvals) == [25.0, 100.0]
    assert figure.layout.yaxis.title.text == "&lt;y&gt;"


def test_curves_name_each_line_once_and_draw_bands_where_repeats_differ() -> None:
    def curve(panel: str, title: str, low: float) -> Curve:
        return Curve(panel, title, "gan", "dash", 2.0, (1, 2), (0.5, 0.6), (low, 0.6), (0.5, 0.6))

    curves = [curve("loss", "<one>", 0.4), curve("score", "<one>", 0.5)]
    figure = plot_learning_curves(curves, styles=STYLES, theme="light")
    band, first, second = figure.data
    assert band.fill == "toself" and band.y == (0.5, 0.6, 0.6, 0.4)
    assert (first.showlegend, second.showlegend) == (True, False)
    assert first.name == "&lt;one&gt;" and first.line.dash == "dash"
    assert first.xaxis != second.xaxis
    point = Curve("loss", "one", "gan", "solid", 2.0, (1,), (0.5,), (0.5,), (0.5,))
    assert plot_learning_curves([point], styles=STYLES, theme="dark").data[0].mode == "markers"


def test_refuses_records_without_rows_or_columns() -> None:
    for bad in (make_changes().head(0), make_changes().drop(columns="low")):
        with pytest.raises(ValueError, match="significant"):
            plot_change_bars(bad, x_title="x", styles=STYLES, theme="light")
    with pytest.raises(ValueError, match="share"):
        plot_label_curve(pd.DataFrame(columns=["set"]), y_title="y", styles=STYLES, theme="light")
    with pytest.raises(ValueError, match="no curve"):
        plot_learning_curves([], styles=STYLES, theme="light")
