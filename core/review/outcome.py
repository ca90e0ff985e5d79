"""What a review says in the end: the call on each pair, what is still open, and confirmed copies by set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.audit.items import AuditItems
from core.db.review_record import ReviewPair, Stage, Verdict, VerdictRecord
from core.metrics.estimate import Estimate
from core.metrics.share import compute_share
from core.review.standing import find_current

__all__ = ["Basis", "FinalCall", "SetOutcome", "compute_calls", "compute_outcomes", "find_disagreements"]


class Basis(StrEnum):
    """What a call rests on."""

    UNREAD = "unread"
    OPEN = "open"
    ONE_READER = "one reader"
    AGREED = "agreed"
    ADJUDICATED = "adjudicated"


@dataclass(frozen=True, slots=True)
class FinalCall:
    """What holds of one pair.

    Attributes:
        pair: the pair.
        verdict: the call; None where nobody read the pair or it is open. Where readers who agree that it is
            a copy differ in degree, the weaker degree, which all of them stand behind.
        basis: what it rests on. `open`: readers differ on whether it is a copy, or one is unsure, and nobody
            has settled it; or whoever was to settle it is unsure, too.
        readings: the readers' own verdicts that hold, in the order of readers.
        adjudication: the row that settled it, or None.
    """

    pair: ReviewPair
    verdict: Verdict | None
    basis: Basis
    readings: tuple[VerdictRecord, ...]
    adjudication: VerdictRecord | None

    @property
    def is_confirmed(self) -> bool:
        """Whether a synthetic image is confirmed as a copy or near copy; never true of controls."""
        return not self.pair.is_control and self.verdict is not None and self.verdict.is_copy is True

    @property
    def needs_adjudication(self) -> bool:
        """Whether the readings alone do not settle it, settled since or not."""
        return len({row.verdict.is_copy for row in self.readings if row.verdict}) > 1 or any(
            row.verdict is Verdict.UNSURE for row in self.readings
        )


@dataclass(frozen=True, slots=True)
class SetOutcome:
    """What the review found in one synthetic set.

    Attributes:
        name: the set.
        n_images: images of the set.
        n_pairs: those under review.
        n_called: those with a call that is not open.
        n_open: those that wait to be settled.
        n_copies: those confirmed as copies.
        n_near_copies: those confirmed as near copies.
        of_called: confirmed (both degrees) among those with a call, with Wilson's interval; None without
            any. What is read was picked for its evidence, so this says nothing of the rest of the set.
        of_all: confirmed among all images of the set, with Wilson's interval: a lower bound on its copies,
            as far as readers judge them rightly, since images outside the review count as none.
    """

    name: str
    n_images: int
    n_pairs: int
    n_called: int
    n_open: int
    n_copies: int
    n_near_copies: int
    of_called: Estimate | None
    of_all: Estimate

    @property
    def n_confirmed(self) -> int:
        """Copies and near copies."""
        return self.n_copies + self.n_near_copies


def compute_calls(pairs: Iterable[ReviewPair], verdicts: Iterable[VerdictRecord]) -> tuple[FinalCall, ...]:
    """Find the call on each pair: adjudicated, else what all readers of it agree on, else open.

    Args:
        pairs: the review's pairs, in reading order.
        verdicts: its rows.

    Returns:
        One call a pair, controls among them, in the order of the pairs.
    """
    rows = tuple(verdicts)
    readings = find_current(rows)
    # Several may settle; what was said last of a pair holds, unless it was withdrawn.
    settled: dict[int, VerdictRecord] = {}
    for mine in find_current(rows, stage=Stage.ADJUDICATION).values():
        for number, row in mine.items():
            if number not in settled or settled[number].id < row.id:
                settled[number] = row
    return tuple(
        _call(
            pair,
            tuple(mine[pair.number] for mine in readings.values() if pair.number in mine),
            settled.get(pair.number),
        )
        for pair in pairs
    )


def find_disagreements(calls: Iterable[FinalCall], *, settled: bool = False) -> tuple[FinalCall, ...]:
    """List the pairs to settle: readers differ on whether it is a copy, or one is unsure.

    Controls stand in the list as well, so that whoever settles it is as blind as the readers were.

    Args:
        calls: from `compute_calls`.
        settled: list those that have been settled, too.
    """
    return tuple(call for call in calls if call.basis is Basis.OPEN or (settled and call.needs_adjudication))


def compute_outcomes(calls: Sequence[FinalCall], items: AuditItems) -> tuple[SetOutcome, ...]:
    """Count confirmed copies in each synthetic set under review.

    Args:
        calls: from `compute_calls`.
        items: the audit's items.

    Returns:
        Sets in the study's order.
    """
    sizes = items.to_pandas()["set"].value_counts(sort=False)
    found = []
    for name in sizes.index:
        mine = [call for call in calls if not call.pair.is_control and call.pair.query_set == name]
        if not mine:
            continue
        n_images = int(sizes[name])
        n_called = sum(call.verdict is not None for call in mine)
        n_copies = sum(call.verdict is Verdict.COPY for call in mine)
        n_near = sum(call.verdict is Verdict.NEAR_COPY for call in mine)
        found.append(
            SetOutcome(
                name=str(name),
                n_images=n_images,
                n_pairs=len(mine),
                n_called=n_called,
                n_open=sum(call.basis is Basis.OPEN for call in mine),
                n_copies=n_copies,
                n_near_copies=n_near,
                of_called=compute_share(n_copies + n_near, n_called) if n_called else None,
                of_all=compute_share(n_copies + n_near, n_images),
            )
        )
    return tuple(found)


def _call(
    pair: ReviewPair, readings: tuple[VerdictRecord, ...], adjudication: VerdictRecord | None
) -> FinalCall:
    said = [row.verdict for row in readings if row.verdict is not None]
    if adjudication is not None:
        verdict = None if adjudication.verdict is Verdict.UNSURE else adjudication.verdict
        basis = Basis.OPEN if verdict is None else Basis.ADJUDICATED
        return FinalCall(pair, verdict, basis, readings, adjudication)
    if not said:
        return FinalCall(pair, None, Basis.UNREAD, readings, None)
    if len({verdict.is_copy for verdict in said}) > 1 or Verdict.UNSURE in said:
        return FinalCall(pair, None, Basis.OPEN, readings, None)
    weaker = Verdict.NEAR_COPY if Verdict.NEAR_COPY in said else said[0]
    basis = Basis.AGREED if len(said) > 1 else Basis.ONE_READER
    return FinalCall(pair, weaker, basis, readings, None)
