"""Figures of a rating session: rates by synthetic set, ROC, images that fooled raters, reaction times."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.plots.rating_fooling import FOOLED_COLUMNS, plot_fooled
from core.plots.rating_rates import RATE_COLUMNS, RATER_COLUMNS, plot_rates
from core.plots.rating_roc import RocLine, plot_rating_roc
from core.plots.rating_times import TIME_COLUMNS, plot_reaction_times
from core.plots.style import REAL, SetStyle, Theme
from core.rating.measured import Measured
from core.rating.rating_score import RatingScore
from pages._shared.rating_cells import write_number

__all__ = ["show_fooled", "show_roc", "show_set_rates", "show_times"]

_FONT: Final = '"Source Sans", sans-serif'
_RIGHT: Final = ("fake called fake", "real called real")
_CHANCE: Final = 50.0


def show_set_rates(score: RatingScore, styles: Mapping[str, SetStyle]) -> None:
    """Show the fake identification rate of each set, held against false alarms; in pairs, against guessing.

    Args:
        score: the session's.
        styles: colour and symbol of each set.
    """
    is_pair = score.task == "pair"
    records, own = [], []
    for name, rates in score.by_set.items():
        value, low, high = _percent(rates.fir)
        text = " ".join(filter(None, write_number("fir", rates.fir)))
        about = f"{rates.fir.n:,} answers of {rates.n_raters:,} raters"
        records.append((name, name, value, low, high, f"{name}\nFIR {text} %\n{about}"))
        own += [
            (name, 100 * share, f"{rater}\n{name}: {100 * share:.0f} %")
            for rater, share in _share(score, name)
        ]
    alarms = score.overall.false_alarm_rate
    band = _percent(alarms)
    figure = plot_rates(
        pd.DataFrame(records, columns=list(RATE_COLUMNS)),
        pd.DataFrame(own, columns=list(RATER_COLUMNS)),
        x_title="Fake identification rate, % (← looks more real)",
        styles=styles,
        theme=_theme(),
        false_alarms=None if any(map(math.isnan, band)) else band,
        chance=_CHANCE if is_pair else None,
    )
    said = "; ".join(f"{name} {value:.0f} %" for name, _, value, *_ in records)
    _show(figure, "rating_set_rates", f"Fake identification rate by set: {said}.")
    against = (
        "the dashed line is guessing"
        if is_pair
        else "the band is how often real images were called fake: a set that lies there is not told from them"
    )
    st.caption(f"With 95 % intervals; small points are single raters; {against}.")


def show_roc(score: RatingScore) -> None:
    """Show the ROC of confidence, pooled and of each rater; nothing without confidence."""
    if score.roc is None:
        return
    lines = [
        RocLine(name, one.false_alarms, one.hits, False, f"{name}\n{one.n:,} answers")
        for name, one in score.roc_by_rater.items()
    ]
    area = " ".join(filter(None, write_number("auc", score.overall.auc)))
    pooled = score.roc
    lines.append(RocLine("all raters", pooled.false_alarms, pooled.hits, True, f"All raters\nArea {area}"))
    _show(plot_rating_roc(lines, theme=_theme()), "rating_roc", f"ROC of confidence, area {area}.")
    st.caption(
        f"From “surely real” to “surely fake”: area under the curve {area}, where 0.5 is guessing. The area "
        "compares answers of the same rater; the line pools them."
    )


def show_fooled(score: RatingScore, styles: Mapping[str, SetStyle]) -> None:
    """Show how many images of each set fooled how many raters."""
    order = [*([REAL] if score.overall.n_real else []), *score.by_set]
    records = [
        (name, name, one.n_fooled, one.n)
        for name in order
        for one in score.images
        if (one.synthetic or REAL) == name
    ]
    figure = plot_fooled(pd.DataFrame(records, columns=list(FOOLED_COLUMNS)), styles=styles, theme=_theme())
    _show(figure, "rating_fooled", "How many images of each set fooled how many of their raters.")


def show_times(score: RatingScore) -> None:
    """Show reaction times by truth and answer; nothing where none was measured."""
    times = score.reaction_times.by_answer
    if not any(one.value is not None for one in times.values()):
        return
    records = []
    for name, one in times.items():
        ends = [math.nan if end is None else end for end in (one.value, one.low, one.high)]
        text = " ".join(filter(None, write_number("reaction_time_ms", one)))
        title = f"{name[0].upper()}{name[1:]}"
        records.append((title, *ends, name in _RIGHT, f"{title}\n{text} ms\n{one.n:,} answers"))
    figure = plot_reaction_times(pd.DataFrame(records, columns=list(TIME_COLUMNS)), theme=_theme())
    _show(figure, "rating_times_figure", "Reaction times by what was shown and what was answered.")
    st.caption(
        "Each rater's median, averaged over raters, with 95 % interval. Filled: right answers; open: wrong."
    )


def _share(score: RatingScore, name: str) -> list[tuple[str, float]]:
    """Each rater's own share of a set's fakes that were called fake."""
    said: dict[str, list[bool]] = {}
    for one in score.images:
        if one.synthetic == name:
            for rater, answer in one.answers.items():
                said.setdefault(rater, []).append(answer == "fake")
    return [(rater, sum(own) / len(own)) for rater, own in said.items()]


def _percent(one: Measured) -> tuple[float, float, float]:
    value, low, high = (math.nan if end is None else 100 * end for end in (one.value, one.low, one.high))
    return value, low, high


def _theme() -> Theme:
    return "dark" if st.context.theme.type == "dark" else "light"


def _show(figure: go.Figure, key: str, alt: str) -> None:
    figure.update_layout(font_family=_FONT)
    st.plotly_chart(figure, theme=None, key=f"{key}_{_theme()}", alt=alt)
