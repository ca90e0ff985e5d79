"""What holds now: of the rows that were ever stored, those that nothing has corrected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.db.review_record import ReviewPair, Stage, VerdictRecord

__all__ = ["Standing", "compute_standing", "find_blinded", "find_current", "list_reviewers"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a reviewer is.

    Attributes:
        reviewer: who.
        current: the verdict that holds of each pair that has one, by the pair's number.
        n_done: pairs with a verdict.
        n_left: pairs without one.
        next_number: the first pair without one, or None.
        last_number: the pair whose verdict was given last among those that hold, or None; what undo is for.
    """

    reviewer: str
    current: Mapping[int, VerdictRecord]
    n_done: int
    n_left: int
    next_number: int | None
    last_number: int | None


def compute_standing(
    pairs: Iterable[ReviewPair],
    verdicts: Iterable[VerdictRecord],
    reviewer: str,
    *,
    stage: Stage = Stage.READING,
) -> Standing:
    """Tell how far one reviewer is; what others said has no part in it.

    Args:
        pairs: the pairs that the reviewer is to read, in reading order: all of a review's or a selection.
        verdicts: rows of the review, anybody's.
        reviewer: whose standing.
        stage: reading or adjudication.
    """
    numbers = [pair.number for pair in pairs]
    wanted = set(numbers)
    rows = [row for row in verdicts if row.reviewer == reviewer]
    current = {
        number: row
        for number, row in find_current(rows, stage=stage).get(reviewer, {}).items()
        if number in wanted
    }
    last = max(current.values(), key=lambda row: row.id, default=None)
    return Standing(
        reviewer=reviewer,
        current=current,
        n_done=len(current),
        n_left=len(numbers) - len(current),
        next_number=next((number for number in numbers if number not in current), None),
        last_number=None if last is None else last.number,
    )


def find_current(
    verdicts: Iterable[VerdictRecord], *, stage: Stage = Stage.READING
) -> dict[str, dict[int, VerdictRecord]]:
    """Find the verdict that holds, by reviewer and pair: the last row, unless it withdraws.

    Args:
        verdicts: rows of one review, in any order.
        stage: reading or adjudication; rows of the other one are left alone.

    Returns:
        Reviewers in the order of their first rows; those who withdrew everything are in it, empty.
    """
    found: dict[str, dict[int, VerdictRecord]] = {}
    for row in sorted(verdicts, key=lambda row: row.id):
        if row.stage is not stage:
            continue
        mine = found.setdefault(row.reviewer, {})
        if row.verdict is None:
            mine.pop(row.number, None)
        else:
            mine[row.number] = row
    return found


def find_blinded(verdicts: Iterable[VerdictRecord]) -> dict[str, dict[int, VerdictRecord]]:
    """Find each reader's first word on each pair, given before anything was known of it.

    With its first verdict a pair's evidence is shown, so that a correction is not blinded any more. First
    words given after the reader chose to see the outcome are left out.

    Args:
        verdicts: rows of one review, in any order.

    Returns:
        Reviewers in the order of their first rows; those without a blinded reading are in it, empty.
    """
    first: dict[str, dict[int, VerdictRecord]] = {}
    for row in sorted(verdicts, key=lambda row: row.id):
        if row.stage is Stage.READING:
            mine = first.setdefault(row.reviewer, {})
            if row.verdict is not None:
                mine.setdefault(row.number, row)
    return {
        reviewer: {number: row for number, row in mine.items() if row.blinded}
        for reviewer, mine in first.items()
    }


def list_reviewers(verdicts: Iterable[VerdictRecord]) -> tuple[str, ...]:
    """List who has read, in the order of their first verdicts."""
    return tuple(find_current(verdicts))
