"""What a report says of a review, in plain numbers; `core.review` fills it in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

__all__ = ["Agreement", "Rate", "Reader", "ReviewSummary", "SetOutcome", "hide_reviewers"]


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of n things, from 0 to 1, with its 95 % interval.

    Attributes:
        value: the share.
        low: lower end, or None.
        high: upper end, or None.
        n: of how many.
    """

    value: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Reader:
    """One reviewer.

    Attributes:
        name: who it is.
        n_judged: pairs that the reviewer judged.
        false_alarms: share of judged control pairs called copy or near copy; None without control pairs.
    """

    name: str
    n_judged: int
    false_alarms: Rate | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two reviewers agree beyond chance.

    Attributes:
        readers: the two.
        scale: what was compared, such as the four verdicts, or copies against others.
        kappa: Cohen's kappa, or None where it is undefined.
        low: lower end of its 95 % interval, or None.
        high: upper end.
        n: pairs that both judged.
        note: one sentence where kappa is undefined or pairs were left out.
    """

    readers: tuple[str, str]
    scale: str
    kappa: float | None
    low: float | None
    high: float | None
    n: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class SetOutcome:
    """What the review found in one synthetic set.

    Attributes:
        name: the set.
        n_confirmed: images confirmed as copies or near copies.
        n_open: images whose call is still open.
        of_reviewed: confirmed among those reviewed; None where none was.
        of_all: confirmed among all images of the set; None where that cannot be said.
    """

    name: str
    n_confirmed: int
    n_open: int
    of_reviewed: Rate | None
    of_all: Rate | None


@dataclass(frozen=True, slots=True)
class ReviewSummary:
    """One review of an audit's pairs.

    Attributes:
        name: the review.
        n_pairs: pairs to judge, controls among them.
        n_controls: how many of them are controls.
        readers: who judged.
        agreements: for each two readers.
        outcomes: for each synthetic set.
        n_open: disagreements that were not settled.
        locked_at: when it was locked, or None.
        locked_by: who locked it, or None.
    """

    name: str
    n_pairs: int
    n_controls: int
    readers: tuple[Reader, ...]
    agreements: tuple[Agreement, ...]
    outcomes: tuple[SetOutcome, ...]
    n_open: int
    locked_at: datetime | None
    locked_by: str | None


def hide_reviewers(reviews: Sequence[ReviewSummary]) -> tuple[ReviewSummary, ...]:
    """Replace the names of reviewers and reviews by numbers, the same person by the same one throughout."""
    numbers: dict[str, str] = {}

    def hide(name: str) -> str:
        return numbers.setdefault(name, f"reader {len(numbers) + 1}")

    hidden = []
    for place, review in enumerate(reviews, start=1):
        readers = tuple(replace(one, name=hide(one.name)) for one in review.readers)
        agreements = tuple(
            replace(
                one,
                readers=(hide(one.readers[0]), hide(one.readers[1])),
                note="" if any(name in one.note for name in one.readers) else one.note,
            )
            for one in review.agreements
        )
        hidden.append(
            replace(
                review,
                name=f"Review {place}",
                readers=readers,
                agreements=agreements,
                locked_by=None if review.locked_by is None else hide(review.locked_by),
            )
        )
    return tuple(hidden)
