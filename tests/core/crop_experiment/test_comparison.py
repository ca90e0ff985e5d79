"""Changes are paired by repeat, corrected within a way of using a set, and MOVER puts intervals together."""

from __future__ import annotations

import math

import pytest

from core.audit.result import AuditSummary, MetricRow, ProtocolRecord
from core.crop_experiment.comparison import compare_audits, compare_utilities, warn_of_repeats
from core.utility.arms import Arm
from core.utility.significance import student_interval
from tests.core.crop_experiment.films import summarise

ARMS = (
    Arm("none", "Real images alone"),
    Arm("alone:gan", "gan without real images", real=0.0, synthetic="gan", ratio=1.0, baselines=("none",)),
    Arm("alone:ddpm", "ddpm without real images", real=0.0, synthetic="ddpm", ratio=1.0, baselines=("none",)),
)
BEFORE = {"none": [0.9] * 8, "alone:gan": [0.8] * 8, "alone:ddpm": [0.7] * 8}
FALL = [0.11, 0.12, 0.13, 0.14, 0.15, 0.16, 0.17, 0.18]


def metric(value: float | None, low: float | None, high: float | None, name: str = "precision") -> MetricRow:
    return MetricRow(
        synthetic="gan", extractor="pixels", class_name=None, metric=name, value=value, low=low, high=high,
        n_real=9, n_synthetic=8,
    )  # fmt: skip


def audit(*rows: MetricRow) -> AuditSummary:
    protocol = ProtocolRecord(
        choices={},
        extractors=(),
        intensity="",
        mean_image_size=None,
        metric_versions={},
        software={},
        device="",
    )
    when = "2026-01-01T00:00:00Z"
    return AuditSummary.model_validate(
        {"protocol": protocol, "sets": (), "results": rows, "started": when, "seconds": 1}
    )


def test_a_fall_is_told_by_repeat_and_corrected_for_the_sets() -> None:
    after = BEFORE | {
        "alone:gan": [0.8 - fall for fall in FALL],
        "none": [0.9 - 0.1] * 8,
        "alone:ddpm": [0.7 + 0.01 * (-1) ** at for at in range(8)],
    }
    found = {
        (one.arm, one.baseline): one
        for one in compare_utilities(summarise(BEFORE, ARMS), summarise(after, ARMS))
    }
    fell, gain = found["alone:gan", None], found["alone:gan", "none"]
    assert fell.change == pytest.approx(-0.145)
    assert (fell.low, fell.high) == pytest.approx(student_interval([-one for one in FALL]))
    assert (fell.before, fell.after) == pytest.approx((0.8, 0.655))
    # All 8 repeats fall: 2 of 256 sign patterns; two sets are used in this way.
    assert fell.p == pytest.approx(2 / 256)
    assert fell.p_holm == pytest.approx(4 / 256)
    assert found["alone:ddpm", None].p_holm == 1
    # Real images alone are a family of one.
    assert found["none", None].p == found["none", None].p_holm == pytest.approx(2 / 256)
    assert gain.before == pytest.approx(-0.1)
    assert gain.after == pytest.approx(-0.145)
    assert gain.change == pytest.approx(-0.045)
    assert (fell.family, gain.family, found["alone:ddpm", None].family) == ("alone",) * 3


def test_nothing_changed_is_nothing_found() -> None:
    for one in compare_utilities(summarise(BEFORE, ARMS), summarise(BEFORE, ARMS)):
        assert (one.change, one.p, one.p_holm) == (0, 1, 1)


def test_one_repeat_has_no_interval_and_says_so() -> None:
    once = {arm: values[:1] for arm, values in BEFORE.items()}
    changes = compare_utilities(summarise(once, ARMS), summarise(once, ARMS))
    assert all((one.low, one.p, one.p_holm, one.before_low) == (None,) * 4 for one in changes)
    assert "6 repeats are the fewest" in warn_of_repeats(changes)
    full = compare_utilities(summarise(BEFORE, ARMS), summarise(BEFORE, ARMS))
    assert warn_of_repeats(full) == ""


def test_other_repeats_cannot_be_compared() -> None:
    fewer = {arm: values[:7] for arm, values in BEFORE.items()}
    with pytest.raises(ValueError, match="same arms"):
        compare_utilities(summarise(BEFORE, ARMS), summarise(fewer, ARMS))


def test_metrics_change_with_an_interval_of_both() -> None:
    before = audit(metric(0.5, 0.4, 0.7), metric(3.0, None, None, "fd"), metric(None, None, None, "kid"))
    after = audit(metric(0.8, 0.6, 0.9), metric(2.0, None, None, "fd"), metric(0.1, 0.0, 0.2, "kid"))
    precision, fd, kid = compare_audits(before, after)
    assert precision.change == pytest.approx(0.3)
    assert precision.low == pytest.approx(0.3 - math.hypot(0.2, 0.2))
    assert precision.high == pytest.approx(0.3 + math.hypot(0.1, 0.1))
    assert (precision.direction, fd.direction) == ("higher", "lower")
    assert (fd.change, fd.low) == (-1, None)
    assert (kid.before, kid.after, kid.change) == (None, 0.1, None)


def test_metrics_of_one_audit_alone_are_left_out() -> None:
    assert compare_audits(audit(metric(0.5, 0.4, 0.7)), audit()) == ()
