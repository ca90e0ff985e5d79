"""Whether the fakes of one synthetic set are recognised more often than those of another."""

from __future__ import annotations

from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from core.rating.answer_table import AnswerTable
from core.rating.crossed_variance import compute_crossed_variance
from core.rating.measured import Measured
from core.rating.rater_bootstrap import RaterBootstrap

__all__ = ["ALPHA", "SetComparison", "compare_sets", "find_smallest_p"]

ALPHA: Final = 0.05
_N_DRAWN: Final = 9_999
# Images of all permutations in memory at a time.
_MOST_AT_ONCE: Final = 1_000_000
# Rates are ratios of counts: differences below this are rounding.
_TIE: Final = 9


class SetComparison(BaseModel):
    """The difference of two sets' fake identification rates.

    Attributes:
        first: one set.
        second: the other.
        difference: first minus second, -1 to 1: positive where the first one's fakes are recognised more
            often, that is, where the second looks more real.
        n_raters: raters who saw both.
        p: two-sided p-value of Wilcoxon's signed-rank test over raters' differences, for other raters; None
            with fewer than two.
        p_holm: corrected for all compared pairs of sets.
        p_images: two-sided p-value of a permutation of the two sets' images, for these raters and other
            images.
        p_images_holm: corrected likewise.
        note: one sentence where the raters are too few for `p` to fall below 0.05, otherwise empty.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: str
    second: str
    difference: Measured
    n_raters: int
    p: float | None
    p_holm: float | None
    p_images: float
    p_images_holm: float
    note: str = ""


def compare_sets(
    table: AnswerTable, *, bootstrap: RaterBootstrap | None, seed: int
) -> tuple[SetComparison, ...]:
    """Compare every two sets that were shown.

    The interval is the difference of the pooled rates with what raters and images add to its variance, as in
    `compute_crossed_variance`: a rater who calls everything fake moves both rates and not their difference.

    Args:
        table: scored answers.
        bootstrap: draws of raters, or None.
        seed: seeds permutations.

    References:
        Wilcoxon, Individual comparisons by ranking methods, Biometrics Bulletin 1945; ties and zeros by the
        exact distribution over signs.
        Phipson and Smyth, Permutation p-values should never be zero, Statistical Applications in Genetics and
        Molecular Biology 2010.
        Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics
        1979.
    """
    shown = np.unique(table.synthetic[table.is_fake]).tolist()
    found = [_compare(table, a, b, bootstrap, seed) for a, b in combinations(shown, 2)]
    p_holm = _correct([one.p for one in found])
    p_images_holm = _correct([one.p_images for one in found])
    smallest = [find_smallest_p(one.n_raters) for one in found]
    return tuple(
        one.model_copy(
            update={
                "p_holm": p,
                "p_images_holm": p_images,
                "note": _explain(one.n_raters, least, len(found)),
            }
        )
        for one, p, p_images, least in zip(found, p_holm, p_images_holm, smallest, strict=True)
    )


def find_smallest_p(n_raters: int) -> float:
    """Smallest two-sided p-value that a signed-rank test over so many raters can give."""
    return float(min(1.0, 2.0 ** (1 - n_raters)))


def _explain(n_raters: int, smallest: float, n_comparisons: int) -> str:
    raters = "1 rater" if n_raters == 1 else f"{n_raters} raters"
    if n_raters < 2:
        return f"With {raters} nothing can be said of other raters; the test over images holds for this one."
    if smallest >= ALPHA:
        return (
            f"With {raters} the smallest p-value over raters is {smallest:.3g}, so it cannot fall below "
            f"{ALPHA}; 6 raters are the fewest."
        )
    if smallest * n_comparisons >= ALPHA:
        return (
            f"With {raters} no p-value over raters can fall below {ALPHA} after correction for "
            f"{n_comparisons} comparisons."
        )
    return ""


def _compare(
    table: AnswerTable, first: int, second: int, bootstrap: RaterBootstrap | None, seed: int
) -> SetComparison:
    is_first, is_second = table.synthetic == first, table.synthetic == second
    own = table.select(is_first | is_second)
    is_first, said = is_first[is_first | is_second], own.said_fake.astype(np.float64)
    k = len(own.raters)
    # (raters, 4): called fake and answered, of each set
    sums = np.stack(
        [
            np.bincount(own.rater, weights, k)
            for weights in (said * is_first, is_first * 1.0, said * ~is_first, ~is_first * 1.0)
        ],
        axis=1,
    ).astype(np.float64)
    total = sums.sum(axis=0)
    rates = total[[0, 2]] / total[[1, 3]]
    difference = float(rates[0] - rates[1])
    influence = np.where(is_first, (said - rates[0]) / total[1], -(said - rates[1]) / total[3])
    crossed = compute_crossed_variance(influence, raters=own.rater, images=own.image, strata=own.stratum)
    half = crossed.quantile * float(np.sqrt(crossed.variance))
    both = sums[(sums[:, 1] > 0) & (sums[:, 3] > 0)]
    changes = both[:, 0] / both[:, 1] - both[:, 2] / both[:, 3]
    measured = Measured(
        value=difference,
        low=max(difference - half, -1.0),
        high=min(difference + half, 1.0),
        n=len(own),
        method=f"Delta method, {crossed.describe()}",
        note="One rater: the interval says nothing of other raters." if crossed.n_raters == 1 else "",
        bootstrap=(
            bootstrap.interval(sums, lambda drawn: drawn[:, 0] / drawn[:, 1] - drawn[:, 2] / drawn[:, 3])
            if bootstrap is not None
            else None
        ),
    )
    if crossed.simple == 0:
        text = "All answers on each set are equal, so there is no interval."
        measured = Measured(value=difference, n=len(own), note=text)
    p_images = _permute_images(own.image, is_first, said, seed)
    return SetComparison(
        first=own.sets[first],
        second=own.sets[second],
        difference=measured,
        n_raters=len(changes),
        p=_signed_rank(changes) if len(changes) > 1 else None,
        p_holm=None,
        p_images=p_images,
        p_images_holm=p_images,
    )


def _signed_rank(changes: NDArray[np.float64]) -> float:
    """Exact two-sided p-value over all signs of the differences, also with ties, which scipy's lacks."""
    from scipy import stats

    changes = np.round(changes, _TIE)
    changes = changes[changes != 0]
    if not len(changes):
        return 1.0
    # Twice a middle rank is a whole number.
    ranks = np.rint(2 * stats.rankdata(np.abs(changes))).astype(np.int64)
    positive = int(ranks[changes > 0].sum())
    ways = np.zeros(int(ranks.sum()) + 1)
    ways[0] = 1.0
    for rank in ranks:
        # Halved at each step, so that they stay probabilities.
        ways[rank:] += ways[:-rank].copy()
        ways /= 2
    return float(min(1.0, 2 * min(ways[: positive + 1].sum(), ways[positive:].sum())))


