"""How far readers agree with each other, and how often a reader sees a copy where there is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from core.db.review_record import ReviewPair, Verdict, VerdictRecord
from core.metrics.estimate import Estimate
from core.metrics.share import compute_share
from core.review.standing import find_blinded, find_current

__all__ = [
    "FalseAlarms",
    "Kappa",
    "ReaderAgreement",
    "compute_agreements",
    "compute_false_alarms",
    "compute_kappa",
]

Scale = Literal["verdicts", "copies"]

_FEWEST_PAIRS: Final = 2
# Standard error below which only rounding is left of it.
_NO_WIDTH: Final = 1e-7


@dataclass(frozen=True, slots=True)
class Kappa:
    """Cohen's kappa.

    Attributes:
        value: from -1 to 1, 0 where readers agree as often as chance would have them; None with the reason
            in `note`.
        low: lower end of its 95 % interval, or None with the reason in `note`.
        high: upper end.
        note: one sentence where a number is missing, otherwise empty.
    """

    value: float | None
    low: float | None
    high: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReaderAgreement:
    """How far two readers agree beyond chance.

    Attributes:
        readers: the two.
        scale: `verdicts` compares all four verdicts by name; `copies` compares copies and near copies with
            the rest, without pairs of which either was unsure.
        n: pairs compared, controls among them.
        n_unsure: pairs left out since either was unsure.
        n_equal: pairs on which both say the same.
        kappa: Cohen's kappa, or None with the reason in `note`.
        low: lower end of its 95 % interval, or None with the reason in `note`.
        high: upper end.
        note: one sentence where a number is missing, otherwise empty.
    """

    readers: tuple[str, str]
    scale: Scale
    n: int
    n_unsure: int
    n_equal: int
    kappa: float | None
    low: float | None
    high: float | None
    note: str


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """How often a reader called a control a copy.

    Attributes:
        reviewer: who.
        n_controls: controls with a blinded verdict of the reviewer; the first word on each counts.
        n_alarms: those called copy or near copy.
        n_unsure: those of which the reviewer was unsure; no alarms, but counted among the controls.
        n_changed: pairs, controls or not, of which the reviewer said something else later, with the evidence
            in view.
        n_unblinded: pairs first judged after the reviewer had chosen to see the outcome; not counted here.
        rate: alarms among those controls, with Wilson's interval; None where there are none.
    """

    reviewer: str
    n_controls: int
    n_alarms: int
    n_unsure: int
    n_changed: int
    n_unblinded: int
    rate: Estimate | None


def compute_agreements(verdicts: Iterable[VerdictRecord]) -> tuple[ReaderAgreement, ...]:
    """Compare every two readers over the pairs that both judged blinded, by the first word of each.

    Args:
        verdicts: rows of one review.

    Returns:
        For each two readers one agreement over the four verdicts, then one over copies against the rest.
    """
    current = find_blinded(verdicts)
    found = []
    for first, second in combinations(current, 2):
        both = sorted(current[first].keys() & current[second].keys())
        calls = [(current[first][number].verdict, current[second][number].verdict) for number in both]
        known = [(one, other) for one, other in calls if one is not None and other is not None]
        clear = [
            (one.is_copy, other.is_copy)
            for one, other in known
            if one.is_copy is not None and other.is_copy is not None
        ]
        order = list(Verdict)
        found.append(
            _compare((first, second), "verdicts", [(order.index(a), order.index(b)) for a, b in known], 0)
        )
        found.append(
            _compare(
                (first, second),
                "copies",
                [(int(one), int(other)) for one, other in clear],
                len(known) - len(clear),
            )
        )
    return tuple(found)


def compute_false_alarms(
    pairs: Iterable[ReviewPair], verdicts: Iterable[VerdictRecord]
) -> tuple[FalseAlarms, ...]:
    """Tell for each reader how many of the controls were called copies.

    Args:
        pairs: the review's pairs.
        verdicts: its rows.
    """
    controls = {pair.number for pair in pairs if pair.is_control}
    verdicts = tuple(verdicts)
    current = find_current(verdicts)
    found = []
    for reviewer, rows in find_blinded(verdicts).items():
        held = current[reviewer]
        n_changed = sum(
            number not in held or held[number].verdict != row.verdict for number, row in rows.items()
        )
        calls = [row.verdict.is_copy for number, row in rows.items() if number in controls and row.verdict]
        n_alarms = sum(call is True for call in calls)
        found.append(
            FalseAlarms(
                reviewer=reviewer,
                n_controls=len(calls),
                n_alarms=n_alarms,
                n_unsure=sum(call is None for call in calls),
                n_changed=n_changed,
                n_unblinded=len(held.keys() - rows.keys()),
                rate=compute_share(n_alarms, len(calls), n_real=len(calls)) if calls else None,
            )
        )
    return tuple(found)


def compute_kappa(counts: NDArray[np.int64]) -> Kappa:
    """Cohen's kappa of a table of counts, unweighted.

    Args:
        counts: (k, k) how often the first reader said the row while the second said the column.

    Returns:
        Kappa; its interval is the normal approximation's, cut at -1 and 1.

    References:
        Cohen, A coefficient of agreement for nominal scales, Educational and Psychological Measurement 1960.
        Fleiss, Cohen and Everitt, Large sample standard errors of kappa and weighted kappa, Psychological
        Bulletin 1969.
    """
    # Pages import this module; what computes kappa is loaded when it is asked for.
    from statsmodels.stats.inter_rater import cohens_kappa

    n, first, second = int(counts.sum()), counts.sum(axis=1), counts.sum(axis=0)
    if n < _FEWEST_PAIRS:
        return Kappa(None, None, None, "Agreement takes at least two pairs that both readers judged.")
    if np.count_nonzero(first + second) == 1:
        # Chance alone would have them agree always: 0 / 0.
        return Kappa(None, None, None, f"Both readers said the same of all {n} pairs: kappa is undefined.")
    if np.count_nonzero(first) == 1 or np.count_nonzero(second) == 1:
        # Chance agrees as often then, whatever the other reader says.
        return Kappa(0.0, None, None, f"One reader said the same of all {n} pairs: kappa has no interval.")
    with np.errstate(invalid="ignore", divide="ignore"):
        result = cohens_kappa(counts)
    if not float(result.std_kappa) > _NO_WIDTH:
        what = "agree" if np.trace(counts) == n else "differ"
        note = f"The readers {what} on all {n} pairs: kappa has no interval."
        return Kappa(float(result.kappa), None, None, note)
    return Kappa(float(result.kappa), max(float(result.kappa_low), -1.0), min(float(result.kappa_upp), 1.0))


def _compare(
    readers: tuple[str, str], scale: Scale, calls: list[tuple[int, int]], n_unsure: int
) -> ReaderAgreement:
    size = len(Verdict) if scale == "verdicts" else 2
    counts = np.zeros((size, size), dtype=np.int64)
    for one, other in calls:
        counts[one, other] += 1
    kappa = compute_kappa(counts)
    return ReaderAgreement(
        readers=readers,
        scale=scale,
        n=len(calls),
        n_unsure=n_unsure,
        n_equal=int(np.trace(counts)),
        kappa=kappa.value,
        low=kappa.low,
        high=kappa.high,
        note=kappa.note,
    )
