"""Rows of verdicts without a database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count

from core.db.review_record import PairEvidence, ReviewPair, Stage, Verdict, VerdictRecord

__all__ = ["COPY", "NEAR", "NOT", "UNSURE", "make_pair", "make_rows"]

COPY, NEAR, NOT, UNSURE = Verdict
_ids = count(1)


def make_pair(number: int, *, is_control: bool = False, name: str = "gan") -> ReviewPair:
    """A pair of images that nobody looks up."""
    evidence = PairEvidence("pixels", 0.1, 0.2, 0.01, 0.05, True, "as is", 0.9, 1.0, None)
    return ReviewPair(
        number=number,
        is_control=is_control,
        query_id=f"{number:020x}",
        query_digest=f"{number:064x}",
        query_set="heldout" if is_control else name,
        real_id=f"{number + 1000:020x}",
        real_digest=f"{number + 1000:064x}",
        label=None,
        evidence=evidence,
    )


def make_rows(
    reviewer: str, said: Mapping[int, Verdict | None], *, stage: Stage = Stage.READING, blinded: bool = True
) -> list[VerdictRecord]:
    """Rows in the order given, later than all made before."""
    return [
        VerdictRecord(
            id=row,
            review_id="review",
            number=number,
            reviewer=reviewer,
            verdict=verdict,
            confidence=None,
            note="",
            stage=stage,
            seen=None,
            blinded=blinded,
            made_at=datetime(2026, 1, 1, tzinfo=UTC),
            token=str(row),
        )
        for row, (number, verdict) in zip(_ids, said.items(), strict=False)
    ]
