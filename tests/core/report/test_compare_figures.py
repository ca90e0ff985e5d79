"""Axes and figures that set synthetic sets side by side."""

from __future__ import annotations

import pytest

from core.audit.selection import select_results, select_sets
from core.report.compare_figures import build_axes, build_compare_figures
from tests.core.audit.fixtures import SETS, build_result, make_floor, make_row, make_summary

SUMMARY = select_results(build_result().summary, class_name=None)


def test_axes_are_the_key_metrics_with_their_good_end_up() -> None:
    axes = build_axes(SUMMARY)
    assert list(axes) == [
        "fd",
        "kid",
        "precision",
        "density",
        "recall",
        "coverage",
        "feature_std",
        "authenticity",
    ]
    assert axes["fd"].title == "Fréchet distance at n = 100"
    assert axes["fd"].worst > axes["fd"].best
    assert axes["fd"].values["StyleGAN2"].value == pytest.approx(78.8)
    assert axes["fd"].floor is not None and axes["fd"].floor.value == 39
    assert (axes["precision"].worst, axes["precision"].best) == (0, 1)
    assert (axes["precision"].worst_text, axes["precision"].best_text) == ("0", "1")
    for axis in axes.values():
        for one in [*axis.values.values(), *filter(None, [axis.floor])]:
            assert 0 <= axis.place(one.value) <= 1
    best = min(axes["fd"].values.values(), key=lambda one: one.value)
    assert all(axes["fd"].place(best.value) >= axes["fd"].place(o.value) for o in axes["fd"].values.values())


def test_values_at_another_number_of_images_are_left_out() -> None:
    rows = [
        make_row("fd", 50 + i, 4, synthetic=name, floor=make_floor(
            30, 3, n=n, value_at_n=60 + i, value_at_n_low=55, value_at_n_high=66))
        for i, (name, n) in enumerate((("one", 100), ("two", 40), ("three", 100)))
    ]  # fmt: skip
    axis = build_axes(make_summary(rows))["fd"]
    assert set(axis.values) == {"one", "three"}


def test_a_metric_without_a_spread_has_no_axis() -> None:
    rows = [make_row("kid", 0.5, synthetic=name) for name in ("one", "two")]
    assert build_axes(make_summary(rows)) == {}
    assert build_compare_figures(make_summary(rows), ["one", "two"]) == ()


def test_figures_keep_each_sets_look_and_state_their_rules() -> None:
    chosen = select_sets(SUMMARY, SETS[1:3])
    assert [one.name for one in chosen.sets] == ["real", "heldout", *SETS[1:3]]
    parallel, radar = build_compare_figures(chosen, SETS)
    for figure in (parallel, radar):
        assert [trace["name"] for trace in figure.light["data"]] == [*SETS[1:3], "real against real"]
        assert "worst to the best number shown" in figure.caption
        assert "diffusion 512 0.83" in figure.alt
    everyone = build_compare_figures(SUMMARY, SETS)[0].light["data"]
    assert parallel.light["data"][0]["line"]["color"] == everyone[1]["line"]["color"]
    assert parallel.light["data"][-1]["line"]["color"] != parallel.dark["data"][-1]["line"]["color"]
    assert "area and shape mean nothing" in radar.caption
    assert "beyond it is no better" in parallel.caption
    titles = " ".join(radar.light["layout"]["polar"]["angularaxis"]["categoryarray"])
    assert "Feature STD" not in titles and "Density" not in titles and "Recall" in titles


def test_names_are_no_markup() -> None:
    text = str(build_compare_figures(SUMMARY, SETS)[0].light)
    assert "<script>" not in text and "&lt;script&gt;" in text
