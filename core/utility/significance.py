"""Whether an arm is better than its baseline: over repeats, and image by image."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

__all__ = [
    "ALPHA",
    "PairedChange",
    "compare_answers",
    "compare_repeats",
    "correct_holm",
    "explain_draws",
    "explain_repeats",
    "find_fewest_repeats",
    "find_smallest_p",
    "student_interval",
]

ALPHA: Final = 0.05
_FEW: Final = 25
# Scores are ratios of counts: differences below this are rounding.
_TIE: Final = 1e-9
# Two draws of half of the images share half of them: what one repeat sees tells little of the next.
_FRESH_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class PairedChange:
    """The mean change over repeats.

    Attributes:
        mean: of the differences.
        low: lower end of its 95 % paired Student interval, or None with a single repeat.
        high: upper end.
        p: two-sided exact p-value of Wilcoxon's signed-rank test, or None with a single repeat.
    """

    mean: float
    low: float | None
    high: float | None
    p: float | None


def compare_repeats(changes: Sequence[float]) -> PairedChange:
    """Test whether differences between paired repeats lie around 0.

    The repeats differ by split, initial weights and order of images; what they say holds for these sets of
    images, not for other patients.

    Args:
        changes: arm minus baseline of each repeat.

    References:
        Wilcoxon, Individual comparisons by ranking methods, Biometrics Bulletin 1945; differences of 0 are
        left out, as there.
    """
    if len(changes) < 2:
        return PairedChange(float(changes[0]), None, None, None)
    low, high = student_interval(changes)
    return PairedChange(float(np.mean(changes)), low, high, _signed_rank(changes))


def student_interval(values: Sequence[float]) -> tuple[float, float]:
    """95 % Student interval of the mean of at least two independent values."""
    from scipy import stats

    sample = np.asarray(values, dtype=np.float64)
    half = float(stats.t.ppf(0.975, len(sample) - 1) * sample.std(ddof=1) / math.sqrt(len(sample)))
    return float(sample.mean()) - half, float(sample.mean()) + half


def _signed_rank(changes: Sequence[float]) -> float:
    """Exact two-sided p-value, also with ties, from the distribution over all signs of the differences."""
    from scipy import stats

    sizes = np.abs(np.asarray(changes, dtype=np.float64))
    kept = sizes > _TIE
    if not kept.any():
        return 1.0
    # Equal differences must tie however they were rounded; twice a mid-rank is a whole number.
    ranks = np.rint(2 * stats.rankdata(np.round(sizes[kept] / _TIE))).astype(np.int64)
    positive = int(ranks[np.asarray(changes)[kept] > 0].sum())
    ways = np.zeros(int(ranks.sum()) + 1)
    ways[0] = 1.0
    for rank in ranks:
        ways[rank:] += ways[:-rank].copy()
    ways /= ways.sum()
    return float(min(1.0, 2 * min(ways[: positive + 1].sum(), ways[positive:].sum())))


def compare_answers(gained: int, lost: int) -> tuple[float, Literal["exact", "chi-square"]]:
    """Test by McNemar whether two classifiers are right equally often on the same images.

    Args:
        gained: images that the first gets right and the second wrong.
        lost: the reverse.

    Returns:
        The two-sided p-value; exact where fewer than 25 images differ, else by chi-square with continuity
        correction.

    References:
        McNemar, Psychometrika 1947; Edwards, Psychometrika 1948, for the correction.
    """
    from scipy import stats

    differing = gained + lost
    if differing == 0:
        return 1.0, "exact"
    if differing < _FEW:
        return float(stats.binomtest(gained, differing, 0.5).pvalue), "exact"
    statistic = max(abs(gained - lost) - 1, 0) ** 2 / differing
    return float(stats.chi2.sf(statistic, 1)), "chi-square"


def correct_holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Correct p-values for their number, in the order given.

    References:
        Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics
        1979.
    """
    corrected = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = largest
    return tuple(corrected)


def find_smallest_p(n_repeats: int) -> float:
    """Smallest two-sided p-value that a signed-rank test of so many repeats can give."""
    return float(min(1.0, 2.0 ** (1 - n_repeats)))


def find_fewest_repeats(n_comparisons: int = 1) -> int:
    """Fewest repeats with which one of so many comparisons can reach p < 0.05 after Holm's correction."""
    return next(n for n in range(1, 100) if n_comparisons * find_smallest_p(n) < ALPHA)


def explain_repeats(n_repeats: int, n_comparisons: int) -> str:
    """Say that there are too few repeats for any change to be significant; empty where there are enough.

    Args:
        n_repeats: repeats of each arm.
        n_comparisons: arms held against one baseline.
    """
    smallest = find_smallest_p(n_repeats)
    repeats = "1 repeat" if n_repeats == 1 else f"{n_repeats} repeats"
    if smallest >= ALPHA:
        text = (
            f"With {repeats} the smallest p-value that a signed-rank test can give is {smallest:.4g}, so no "
            f"change can reach p < {ALPHA}; {find_fewest_repeats()} repeats are the fewest that can"
        )
        if n_comparisons > 1:
            text += (
                f", and {find_fewest_repeats(n_comparisons)} after correction for {n_comparisons} comparisons"
            )
        return f"{text}."
    if n_comparisons * smallest >= ALPHA:
        return (
            f"With {repeats} no change can reach p < {ALPHA} after correction for {n_comparisons} "
            f"comparisons; {find_fewest_repeats(n_comparisons)} repeats are the fewest that can."
        )
    return ""


def explain_draws(taken: Mapping[str, int], available: Mapping[str, int], *, whole: bool = False) -> str:
    """Say of which synthetic sets repeats see nearly the same images; empty where they draw afresh.

    Repeats that share most of a set's images cannot show how far another sample of the same generator would
    differ: two samples of one generator may then differ with intervals apart.

    Args:
        taken: synthetic set to the most of its images that one training takes.
        available: synthetic set to the images that it has.
        whole: whether trainings take a set whole however large it is, so that no draw can be fresh.
    """
    fixed = [name for name, n in taken.items() if n > _FRESH_SHARE * available[name]]
    if not fixed:
        return ""
    counts = ", ".join(f"{taken[name]:,} of {available[name]:,} of {name}" for name in fixed)
    if whole:
        return (
            f"Pretraining takes {counts}, the same in every repeat: intervals and p-values speak of these "
            "very images, and other images of the same generator may differ by more; only a second set of "
            "it tells how much."
        )
    return (
        f"A training takes {counts}: intervals and p-values speak of these very images, and other images of "
        "the same generator may differ by more. Twice as many images as a training takes, or a smaller "
        "ratio, would count that in."
    )
