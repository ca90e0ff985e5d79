"""From one set's numbers on one question to an honest sentence: what they show, and what they do not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from core.audit.result import Floor, MetricRow
from core.report.metric_groups import find_facts
from core.report.numbers import format_count, format_interval, format_share, format_value, typeset

__all__ = [
    "FEW_IMAGES",
    "LITTLE",
    "Finding",
    "compute_expected_coverage",
    "judge_copies",
    "judge_distance",
    "judge_spread",
]

LITTLE = 0.5
"""Rule of thumb: less than this share of what fresh real images would give counts as little."""

FEW_IMAGES = 50
"""Rule of thumb: with fewer images a side, only large differences can be seen."""

_FEW = f"With fewer than {FEW_IMAGES} images only large differences show."
_REAL_SIDE = {
    "heldout": "held-out real images",
    "halves": "two parts of the real set",
    "left-out": "training images left out one at a time",
    "real": "the real set",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer.

    Attributes:
        headline: a few words.
        sentence: the numbers behind it and what they do not show.
        level: concern; clear, where nothing was found; open, where it cannot be judged.
    """

    headline: str
    sentence: str
    level: Literal["concern", "clear", "open"]


def judge_distance(row: MetricRow) -> Finding:
    """Tell from a Fréchet distance and its floor at equal size whether a set is told from real images.

    Args:
        row: `fid` or `fd` with a value.
    """
    floor = row.floor_detail
    name = f"{find_facts(row.metric).name} ({row.extractor})"
    if floor is None or floor.value_at_n is None:
        number = _number(row.value, row.low, row.high)
        return Finding(
            "Cannot be judged", f"{name} {number}; no floor could be measured to hold it against.", "open"
        )
    evidence = (
        f"{name} at {format_count(floor.n)} images a side: "
        f"{_number(floor.value_at_n, floor.value_at_n_low, floor.value_at_n_high)}; "
        f"{_REAL_SIDE[floor.kind]} score {_number(floor.value, floor.low, floor.high)}."
    )
    if (
        floor.value_at_n_low is None
        or floor.value_at_n_high is None
        or floor.low is None
        or floor.high is None
    ):
        return Finding(
            "Cannot be judged", f"{evidence} Without intervals their difference means little.", "open"
        )
    if floor.value_at_n_low > floor.high:
        return Finding("Told from real", evidence, "concern")
    few = f" {_FEW}" if floor.n < FEW_IMAGES else ""
    if floor.value_at_n_high < floor.low:
        return Finding(
            "Nearer than fresh real images are",
            f"{evidence} A set that is nearer to the training images than other real images may repeat "
            f"them.{few}",
            "concern",
        )
    return Finding(
        "Not told from real",
        f"{evidence} The intervals overlap: no difference is found, which does not show that there is "
        f"none.{few}",
        "clear",
    )


def compute_expected_coverage(*, n_real: int, n_synthetic: int, nearest_k: int) -> float:
    """Coverage that a fresh draw of independent real images would have on average.

    References:
        Naeem et al., Reliable fidelity and diversity metrics for generative models, ICML 2020:
        the expected coverage of identical distributions.
    """
    missed = 1.0
    for step in range(1, nearest_k + 1):
        missed *= max(n_real - step, 0) / (n_real + n_synthetic - step)
    return 1.0 - missed


