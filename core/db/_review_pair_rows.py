"""Pairs of reviews as rows of their table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from core.db.review_record import PairEvidence, ReviewPair
from core.db.tables import ReviewPairTable

__all__ = ["insert_pairs", "read_pair"]


def insert_pairs(
    session: Session, review_id: str, pairs: Sequence[ReviewPair], *, first: int = 0
) -> tuple[ReviewPair, ...]:
    """Add pairs to a review, numbered from `first`; returns them as they are kept."""
    now = datetime.now(UTC)
    # An image stands in a review once; of several pairs of it, the first is the stronger one.
    once = {pair.query_id: pair for pair in reversed(pairs)}
    kept = tuple(
        replace(pair, number=number, added_at=now)
        for number, pair in enumerate((one for one in pairs if once[one.query_id] is one), start=first)
    )
    if kept:
        session.execute(insert(ReviewPairTable), [_columns(review_id, pair) for pair in kept])
    return kept


def _columns(review_id: str, pair: ReviewPair) -> dict[str, Any]:
    columns: dict[str, Any] = asdict(pair)
    evidence: dict[str, Any] = columns.pop("evidence")
    return columns | evidence | {"review_id": review_id, "label": _storable(pair.label)}


def _storable(text: str | None) -> str | None:
    """Class names come from users' tables; PostgreSQL keeps any character but NUL."""
    return None if text is None else text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def read_pair(row: ReviewPairTable) -> ReviewPair:
    """Make a pair of its row."""
    return ReviewPair(
        number=row.number,
        is_control=row.is_control,
        query_id=row.query_id,
        query_digest=row.query_digest,
        query_set=row.query_set,
        real_id=row.real_id,
        real_digest=row.real_digest,
        label=row.label,
        evidence=PairEvidence(
            extractor=row.extractor,
            distance=row.distance,
            rho=row.rho,
            p_value=row.p_value,
            q_value=row.q_value,
            flagged=row.flagged,
            transform=row.transform,
            pixel_agreement=row.pixel_agreement,
            overlap=row.overlap,
            warp=None if row.warp is None else tuple(row.warp),
        ),
        added_at=row.added_at,
    )
