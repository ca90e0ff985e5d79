from __future__ import annotations

import itertools

import plotly.graph_objects as go
import pytest

from core.plots.style import (
    HELDOUT,
    OKABE_ITO,
    REAL,
    SYMBOL_PATHS,
    assign_styles,
    build_template,
    escape_label,
    marker_of,
)


def test_real_is_black_on_light_and_white_on_dark() -> None:
    styles = assign_styles(["a"])
    for name in (REAL, HELDOUT):
        assert styles[name].colour("light") == "#000000"
        assert styles[name].colour("dark") == "#ffffff"
    assert marker_of(styles[HELDOUT], "light")["symbol"] == "circle-open"
    assert marker_of(styles[REAL], "light")["symbol"] == "circle"


def test_synthetic_sets_keep_one_colour_in_both_themes() -> None:
    for name, style in assign_styles(f"set {i}" for i in range(60)).items():
        if name not in (REAL, HELDOUT):
            assert style.light == style.dark
            assert style.light in OKABE_ITO


def test_colour_and_symbol_pairs_repeat_only_after_56_sets() -> None:
    styles = assign_styles(f"set {i}" for i in range(56))
    pairs = [(style.light, style.symbol, style.open) for style in styles.values()]
    assert len(set(pairs)) == len(pairs)


def test_first_seven_sets_differ_in_both_colour_and_symbol() -> None:
    styles = assign_styles("abcdefg")
    for one, two in itertools.combinations("abcdefg", 2):
        assert styles[one].light != styles[two].light
        assert styles[one].symbol != styles[two].symbol


def test_a_sets_style_does_not_depend_on_later_sets() -> None:
    assert assign_styles(["a", "b"])["a"] == assign_styles(["a"])["a"]


def test_plotly_knows_every_symbol() -> None:
    for symbol in SYMBOL_PATHS:
        go.Scatter(marker={"symbol": symbol})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_template_is_valid_and_lets_the_page_show_through(theme: str) -> None:
    template = build_template(theme)  # type: ignore[arg-type]
    assert template.layout.paper_bgcolor == template.layout.plot_bgcolor == "rgba(0,0,0,0)"


def test_labels_hold_no_html() -> None:
    assert escape_label("<b>&x") == "&lt;b&gt;&amp;x"
