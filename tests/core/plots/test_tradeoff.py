from __future__ import annotations

import math

import pandas as pd
import pytest

from core.plots.style import HELDOUT, assign_styles
from core.plots.tradeoff import TRADEOFF_COLUMNS, plot_tradeoff

STYLES = assign_styles(["a"])


def make_records() -> pd.DataFrame:
    rows = [
        (HELDOUT, 0.9, 0.85, 0.95, 0.6, 0.5, 0.8, "held-out"),
        ("a", 0.5, math.nan, math.nan, 0.1, 0.0, 0.2, "a"),
    ]
    return pd.DataFrame(rows, columns=list(TRADEOFF_COLUMNS))


def test_points_carry_both_intervals_and_their_sets_style() -> None:
    figure = plot_tradeoff(make_records(), x_title="x", y_title="y", styles=STYLES, theme="dark")
    heldout, a = figure.data
    assert heldout.marker.symbol == "circle-open"
    assert heldout.marker.color == "#ffffff"
    assert a.marker.color == STYLES["a"].dark
    assert heldout.error_y.array[0] == pytest.approx(0.2)
    assert heldout.error_y.arrayminus[0] == pytest.approx(0.1)
    assert a.error_x.visible is False


def test_axes_are_shares_with_titles() -> None:
    layout = plot_tradeoff(make_records(), x_title="<x>", y_title="y", styles=STYLES, theme="light").layout
    assert layout.xaxis.title.text == "&lt;x&gt;"
    for axis in (layout.xaxis, layout.yaxis):
        assert axis.range[0] <= 0
        assert axis.range[1] >= 1


def test_refuses_records_without_rows_or_columns() -> None:
    for bad in (make_records().head(0), make_records().drop(columns="y_low")):
        with pytest.raises(ValueError, match="y_low"):
            plot_tradeoff(bad, x_title="x", y_title="y", styles=STYLES, theme="light")
