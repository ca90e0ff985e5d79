from __future__ import annotations

import numpy as np
import pytest

from core.audit.result import Duplicates, MetricRow
from core.report.findings import find_answers, summarise_answers
from core.report.judgements import compute_expected_coverage, judge_copies, judge_distance, judge_spread
from tests.core.audit.fixtures import HOSTILE, build_result, make_floor, make_row, make_set, make_summary


def distance(low: float, high: float, *, n: int = 100, kind: str = "heldout") -> MetricRow:
    middle = (low + high) / 2
    floor = make_floor(40.0, 5.0, n=n, kind=kind, value_at_n=middle, value_at_n_low=low, value_at_n_high=high)
    return make_row("fd", middle, 2.0, floor=floor)


@pytest.mark.parametrize(
    ("low", "high", "headline", "level"),
    [
        (46, 60, "Told from real", "concern"),
        (45, 60, "Not told from real", "clear"),  # they touch at 45
        (38, 60, "Not told from real", "clear"),
        (10, 30, "Nearer than fresh real images are", "concern"),
    ],
)
def test_distance_is_judged_by_intervals_at_equal_size(
    low: float, high: float, headline: str, level: str
) -> None:
    finding = judge_distance(distance(low, high))
    assert (finding.headline, finding.level) == (headline, level)
    assert "at 100 images a side" in finding.sentence
    assert "held-out real images score 40 [35, 45]" in finding.sentence


def test_no_difference_is_never_sold_as_equality() -> None:
    assert "does not show that there is none" in judge_distance(distance(38, 60)).sentence
    assert "only large differences" in judge_distance(distance(38, 60, n=20)).sentence
    assert "only large differences" not in judge_distance(distance(38, 60, n=100)).sentence


def test_halves_of_the_real_set_are_named_as_such() -> None:
    assert "two parts of the real set score" in judge_distance(distance(46, 60, kind="halves")).sentence


def test_distance_without_floor_or_intervals_is_left_open() -> None:
    assert judge_distance(make_row("fd", 40.0, 2.0)).level == "open"
    assert (
        judge_distance(make_row("fd", 40.0, 2.0, floor=make_floor(40.0, None, value_at_n=60.0))).level
        == "open"
    )


def test_expected_coverage_is_what_fresh_draws_reach() -> None:
    rng = np.random.default_rng(0)
    n, m, k = 60, 40, 5
    shares = []
    for _ in range(200):
        real, synthetic = rng.normal(size=(n, 2)), rng.normal(size=(m, 2))
        among = np.linalg.norm(real[:, None] - real, axis=2)
        radius = np.sort(among, axis=1)[:, k]
        nearest = np.linalg.norm(real[:, None] - synthetic, axis=2).min(axis=1)
        shares.append((nearest < radius).mean())
    expected = compute_expected_coverage(n_real=n, n_synthetic=m, nearest_k=k)
    assert np.mean(shares) == pytest.approx(expected, abs=0.01)
    # Naeem et al. 2020: about 1 - 1 / 2^k at equal sizes.
    assert compute_expected_coverage(n_real=10_000, n_synthetic=10_000, nearest_k=5) == pytest.approx(
        1 - 1 / 2**5, abs=1e-3
    )


def spread(
    coverage: float, precision: float, *, std: float | None = None, real_std: float = 1.0, repeated: int = 0
) -> tuple[str, str, str]:
    finding = judge_spread(
        coverage=make_row("coverage", coverage, 0.03),
        precision=make_row("precision", precision, 0.03, floor=make_floor(0.9, 0.03)),
        feature_std=None
        if std is None
        else make_row("feature_std", std, 0.02, floor=make_floor(real_std, None, kind="real")),
        nearest_k=5,
        n_repeated=repeated,
    )
    return finding.headline, finding.level, finding.sentence


def test_low_coverage_of_realistic_images_is_collapse() -> None:
    assert spread(0.1, 0.9)[:2] == ("Looks collapsed", "concern")
    assert spread(0.1, 0.9, std=0.8)[:2] == ("Looks collapsed", "concern")


def test_low_coverage_with_the_real_spread_is_not_called_collapse() -> None:
    headline, level, sentence = spread(0.1, 0.9, std=1.0)
    assert (headline, level) == ("Misses most of the real variety", "concern")
    assert "near the same few" in sentence


def test_low_coverage_of_unrealistic_images_is_not_called_collapse() -> None:
    headline, level, sentence = spread(0.1, 0.05)
    assert (headline, level) == ("Misses most of the real variety", "concern")
    assert "not collapse" in sentence


def test_coverage_near_that_of_fresh_images_raises_nothing() -> None:
    assert spread(0.96, 0.9)[:2] == ("No collapse seen", "clear")
    assert spread(0.7, 0.9)[:2] == ("No collapse seen, yet less than real variety", "clear")


def test_narrow_features_are_collapse_whatever_the_coverage() -> None:
    assert spread(0.9, 0.9, std=0.3)[0] == "Looks collapsed"
    assert spread(0.9, 0.9, std=0.9)[0] != "Looks collapsed"


