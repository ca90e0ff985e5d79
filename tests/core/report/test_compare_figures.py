"""Axes and figures that set synthetic sets side by side."""

from __future__ import annotations

import pytest

from core.audit.selection import select_results, select_sets
from core.report.compare_axes import build_axes
from core.report.compare_figures import build_compare_figures
from tests.core.audit.fixtures import SETS, build_result, make_floor, make_row, make_summary

SUMMARY = select_results(build_result().summary, class_name=None)


def test_axes_are_the_key_metrics_with_their_good_end_up() -> None:
    axes = build_axes(SUMMARY).axes
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
    assert axes["fd"].floor is not None and axes["fd"].best == axes["fd"].floor.value == 39
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
    found = build_axes(make_summary(rows))
    assert set(found.axes["fd"].values) == {"one", "three"}
    note = "Fréchet distance leaves out two (n = 40): it compares only at equal numbers of images."
    assert found.notes == (note,)
    figures = build_compare_figures(make_summary(rows), ["one", "two", "three"])
    assert figures[0].caption.endswith(note)
    found = build_axes(make_summary(rows[:2]))
    assert not found.axes
    assert found.notes == (
        "Fréchet distance has no axis: its numbers compare only at equal numbers of images, and these differ: "
        "one (n = 100), two (n = 40).",
    )


def test_one_set_has_no_figures_and_one_number_no_axis() -> None:
    rows = [
        make_row(metric, value, 0.1, synthetic=name)
        for name, value in (("one", 0.5), ("two", 0.7))
        for metric in ("kid", "feature_std", "precision")
    ]
    summary = make_summary([*rows, make_row("vendi_score", 9.0, 1.0, synthetic="two")])
    assert len(build_compare_figures(summary, ["one", "two"])) == 1
    found = build_axes(summary)
    assert "vendi_score" not in found.axes
    assert found.notes == ("Vendi score has no axis: only two has a number.",)
    caption = build_compare_figures(summary, ["one", "two"])[0].caption
    assert "On Feature STD the aim is what real images score, which was not measured" in caption
    assert build_compare_figures(select_sets(summary, ["two"]), ["one", "two"]) == ()


def test_a_metric_without_a_spread_has_no_axis() -> None:
    rows = [make_row("feature_std", 0.5, synthetic=name) for name in ("one", "two")]
    assert not build_axes(make_summary(rows)).axes
    assert build_compare_figures(make_summary(rows), ["one", "two"]) == ()


@pytest.mark.parametrize(
    ("metric", "aim", "beyond", "worse"),
    [
        ("kid", 0.0, -0.2, 0.3),
        ("flag_excess", 0.0, -0.02, 0.1),
        ("copy_excess", 0.0, -0.2, 0.1),
        ("membership_auc", 0.5, 0.44, 0.6),
    ],
)
def test_axes_end_at_the_aim(metric: str, aim: float, beyond: float, worse: float) -> None:
    rows = [
        make_row(metric, value, 0.01, synthetic=name) for name, value in (("one", beyond), ("two", worse))
    ]
    axis = build_axes(make_summary(rows)).axes[metric]
    assert (axis.best, axis.best_text) == (aim, f"{aim:g}")
    assert axis.worst == pytest.approx(worse + 0.01)
    assert axis.place(beyond) == 1 and axis.is_beyond(beyond) and not axis.is_beyond(worse)
    (figure,) = build_compare_figures(make_summary(rows), ["one", "two"])
    assert f"The good end of {axis.title} ({aim:g}) is the aim instead" in figure.caption
    assert axis.values["one"].text in figure.alt
    rows = [make_row(metric, beyond, 0.01, synthetic=name) for name in ("one", "two")]
    (note,) = build_axes(make_summary(rows)).notes
    assert note.endswith(f"has no axis: all sets are at the aim, {aim:g}, or beyond.")


def test_frechet_distances_end_at_their_floor() -> None:
    rows = [
        make_row("fd", value, 1, synthetic=name,
                 floor=make_floor(30, 3, n=100, value_at_n=value, value_at_n_low=value - 1,
                                  value_at_n_high=value + 1))
        for name, value in (("one", 20), ("two", 60))
    ]  # fmt: skip
    axis = build_axes(make_summary(rows)).axes["fd"]
    assert (axis.worst, axis.best, axis.place(20)) == (61, 30, 1)
    assert axis.is_beyond(20) and not axis.is_beyond(60)


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
    for figure in (parallel, radar):
        assert "The good end of Fréchet distance at n = 100 (39), Kernel distance (0) is" in figure.caption
    titles = " ".join(radar.light["layout"]["polar"]["angularaxis"]["categoryarray"])
    assert "Feature STD" not in titles and "Density" not in titles and "Recall" in titles


def test_names_are_no_markup() -> None:
    text = str(build_compare_figures(SUMMARY, SETS)[0].light)
    assert "<script>" not in text and "&lt;script&gt;" in text
