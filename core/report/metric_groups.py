"""Which question each metric answers, in the order in which tables ask them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from core.metrics.catalogue import METRICS
from core.metrics.metric_facts import Direction, MetricFacts

__all__ = ["AIMS", "AIMS_AT_FLOOR", "AIMS_AT_REAL", "GROUPS", "GROUP_SENTENCES", "find_aim", "find_facts"]

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Fidelity": (
        "fid",
        "fd",
        "fid_infinity",
        "fd_infinity",
        "kid",
        "mm_fid",
        "precision",
        "density",
        "fidelity",
        "inception_score",
        "fir",
    ),
    "Variety": (
        "recall",
        "coverage",
        "feature_std",
        "vendi_score",
        "ms_ssim",
        "mm_std",
        "variety",
        "mean_image_ljpeg_bytes",
        "mean_image_png_bytes",
    ),
    "Privacy": (
        "flagged",
        "flag_excess",
        "repeated",
        "copy_excess",
        "membership_auc",
        "membership_power",
        "ct_score",
        "privacy",
        "precision_privacy",
        "authenticity",
    ),
    "Bias": ("bias_inheritance",),
}
# Crowding raises density (Naeem et al. 2020), noise looks like variety, and people call real images fake.
AIMS_AT_REAL = frozenset({"density", "feature_std", "vendi_score", "ms_ssim", "fir"})
"""Metrics that are best where real images are: to go beyond them is no better."""

AIMS: Mapping[str, float] = {
    "kid": 0.0,
    "flag_excess": 0.0,
    "copy_excess": 0.0,
    "membership_auc": 0.5,
    "bias_inheritance": 0.0,
}
"""The number at which a metric is best: what lies beyond it is no better."""

AIMS_AT_FLOOR = frozenset({"fd", "fid"})
"""Metrics that are best at their floor: nearer than real images are to each other is no better."""

GROUP_SENTENCES = {
    "Fidelity": "Do the synthetic images look like real ones?",
    "Variety": "Do they differ from each other as much as real ones do?",
    "Privacy": "Do they keep a distance from the training images?",
    "Bias": "Do they carry what may be a shortcut in the real images?",
    "Other": "Further numbers.",
}


def find_facts(metric: str) -> MetricFacts:
    """Facts of a metric; one that the catalogue does not hold is shown by its id alone."""
    if metric in METRICS:
        return METRICS[metric]
    return MetricFacts(metric, metric, "", "", Direction.NONE, "", "", low=-math.inf, high=math.inf, unit="")


def find_aim(metric: str, floor: float | None) -> float | None:
    """Number beyond which a metric gets no better in its direction, or None where it has none.

    Args:
        metric: id in the catalogue.
        floor: what real images score at the same number of images, or None where that is not known.
    """
    return floor if metric in AIMS_AT_FLOOR else AIMS.get(metric)
