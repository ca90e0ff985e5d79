"""Figures of rating sessions say what their records say."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from core.plots.rating_fooling import FOOLED_COLUMNS, plot_fooled
from core.plots.rating_rates import RATE_COLUMNS, RATER_COLUMNS, plot_rates
from core.plots.rating_roc import RocLine, plot_rating_roc
from core.plots.rating_times import TIME_COLUMNS, plot_reaction_times
from core.plots.style import REAL, assign_styles

STYLES = assign_styles(["<gan>", "b"])


def test_rates_carry_intervals_raters_and_false_alarms() -> None:
    rates = pd.DataFrame(
        [("<gan>", "<gan>", 60.0, 50.0, 75.0, "one\n<two>"), ("b", "b", math.nan, math.nan, math.nan, "")],
        columns=list(RATE_COLUMNS),
    )
    raters = pd.DataFrame([("<gan>", 40.0, "A"), ("<gan>", 80.0, "B")], columns=list(RATER_COLUMNS))
    figure = plot_rates(
        rates,
        raters,
        x_title="<x>",
        styles=STYLES,
        theme="dark",
        false_alarms=(20.0, 15.0, 30.0),
        chance=50.0,
    )
    own, rate = figure.data
    assert own.x == (40.0, 80.0) and rate.x == (60.0,)
    assert rate.error_x.array == (15.0,) and rate.error_x.arrayminus == (10.0,)
    assert rate.hovertext == ("one<br>&lt;two&gt;",) and rate.marker.color == STYLES["<gan>"].dark
    assert figure.layout.yaxis.ticktext == ("&lt;gan&gt;", "b")
    assert figure.layout.xaxis.title.text == "&lt;x&gt;"
    lines = {(one.x0, one.x1) for one in figure.layout.shapes}
    assert lines == {(20.0, 20.0), (15.0, 30.0), (50.0, 50.0)}
    assert {one.text for one in figure.layout.annotations} == {"false alarms", "guessing"}


def test_roc_names_raters_once_and_draws_the_pooled_line_on_top() -> None:
    lines = [
        RocLine("A", (0.0, 0.2, 1.0), (0.0, 0.7, 1.0), False, "A"),
        RocLine("B", (0.0, 0.4, 1.0), (0.0, 0.5, 1.0), False, "B"),
        RocLine("all raters", (0.0, 0.3, 1.0), (0.0, 0.6, 1.0), True, "AUC\n<0.7>"),
    ]
    figure = plot_rating_roc(lines, theme="light")
    guessing, first, second, pooled = figure.data
    assert guessing.x == (0, 100) == guessing.y
    assert (first.showlegend, second.showlegend, pooled.showlegend) == (True, False, True)
    assert pooled.x == (0.0, 30.0, 100.0) and pooled.y == (0.0, 60.0, 100.0)
    assert pooled.line.width > first.line.width
    assert pooled.hovertext[0] == "AUC<br>&lt;0.7&gt;"
    with pytest.raises(ValueError, match="a line"):
        plot_rating_roc([], theme="light")


def test_fooled_images_are_counted_by_raters_who_were_wrong() -> None:
    rows = [
        ("<gan>", "<gan>", 0, 3),
        ("<gan>", "<gan>", 3, 3),
        ("<gan>", "<gan>", 3, 3),
        ("real", REAL, 1, 3),
    ]
    figure = plot_fooled(pd.DataFrame(rows, columns=list(FOOLED_COLUMNS)), styles=STYLES, theme="light")
    gan, real = figure.data
    assert gan.x == ("0 of 3", "1 of 3", "2 of 3", "3 of 3")
    assert gan.y == pytest.approx((100 / 3, 0, 0, 200 / 3)) and real.y == pytest.approx((0, 100, 0, 0))
    assert gan.name == "&lt;gan&gt;" and "2 of 3 images" in gan.hovertext[3]


def test_fooled_images_of_many_or_unequal_raters_are_counted_by_fifths() -> None:
    rows = [("b", "b", 0, 10), ("b", "b", 5, 12), ("b", "b", 12, 12)]
    figure = plot_fooled(pd.DataFrame(rows, columns=list(FOOLED_COLUMNS)), styles=STYLES, theme="light")
    assert figure.data[0].x[0] == "0 to 20 %" and figure.data[0].y == pytest.approx(
        (100 / 3, 0, 100 / 3, 0, 100 / 3)
    )


def test_times_are_seconds_and_wrong_answers_open() -> None:
    rows = [
        ("right", 1000.0, 500.0, 2000.0, True, "a"),
        ("wrong", 3000.0, math.nan, math.nan, False, "b"),
        ("none", math.nan, math.nan, math.nan, True, "c"),
    ]
    figure = plot_reaction_times(pd.DataFrame(rows, columns=list(TIME_COLUMNS)), theme="dark")
    right, wrong = figure.data
    assert right.x == (1.0,) and right.error_x.array == (1.0,) and right.error_x.arrayminus == (0.5,)
    assert (right.marker.symbol, wrong.marker.symbol) == ("circle", "circle-open")
    low, high = figure.layout.xaxis.range
    assert low < math.log10(0.5) and high > math.log10(3)


@pytest.mark.parametrize(
    ("plot", "columns"),
    [
        (lambda records: plot_fooled(records, styles=STYLES, theme="light"), FOOLED_COLUMNS),
        (lambda records: plot_reaction_times(records, theme="light"), TIME_COLUMNS),
        (
            lambda records: plot_rates(
                records, pd.DataFrame(columns=list(RATER_COLUMNS)), x_title="", styles=STYLES, theme="light"
            ),
            RATE_COLUMNS,
        ),
    ],
)
def test_missing_columns_and_empty_records_are_refused(plot, columns: tuple[str, ...]) -> None:
    for records in (pd.DataFrame({"x": [1]}), pd.DataFrame(columns=list(columns))):
        with pytest.raises(ValueError, match=columns[0]):
            plot(records)