def test_repeated_pictures_are_told() -> None:
    assert "12 of its images repeat" in spread(0.9, 0.9, repeated=12)[2]


def copies(
    value: float, *, floor: float | None = 0.6, shared: int = 0, note: str = ""
) -> tuple[str, str, str]:
    row = make_row(
        "privacy",
        value,
        0.05,
        extractor="pixels",
        floor=None if floor is None else make_floor(floor, 0.05),
        note=note,
    )
    finding = judge_copies(row, n=200, n_shared=shared)
    return finding.headline, finding.level, finding.sentence


def test_look_alikes_are_held_against_held_out_images() -> None:
    headline, level, sentence = copies(0.3)
    assert (headline, level) == ("More look-alikes than by chance", "concern")
    assert sentence.startswith("70 % [65 %, 75 %] look like a training image (pixels)")
    assert "of held-out real images, 40 % [35 %, 45 %] do by chance" in sentence
    for value in (0.55, 0.6, 0.9):
        headline, level, sentence = copies(value)
        assert (headline, level) == ("No more look-alikes than by chance", "clear")
        assert "no proof of privacy" in sentence


def test_few_images_say_little_of_privacy() -> None:
    row = make_row("privacy", 0.9, 0.3, n_synthetic=11, floor=make_floor(0.6, 0.05))
    assert "only large differences" in judge_copies(row, n=11, n_shared=0).sentence
    assert "only large differences" not in copies(0.9)[2]


def test_without_a_held_out_set_look_alikes_cannot_be_judged() -> None:
    headline, level, sentence = copies(0.3, floor=None)
    assert (headline, level) == ("Cannot be judged", "open")
    assert "without a held-out set" in sentence


@pytest.mark.parametrize("floor", [0.6, None])
def test_pixel_equal_pictures_are_a_concern_in_any_case(floor: float | None) -> None:
    headline, level, sentence = copies(0.9, floor=floor, shared=7)
    assert (headline, level) == ("Holds training images", "concern")
    assert sentence.startswith("7 of 200 pictures stand in the real set pixel for pixel.")


def test_a_note_on_the_copy_set_is_passed_on() -> None:
    assert "The copy set was widened." in copies(0.3, note="The copy set was widened.")[2]


def test_answers_of_a_whole_audit() -> None:
    answers = {answer.name: answer for answer in find_answers(build_result().summary)}
    collapsed = answers["collapsed"]
    assert collapsed.fidelity.headline == "Told from real"
    assert collapsed.variety.headline == "Looks collapsed"
    assert collapsed.privacy.headline == "Holds training images"
    assert "3 of 200" in collapsed.privacy.sentence
    diffusion = answers["diffusion 512"]
    assert [f.level for f in (diffusion.fidelity, diffusion.variety, diffusion.privacy)] == ["clear"] * 3


def test_summary_names_the_sets_of_concern() -> None:
    sentences = dict(summarise_answers(find_answers(build_result().summary)))
    assert sentences["Fidelity"] == (
        f"3 of 4 synthetic sets are told from real images: StyleGAN2, collapsed, {HOSTILE}."
    )
    assert sentences["Privacy"] == "1 of 4 synthetic sets is suspected of holding copies: collapsed."


def test_nothing_measured_is_left_open() -> None:
    (answer,) = find_answers(make_summary([make_row("variety", None, extractor=None, note="One set.")]))
    assert {answer.fidelity.level, answer.variety.level, answer.privacy.level} == {"open"}
    assert all("cannot be judged" in sentence for _, sentence in summarise_answers([answer]))


def test_extractors_that_disagree_are_counted() -> None:
    told, untold = distance(46, 60), distance(38, 60).model_copy(update={"extractor": "random-conv"})
    (answer,) = find_answers(make_summary([told, untold]))
    assert answer.fidelity.headline == "Told from real by 1 of 2 extractors"
    assert "(texture)" in answer.fidelity.sentence
    assert "(random-conv)" in answer.fidelity.sentence


def test_copies_are_read_from_the_extractor_that_was_chosen_for_them() -> None:
    floor = make_floor(0.6, 0.05)
    rows = [
        make_row("privacy", 0.1, 0.05, extractor="inception-fid", floor=floor),
        make_row("privacy", 0.6, 0.05, extractor="pixels", floor=floor),
    ]
    (answer,) = find_answers(make_summary(rows))
    assert answer.privacy.level == "clear"
    assert "inception-fid" not in answer.privacy.sentence


def test_only_pictures_shared_with_the_real_set_count_as_copies() -> None:
    row = make_row("privacy", 0.6, 0.05, extractor="pixels", floor=make_floor(0.6, 0.05))
    summary = make_summary(
        [row],
        sets=(make_set("real", "real"), make_set("synthetic", "one")),
        shared=(Duplicates(members=("heldout/a.png", "one/a.png"), same_bytes=True),),
    )
    (answer,) = find_answers(summary)
    assert answer.privacy.level == "clear"