def judge_spread(
    *,
    coverage: MetricRow,
    precision: MetricRow | None,
    feature_std: MetricRow | None,
    nearest_k: int | None,
    n_repeated: int,
) -> Finding:
    """Tell from coverage, precision and feature STD of one extractor whether a set looks collapsed.

    Low coverage alone does not tell a collapsed set from one whose images lie away from all real ones;
    precision and the spread of the features do.

    Args:
        coverage: with a value.
        precision: of the same set, or None.
        feature_std: of the same set, or None; its floor is the real set's own spread.
        nearest_k: k of coverage, or None where it is not known.
        n_repeated: images of the set that repeat another one pixel for pixel.
    """
    assert coverage.value is not None
    expected = (
        1.0
        if nearest_k is None
        else compute_expected_coverage(
            n_real=coverage.n_real, n_synthetic=coverage.n_synthetic, nearest_k=nearest_k
        )
    )
    cover = typeset(format_share(coverage.value, coverage.low, coverage.high))
    parts = [f"It reaches {cover} of the real images ({coverage.extractor})"]
    if nearest_k is not None:
        parts[0] += f"; as many fresh real images would reach about {100 * expected:.0f} %"
    parts[0] += "."
    narrow, narrower = False, True
    if feature_std is not None and feature_std.value is not None and feature_std.floor is not None:
        number = _number(feature_std.value, feature_std.low, feature_std.high)
        parts.append(
            f"Its features vary by {number}, the real ones by {_number(feature_std.floor, None, None)}."
        )
        upper = feature_std.value if feature_std.high is None else feature_std.high
        narrow, narrower = upper < LITTLE * feature_std.floor, upper < feature_std.floor
    if n_repeated:
        parts.append(f"{format_count(n_repeated)} of its images repeat another one of it pixel for pixel.")
    upper = coverage.value if coverage.high is None else coverage.high
    little = upper < LITTLE * expected
    near = precision is not None and _is_near_real(precision)
    if narrow or (little and near and narrower):
        return Finding("Looks collapsed", " ".join(parts), "concern")
    if little:
        parts.append(
            "Its images lie near real ones, but near the same few."
            if near
            else "Few of its images lie near real ones, so this may be a want of fidelity, not collapse."
        )
        return Finding("Misses most of the real variety", " ".join(parts), "concern")
    headline = "No collapse seen, yet less than real variety" if upper < expected else "No collapse seen"
    return Finding(headline, " ".join(parts), "clear")


def judge_copies(row: MetricRow, *, n: int, n_shared: int) -> Finding:
    """Tell from privacy and its held-out floor whether more images look like copies than chance gives.

    Args:
        row: `privacy` with a value.
        n: images of the synthetic set.
        n_shared: of these, pictures that stand in the real set pixel for pixel.
    """
    assert row.value is not None
    share = _look_alike(row.value, row.low, row.high)
    parts = []
    if n_shared:
        parts.append(
            f"{format_count(n_shared)} of {format_count(n)} pictures stand in the real set pixel for pixel."
        )
    parts.append(f"{share} look like a training image ({row.extractor})")
    floor = row.floor_detail
    if floor is None:
        parts[-1] += "; without a held-out set it is not known how many fresh real images would."
        if n_shared:
            return Finding("Holds training images", " ".join(parts), "concern")
        return Finding("Cannot be judged", " ".join(parts), "open")
    parts[-1] += f"; of held-out real images, {_look_alike(floor.value, floor.low, floor.high)} do by chance."
    if row.note:
        parts.append(row.note)
    more = row.high is not None and floor.low is not None and row.high < floor.low
    if n_shared:
        return Finding("Holds training images", " ".join(parts), "concern")
    if more:
        return Finding("More look-alikes than by chance", " ".join(parts), "concern")
    if row.high is None or floor.low is None:
        return Finding("Cannot be judged", " ".join(parts), "open")
    parts.append("That is no proof of privacy: single, flipped or cropped copies can hide in it.")
    if row.n_synthetic < FEW_IMAGES:
        parts.append(_FEW)
    return Finding("No more look-alikes than by chance", " ".join(parts), "clear")


def _number(value: float | None, low: float | None, high: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "undefined"
    return typeset(f"{format_value(value, low, high)} {format_interval(value, low, high)}".strip())


def _look_alike(privacy: float, low: float | None, high: float | None) -> str:
    """Privacy as the share of images in the copy set."""
    ends = (None, None) if low is None or high is None else (1 - high, 1 - low)
    return typeset(format_share(1 - privacy, *ends))


def _is_near_real(precision: MetricRow) -> bool:
    """Whether the images lie about as often near real ones as other real images do."""
    floor: Floor | None = precision.floor_detail
    reference = 1.0 if floor is None else floor.value
    return precision.value is not None and precision.value >= LITTLE * reference
