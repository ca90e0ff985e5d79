"""What a utility experiment says and shows, held against answers that were planted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.config import get_settings
from core.datasets.study_scan import scan_study
from core.db.database import open_database
from core.errors import UnknownNameError
from core.plots.style import REAL
from core.progress import SilentProgress
from core.report.utility_changes import list_baselines, list_changes, list_scores
from core.report.utility_figures import (
    choose_curve_arms,
    describe_label_curve,
    draw_changes,
    draw_curves,
    draw_label_curve,
    list_phases,
    style_sets,
)
from core.report.utility_findings import describe_training, describe_utility
from core.utility.arms import ExperimentKind
from core.utility.presets import UtilityProtocol
from core.utility.result import UtilitySummary
from tests.experiments import (
    GROUP,
    N_GAINED,
    N_LOST,
    N_TEST,
    group_test_images,
    keep_classified_study,
    make_result,
)

FULL = UtilityProtocol(repeats=10, ratios=(1.0, 2.0), label_fractions=(0.5,))


@pytest.fixture(scope="module")
def summaries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, UtilitySummary]]:
    """Experiments of both kinds, and one with a single repeat."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDSYN_HOME", str(tmp_path_factory.mktemp("utility")))
        get_settings.cache_clear()
        folders = keep_classified_study().folders
        sets = scan_study(folders.resolve(get_settings()), settings=get_settings(), progress=SilentProgress())
        asked: dict[str, tuple[ExperimentKind, UtilityProtocol]] = {
            "full": ("augmentation", FULL),
            "features": ("feature-extraction", UtilityProtocol(repeats=8)),
            "single": ("augmentation", UtilityProtocol(repeats=1, train_on_synthetic=False)),
        }
        made = {
            name: make_result(sets, protocol, kind=kind).summary for name, (kind, protocol) in asked.items()
        }
        open_database(get_settings()).close()
    get_settings.cache_clear()
    yield made


def test_scores_and_baselines_are_listed(summaries: dict[str, UtilitySummary]) -> None:
    scores = list_scores(summaries["full"])
    assert list(scores) == ["accuracy", "balanced_accuracy", "auroc", "f1_macro", "recall:a", "recall:b"]
    assert [one.noun for one in scores.values()][2:5] == ["AUROC", "F1 (mean of classes)", "recall of a"]
    assert list(list_baselines(summaries["full"])) == ["none", "traditional", "real:0.5"]
    assert list(list_baselines(summaries["features"])) == ["pretrained-real", "untrained"]
    with pytest.raises(UnknownNameError, match="baselines are none, traditional"):
        list_changes(summaries["full"], scores["accuracy"], "both:gan:1")


def test_the_headline_names_what_is_significant(summaries: dict[str, UtilitySummary]) -> None:
    summary = summaries["full"]
    answer = describe_utility(summary, list_scores(summary)["accuracy"], "none")
    points = 100 * (N_GAINED - N_LOST) / N_TEST
    assert answer.headline.startswith("Test accuracy against real images alone (10 repeats, p after Holm")
    assert f"gan × 1 raises it: +{points:.1f} points" in answer.headline
    assert "gan × 2 raises it" in answer.headline
    assert "the other 2 changes are not significant" in answer.headline and "ddpm" not in answer.headline
    assert any(one.startswith("ddpm × 1 changes test accuracy by 0 points") for one in answer.sentences)
    assert answer.sentences[-1].startswith("Traditional augmentation changes")


def test_with_too_few_repeats_nothing_is_claimed(summaries: dict[str, UtilitySummary]) -> None:
    summary = summaries["single"]
    answer = describe_utility(summary, list_scores(summary)["accuracy"], "none")
    assert "none of the 2 changes" in answer.headline and "too few for any to be" in answer.headline
    assert "the largest is +12.5 points, of gan × 1" in answer.headline
    assert "1 repeat, so no interval and no test" in answer.sentences[0]


def test_pretraining_is_said_as_such(summaries: dict[str, UtilitySummary]) -> None:
    summary = summaries["features"]
    answer = describe_utility(summary, list_scores(summary)["recall:a"], "pretrained-real")
    assert "Pretraining on gan raises it" in answer.headline
    assert "against pretraining on real images" in answer.headline
    assert answer.sentences[-1].startswith("No pretraining changes test recall of a")
    single = summary.model_copy(
        update={"comparisons": tuple(one for one in summary.comparisons if one.arm != "pretrained:ddpm")}
    )
    alone = describe_utility(single, list_scores(summary)["accuracy"], "untrained")
    assert alone.headline.startswith("Pretraining on gan changes test accuracy by +12")
    assert "against a network that was not pretrained (p = " in alone.headline and not alone.sentences


