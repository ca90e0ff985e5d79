"""Which metric sees which planted fault. Every faulty set shares its films with `fresh`, so the fault decides."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from core.audit.result import AuditResult, MetricRow
from core.report.findings import find_answers

FAULTY = ("copies", "collapsed", "blurred", "marker-inherited", "marker-free")
EXTRACTOR = {
    "fidelity": "pixels",
    "privacy": "pixels",
    "precision_privacy": "pixels",
    "authenticity": "pixels",
    "flagged": "pixels",
    "flag_excess": "pixels",
    "repeated": "pixels",
    "copy_excess": "pixels",
    "membership_auc": "pixels",
    "membership_power": "pixels",
    "ct_score": "pixels",
}
WHOLE_SETS_ONLY = {
    "flag_excess", "repeated", "copy_excess", "membership_auc", "membership_power", "ct_score",
    "bias_inheritance",
}  # fmt: skip
PICTURES = {"variety", "mean_image_png_bytes", "mean_image_ljpeg_bytes", "ms_ssim", "bias_inheritance"}


class Numbers:
    """Look-up of whole-set rows."""

    def __init__(self, result: AuditResult) -> None:
        self._rows = {
            (row.synthetic, row.metric): row for row in result.summary.results if row.class_name is None
        }

    def row(self, synthetic: str, metric: str) -> MetricRow:
        return self._rows[synthetic, metric]

    def value(self, synthetic: str, metric: str) -> float:
        value = self.row(synthetic, metric).value
        assert value is not None
        return value


@pytest.fixture(scope="module")
def numbers(demo_result: AuditResult) -> Numbers:
    return Numbers(demo_result)


def apart(lower: MetricRow, higher: MetricRow) -> bool:
    """Whether two intervals do not touch, the first below the second."""
    assert lower.high is not None
    assert higher.low is not None
    return lower.high < higher.low


def test_a_fresh_draw_lies_at_the_floor(numbers: Numbers) -> None:
    fd = numbers.row("fresh", "fd")
    assert fd.floor_detail is not None
    assert fd.floor_detail.kind == "heldout"
    assert fd.floor_detail.n == 120
    # At the same number of images a side, the fresh draw cannot be told from held-out real films.
    assert fd.floor_detail.value_at_n_low is not None
    assert fd.floor_detail.high is not None
    assert fd.floor_detail.value_at_n_low < fd.floor_detail.high
    kid = numbers.row("fresh", "kid")
    assert kid.low is not None
    assert kid.high is not None
    assert kid.low < 0 < kid.high
    for metric in ("precision", "recall", "coverage"):
        assert numbers.value("fresh", metric) > 0.85, metric


def test_fresh_films_fall_into_the_copy_set_as_often_as_heldout_ones(numbers: Numbers) -> None:
    privacy = numbers.row("fresh", "privacy")
    assert privacy.extractor == "pixels"
    assert privacy.low is not None
    assert privacy.high is not None
    assert privacy.floor is not None
    # The raw score of an innocent generator is far below 1: that is why its floor stands beside it.
    assert privacy.floor < 0.8
    assert privacy.floor_detail is not None
    assert privacy.floor_detail.low is not None
    assert privacy.floor_detail.high is not None
    assert privacy.low < privacy.floor_detail.high
    assert privacy.high > privacy.floor_detail.low


@pytest.mark.parametrize("fault", ["collapsed", "blurred", "marker-free"])
def test_the_frechet_distance_sees_what_changes_the_look(numbers: Numbers, fault: str) -> None:
    assert apart(numbers.row("fresh", "fd"), numbers.row(fault, "fd"))
    assert numbers.value(fault, "kid") > numbers.value("fresh", "kid")
    detail = numbers.row(fault, "fd").floor_detail
    assert detail is not None
    assert detail.high is not None
    assert detail.value_at_n_low is not None
    assert detail.value_at_n_low > detail.high


def test_collapse_keeps_precision_and_loses_recall_and_variety(numbers: Numbers) -> None:
    assert numbers.value("collapsed", "precision") > 0.7
    assert apart(numbers.row("collapsed", "recall"), numbers.row("fresh", "recall"))
    assert numbers.value("collapsed", "recall") < 0.1
    assert apart(numbers.row("collapsed", "coverage"), numbers.row("fresh", "coverage"))
    assert apart(numbers.row("collapsed", "feature_std"), numbers.row("fresh", "feature_std"))
    assert numbers.value("collapsed", "variety") == 0
    assert numbers.value("collapsed", "mean_image_ljpeg_bytes") > numbers.value(
        "fresh", "mean_image_ljpeg_bytes"
    )


def test_blur_loses_precision(numbers: Numbers) -> None:
    assert apart(numbers.row("blurred", "precision"), numbers.row("fresh", "precision"))
    assert apart(numbers.row("blurred", "density"), numbers.row("fresh", "density"))
    assert numbers.value("blurred", "precision") < 0.5


def test_leaving_the_marker_out_moves_the_distance(numbers: Numbers) -> None:
    # The two sets are the same films but for the "R" of the normal ones.
    assert apart(numbers.row("marker-inherited", "fd"), numbers.row("marker-free", "fd"))
    assert numbers.value("marker-inherited", "recall") > numbers.value("marker-free", "recall")


def test_all_sets_but_the_one_without_it_inherit_the_marker(
    numbers: Numbers, demo_result: AuditResult
) -> None:
    for name in ("fresh", "copies", "collapsed", "blurred", "marker-inherited"):
        row = numbers.row(name, "bias_inheritance")
        assert row.low is not None
        assert row.low > 0.8, name
        assert "Most suspect place: upper left (x 0 to" in row.note
    free = numbers.row("marker-free", "bias_inheritance")
    assert free.high is not None
    assert free.high < 0.3
    # Real images of other patients carry the marker as well: the real set's shortcut, not a generator's.
    assert free.floor is not None
    assert free.floor == pytest.approx(1, abs=0.1)
    found = {one.name: one.bias for one in find_answers(demo_result.summary)}
    assert {name for name, bias in found.items() if bias is not None and bias.level == "clear"} == {
        "marker-free"
    }


def test_every_copy_is_found_with_the_right_film(demo_result: AuditResult, demo_truth: Path) -> None:
    truth = pd.read_csv(demo_truth, keep_default_na=False)
    planted = truth[truth.fault == "copy"]
    assert len(planted) == 12
    mirrored = planted["transform"].str.contains("flip")
    assert mirrored.sum() == 6
    copies = demo_result.copies
    found = copies[(copies.synthetic == "copies") & (copies.extractor == "pixels")].set_index(
        "synthetic_item"
    )
    for copy, is_mirrored in zip(planted.itertuples(), mirrored, strict=True):
        row = found.loc[copy.item]
        assert (row["nearest_real"], row["distance"], row["rho"]) == (copy.source, 0.0, 0.0)
        assert row["transform"] == ("mirrored left-right" if is_mirrored else "as is")
        assert row["pixel_agreement"] == 1.0
        assert row["flagged"]
        # By the uncalibrated rule, which knows no mirror, only the plain ones are sure to be seen.
        assert row["set"] == "copy" or is_mirrored
    others = found.drop(index=planted.item)
    assert (others.distance > 0.4).all()
    assert others.flagged.sum() <= 4


def test_only_the_copies_and_the_collapsed_set_are_found_to_hold_copies(demo_result: AuditResult) -> None:
    found = {one.name: one.privacy for one in find_answers(demo_result.summary)}
    assert found["copies"].headline == "Holds copies of training images"
    assert "12 of 120" in found["copies"].sentence
    assert found["fresh"].level == found["marker-inherited"].level == "clear"


def test_the_excess_estimates_the_share_of_copies(numbers: Numbers) -> None:
    copies, fresh = numbers.row("copies", "flag_excess"), numbers.row("fresh", "flag_excess")
    assert copies.low <= 0.1 <= copies.high
    assert copies.low > 0
    assert fresh.low <= 0 <= fresh.high
    assert numbers.value("copies", "repeated") == 0.1
    assert numbers.value("fresh", "repeated") == 0.0


def test_exact_copies_are_reported_as_shared_with_the_real_set(demo_result: AuditResult) -> None:
    members = [
        record.members
        for record in demo_result.summary.shared
        if any(member.startswith("real/") for member in record.members)
    ]
    assert len(members) == 6
    assert all(any(member.startswith("copies/") for member in group) for group in members)
    assert any("'copies' is not separate: 6 pictures" in warning for warning in demo_result.summary.warnings)


def test_copies_lower_privacy_against_the_same_draw_without_them(numbers: Numbers) -> None:
    # Half of all fresh films fall into the copy set by chance, so 5 % of copies move the raw score little.
    assert numbers.value("copies", "privacy") <= numbers.value("fresh", "privacy")
    assert numbers.value("copies", "authenticity") < numbers.value("fresh", "authenticity")


@pytest.mark.parametrize("fault", FAULTY)
def test_every_set_has_every_number_whole_and_per_class(demo_result: AuditResult, fault: str) -> None:
    rows = [row for row in demo_result.summary.results if row.synthetic == fault]
    expected = {
        "fd", "fd_infinity", "kid", "precision", "recall", "density", "coverage", "feature_std", "fidelity",
        "privacy", "precision_privacy", "authenticity", "vendi_score", "flagged",
        *PICTURES - WHOLE_SETS_ONLY,
    }  # fmt: skip
    for label in (None, "normal", "pneumonia"):
        more = WHOLE_SETS_ONLY if label is None else set()
        assert {row.metric for row in rows if row.class_name == label} == expected | more
    for row in rows:
        assert row.extractor == (None if row.metric in PICTURES else EXTRACTOR.get(row.metric, "texture"))
        assert (row.low is not None and row.high is not None) or row.note