def _permute_images(
    image: NDArray[np.intp], is_first: NDArray[np.bool_], said: NDArray[np.float64], seed: int
) -> float:
    """Swap images between the sets, each with all of its answers."""
    seen, place = np.unique(image, return_inverse=True)
    answered, called = np.bincount(place).astype(np.float64), np.bincount(place, said)
    of_first = np.zeros(len(seen), dtype=bool)
    of_first[place] = is_first

    def gap(every: NDArray[np.bool_]) -> NDArray[np.float64]:
        # (draws, images) which images are of the first set -> (draws,) difference of the rates
        chosen = every.astype(np.float64)
        n_first, fakes_first = chosen @ answered, chosen @ called
        gaps: NDArray[np.float64] = np.abs(
            fakes_first / n_first - (called.sum() - fakes_first) / (answered.sum() - n_first)
        )
        return gaps

    rng = np.random.default_rng(seed)
    found = float(gap(of_first[np.newaxis])[0])
    as_large, at_once = 0, max(1, _MOST_AT_ONCE // len(seen))
    for start in range(0, _N_DRAWN, at_once):
        drawn = np.tile(of_first, (min(at_once, _N_DRAWN - start), 1))
        as_large += int((gap(rng.permuted(drawn, axis=1)) >= found - 10.0**-_TIE).sum())
    return (1 + as_large) / (1 + _N_DRAWN)


def _correct(p_values: list[float | None]) -> list[float | None]:
    """Holm's correction; None stays None and counts for nothing."""
    corrected: list[float | None] = list(p_values)
    kept = sorted((p, at) for at, p in enumerate(p_values) if p is not None)
    largest = 0.0
    for rank, (p, at) in enumerate(kept):
        largest = max(largest, min(1.0, (len(kept) - rank) * p))
        corrected[at] = largest
    return corrected
