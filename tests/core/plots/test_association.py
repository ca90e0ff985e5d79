from __future__ import annotations

import math

import pandas as pd
import pytest

from core.plots.association import (
    ASSOCIATION_COLUMNS,
    BACKDROP_COLUMNS,
    AssociationAxis,
    plot_association,
)
from core.plots.style import assign_styles

STYLES = assign_styles(["a", "<b>"])
X, Y = AssociationAxis("FID", "low"), AssociationAxis("change", "high", zero=True)


def make_records() -> pd.DataFrame:
    rows = [("a", 10, 8, 13, 1, -1, 3, "a\nx"), ("<b>", 20, math.nan, math.nan, 4, 3, 5, "<b>")]
    return pd.DataFrame(rows, columns=list(ASSOCIATION_COLUMNS))


def make_backdrop() -> pd.DataFrame:
    rows = [("one", "GAN", 100, -20, "GAN"), ("one", "VAE", 200, -10, "VAE"), ("two", "GAN", 50, 2, "<i>")]
    return pd.DataFrame(rows, columns=list(BACKDROP_COLUMNS))


def test_points_carry_intervals_both_ways_and_their_sets_style() -> None:
    a, b = plot_association(make_records(), x=X, y=Y, styles=STYLES, theme="light").data
    assert (a.error_x.arrayminus[0], a.error_x.array[0]) == (2, 3)
    assert (a.error_y.arrayminus[0], a.error_y.array[0]) == (2, 2)
    assert b.error_x.visible is False and b.name == "&lt;b&gt;"
    assert a.marker.color == STYLES["a"].light and a.hovertext == ("a<br>x",)


def test_axes_say_where_it_is_better_and_keep_zero_in_view() -> None:
    layout = plot_association(make_records(), x=X, y=Y, styles=STYLES, theme="dark").layout
    assert layout.xaxis.title.text.startswith("<b>← better</b>") and "FID" in layout.xaxis.title.text
    assert layout.yaxis.title.text.endswith("<b>better →</b>")
    assert layout.yaxis.range[0] < -1 and layout.yaxis.range[1] > 5 and layout.yaxis.zeroline
    assert layout.xaxis.range[0] > 0 and not layout.xaxis.zeroline
    neither = AssociationAxis("<x>", None)
    layout = plot_association(make_records(), x=neither, y=Y, styles=STYLES, theme="dark").layout
    assert layout.xaxis.title.text == "&lt;x&gt;"


def test_the_backdrop_has_axes_of_its_own_with_zero_at_one_height() -> None:
    figure = plot_association(
        make_records(),
        x=X,
        y=Y,
        styles=STYLES,
        theme="light",
        backdrop=make_backdrop(),
        backdrop_axes=("p", "q"),
    )
    one, two, *sets = figure.data
    assert {trace.yaxis for trace in (one, two)} == {"y2"} and len(sets) == 2
    assert one.text == ("GAN", "VAE") and two.hovertext == ("&lt;i&gt;",)
    assert one.marker.symbol != two.marker.symbol
    layout = figure.layout
    assert (layout.xaxis2.side, layout.yaxis2.side) == ("top", "right")
    heights = [-low / (high - low) for low, high in (layout.yaxis.range, layout.yaxis2.range)]
    assert heights[0] == pytest.approx(heights[1])
    assert layout.yaxis2.range[0] < -20 and layout.yaxis.range[1] > 5
    assert layout.xaxis2.title.text == "p" and layout.xaxis.title.text != "p"


def test_one_point_has_an_axis_too() -> None:
    records = make_records().tail(1)
    layout = plot_association(records, x=X, y=Y, styles=STYLES, theme="light").layout
    assert layout.xaxis.range[0] < 20 < layout.xaxis.range[1]


def test_refuses_records_without_rows_or_columns() -> None:
    for bad in (make_records().head(0), make_records().drop(columns="y_low")):
        with pytest.raises(ValueError, match="y_low"):
            plot_association(bad, x=X, y=Y, styles=STYLES, theme="light")
    with pytest.raises(ValueError, match="group"):
        plot_association(
            make_records(), x=X, y=Y, styles=STYLES, theme="light", backdrop=make_backdrop().head(0)
        )
