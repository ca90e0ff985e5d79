"""Dumbbells: an outline before, filled after, one line between, and names as text."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from core.plots.before_after import BEFORE_AFTER_COLUMNS, plot_before_after
from core.plots.style import assign_styles

STYLES = assign_styles(["gan<b>", "ddpm"])


def record(**changes: Any) -> dict[str, Any]:
    return {
        "panel": "Accuracy, %", "set": "gan<b>", "before": 90.0, "before_low": 80.0, "before_high": 95.0,
        "after": 60.0, "after_low": 50.0, "after_high": 70.0, "mark": "✱", "label": "a\nb",
    } | changes  # fmt: skip


def test_before_is_an_outline_and_after_is_filled() -> None:
    figure = plot_before_after(pd.DataFrame([record()]), styles=STYLES, theme="light")
    line, before, after = figure.data
    assert (list(line.x), list(before.x), list(after.x)) == ([90, 60], [90], [60])
    assert (before.marker.symbol, after.marker.symbol) == ("square-open", "square")
    assert before.y[0] < after.y[0]
    assert (before.error_x.array[0], before.error_x.arrayminus[0]) == (5, 10)
    assert (before.text[0], after.text[0]) == ("", "✱")
    assert after.hovertext[0] == "a<br>b"
    assert figure.layout.yaxis.ticktext == ("gan&lt;b&gt;",)
    low, high = figure.layout.xaxis.range
    assert low < 50 and high > 95


def test_missing_numbers_leave_their_place_empty() -> None:
    rows = [record(after=math.nan), record(set="ddpm", before_low=math.nan)]
    figure = plot_before_after(pd.DataFrame(rows), styles=STYLES, theme="dark")
    assert len(figure.data) == 1 + 3
    assert figure.data[2].error_x.array is None


def test_panels_stand_in_rows_of_three() -> None:
    rows = [record(panel=f"Panel {at}") for at in range(5)]
    one = plot_before_after(pd.DataFrame(rows[:1]), styles=STYLES, theme="light")
    many = plot_before_after(pd.DataFrame(rows), styles=STYLES, theme="light")
    assert len([text for text in many.layout.annotations if text.text.startswith("Panel")]) == 5
    assert many.layout.height > 1.5 * one.layout.height


def test_records_without_rows_or_columns_are_refused() -> None:
    for records in (
        pd.DataFrame(columns=[*BEFORE_AFTER_COLUMNS]),
        pd.DataFrame([record()]).drop(columns="mark"),
    ):
        with pytest.raises(ValueError, match="before-after records"):
            plot_before_after(records, styles=STYLES, theme="light")
    with pytest.raises(KeyError):
        plot_before_after(pd.DataFrame([record(set="vae")]), styles=STYLES, theme="light")
