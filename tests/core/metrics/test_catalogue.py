"""Facts about metrics: complete, readable, and in agreement with what the metrics do."""

from __future__ import annotations

import math

import pytest

from core.metrics.catalogue import METRICS, Direction, MetricFacts, Scope

# The metric ids that result files promise.
IDS = [
    "fd",
    "fid",
    "fd_infinity",
    "fid_infinity",
    "kid",
    "inception_score",
    "fir",
    "precision",
    "recall",
    "density",
    "coverage",
    "fidelity",
    "privacy",
    "precision_privacy",
    "feature_std",
    "vendi_score",
    "ms_ssim",
    "mean_image_png_bytes",
    "mean_image_ljpeg_bytes",
    "variety",
    "mm_fid",
    "mm_std",
    "authenticity",
    "flagged",
    "flag_excess",
    "repeated",
    "copy_excess",
    "membership_auc",
    "membership_power",
    "ct_score",
    "bias_inheritance",
]


def test_every_promised_metric_and_no_other() -> None:
    assert sorted(METRICS) == sorted(IDS)


@pytest.mark.parametrize("facts", METRICS.values(), ids=METRICS.keys())
def test_facts_are_complete(facts: MetricFacts) -> None:
    assert METRICS[facts.id] is facts
    for text in (facts.sentence, facts.definition):
        assert text[0].isupper() or text.startswith(("|", "exp", "1 -")), text
        assert text.endswith(".") and text.count(". ") == 0, "one sentence"
        assert "  " not in text
    assert facts.name and facts.paper and facts.interval
    assert any(year in facts.paper for year in map(str, range(2015, 2030)))
    assert facts.low < facts.high
    assert isinstance(facts.direction, Direction) and isinstance(facts.scope, Scope)
    assert facts.version >= 1


def test_names_are_unique() -> None:
    assert len({facts.name for facts in METRICS.values()}) == len(METRICS)


def test_shares_run_from_0_to_1_and_distances_are_better_low() -> None:
    for facts in METRICS.values():
        if facts.unit == "share":
            assert (facts.low, facts.high) == (0.0, 1.0)
            better_low = facts.id in {"fir", "flagged", "repeated", "membership_power"}
            assert facts.direction is (Direction.LOWER if better_low else Direction.HIGHER)
    for name in ("fd", "fid", "fid_infinity", "kid", "mm_fid"):
        assert METRICS[name].direction is Direction.LOWER
    assert METRICS["kid"].low == -math.inf


def test_privacy_warns_of_its_base_rate() -> None:
    assert "held-out" in METRICS["privacy"].sentence