def test_what_arms_were_trained_on(summaries: dict[str, UtilitySummary]) -> None:
    said = describe_training(summaries["full"])
    assert said["none"] == "12 real" and said["alone:gan"] == "12 synthetic"
    assert said["both:gan:1"] == "12 real, 12 synthetic"


def test_bars_stand_for_changes_in_points(summaries: dict[str, UtilitySummary]) -> None:
    summary = summaries["full"]
    styles = style_sets(summary, ["ddpm", "gan", "unused"])
    figure = draw_changes(summary, list_scores(summary)["accuracy"], "none", styles=styles, theme="light")
    held = [one for one in list_changes(summary, list_scores(summary)["accuracy"], "none") if one.change]
    bars = [trace for trace in figure.data if trace.type == "bar"]
    assert [bar.x[0] for bar in bars] == [
        pytest.approx(100 * one.change.change) for one in held if one.change
    ]
    assert bars[0].marker.color == styles[REAL].light
    assert bars[1].marker.color == styles["gan"].light != styles["ddpm"].light
    significant = [one for one in held if one.is_significant]
    assert {one.arm.synthetic for one in significant} == {"gan"}
    assert [one.text for one in figure.layout.annotations] == ["<b>✱</b>"] * len(significant)


def test_curves_have_one_line_a_panel_and_arm(summaries: dict[str, UtilitySummary]) -> None:
    summary = summaries["full"]
    styles = style_sets(summary)
    arms = ["none", "synthetic:gan:1", "synthetic:gan:2", "both:gan:1"]
    figure = draw_curves(summary, arms, phase="network", styles=styles, theme="dark")
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    assert len(lines) == 4 * 3 and sum(bool(trace.showlegend) for trace in lines) == 4
    looks = {(one.line.color, one.line.dash, one.line.width) for one in lines}
    assert len(looks) == 4
    bands = [trace for trace in figure.data if trace.fill == "toself"]
    # Only validation loss differs between repeats here.
    assert len(bands) == 4 and max(bands[0].y) == pytest.approx(1 + 0.01 * 10)
    # Curves start at 1 and the mean lies inside of its band.
    assert lines[1].x == (1, 2, 3)


def test_phases_have_their_own_arms(summaries: dict[str, UtilitySummary]) -> None:
    assert list_phases(summaries["full"]) == ("network",)
    summary = summaries["features"]
    assert list_phases(summary) == ("network", "last layer")
    assert "untrained" not in choose_curve_arms(summary, "network")
    assert "untrained" in choose_curve_arms(summary, "last layer")


def test_the_label_curve_runs_over_shares(summaries: dict[str, UtilitySummary]) -> None:
    summary = summaries["full"]
    score = list_scores(summary)["recall:b"]
    figure = draw_label_curve(summary, score, styles=style_sets(summary), theme="light")
    assert figure is not None
    assert [trace.name for trace in figure.data] == [
        "real images alone",
        "real images and gan",
        "real images and ddpm",
    ]
    # One point a share, those of ratio 2 left out.
    assert all(len(trace.x) == 2 for trace in figure.data)
    assert list(figure.layout.xaxis.tickvals) == [50, 100]
    assert "50% of the real images: Recall of b " in describe_label_curve(summary, score)
    assert draw_label_curve(summaries["single"], score, styles=style_sets(summary), theme="light") is None


def test_groups_are_looked_at_like_scores(summaries: dict[str, UtilitySummary]) -> None:
    summary = group_test_images(summaries["full"])
    score = list_scores(summary, GROUP)["accuracy"]
    assert score.noun == "accuracy in sex=F"
    rows = list_changes(summary, score, "none")
    assert {row.score.mean for row in rows} == {0.25}
    assert {row.change.change for row in rows if row.change} == {-0.5}
    assert "accuracy in sex=F" in describe_utility(summary, score, "none").headline
    assert not list_scores(summary, "sex=M")
    assert list_scores(summary)["accuracy"].group is None
