"""What is kept of a review: its pairs in reading order, and every verdict that was ever given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

__all__ = [
    "NewVerdict",
    "PairEvidence",
    "ReviewPair",
    "ReviewRecord",
    "Stage",
    "Verdict",
    "VerdictRecord",
]


class Verdict(StrEnum):
    """What a reader says of a pair."""

    COPY = "copy"
    NEAR_COPY = "near copy"
    NOT_A_COPY = "not a copy"
    UNSURE = "unsure"

    @property
    def is_copy(self) -> bool | None:
        """Whether it calls the image a copy, near copies included; None where the reader is unsure."""
        return None if self is Verdict.UNSURE else self in {Verdict.COPY, Verdict.NEAR_COPY}


class Stage(StrEnum):
    """When a verdict was given: while reading blinded, or when disagreements were settled afterwards."""

    READING = "reading"
    ADJUDICATION = "adjudication"


@dataclass(frozen=True, slots=True)
class PairEvidence:
    """What the audit measured of a pair; readers see none of it before their verdict.

    Attributes:
        extractor: what looked at the images.
        distance: in the extractor's units.
        rho: distance over the real image's own distance to its nearest other train image; may be infinite.
        p_value: None for controls.
        q_value: None for controls.
        flagged: whether the audit flagged the image.
        transform: the flip or turn of the query that matched, as `core.copies.transforms` calls it.
        pixel_agreement: correlation of the pixels after alignment, or None.
        overlap: share of the real image that the aligned query covers, or None.
        warp: six numbers from places on the query so turned to places on the real image, or None; see
            `core.copies.warping`.
    """

    extractor: str
    distance: float | None
    rho: float | None
    p_value: float | None
    q_value: float | None
    flagged: bool
    transform: str
    pixel_agreement: float | None
    overlap: float | None
    warp: tuple[float, ...] | None


@dataclass(frozen=True, slots=True)
class ReviewPair:
    """An image under review beside the real train image nearest to it.

    Attributes:
        number: place in the reading order, from 0; the database gives the numbers of pairs added later.
        is_control: whether the image under review is a real one, which cannot be a copy.
        query_id: id of the image under review among the audit's items.
        query_digest: SHA-256 of its file.
        query_set: its image set.
        real_id: id of the real train image.
        real_digest: SHA-256 of that one's file.
        label: class of the image under review, or None.
        evidence: what the audit measured.
        added_at: when it joined the review; None until it is kept.
    """

    number: int
    is_control: bool
    query_id: str
    query_digest: str
    query_set: str
    real_id: str
    real_digest: str
    label: str | None
    evidence: PairEvidence
    added_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReviewRecord:
    """What lists show of a review.

    Attributes:
        id: never changes.
        audit_id: the audit whose pairs are read.
        name: unique among the audit's reviews, whatever the case.
        created_at: when it was made.
        created_by: who made it.
        plan: how its pairs were picked, as `core.review.queue.ReviewPlan` writes it.
        locked_at: when it was closed for good, or None.
        locked_by: who closed it, or None.
        n_pairs: pairs to read, controls among them.
        n_controls: how many of those are controls; not to be shown to somebody who still reads.
    """

    id: str
    audit_id: str
    name: str
    created_at: datetime
    created_by: str
    plan: Mapping[str, Any]
    locked_at: datetime | None
    locked_by: str | None
    n_pairs: int
    n_controls: int

    @property
    def is_locked(self) -> bool:
        """Whether it takes no more verdicts and pairs."""
        return self.locked_at is not None


@dataclass(frozen=True, slots=True)
class NewVerdict:
    """A verdict as a browser hands it in.

    Attributes:
        number: the pair.
        verdict: what the reader says; None withdraws what the reader said of the pair before.
        token: made by whoever hands it in, unique for review and reviewer, 1 to 64 characters; handing in
            the same token again is harmless.
        confidence: 1 (a guess) to 5 (certain), or None.
        note: free text, 2,000 characters at most.
        stage: reading or adjudication.
        seen: whether both images had been drawn when the verdict was given; None where nobody can tell.
    """

    number: int
    verdict: Verdict | None
    token: str
    confidence: int | None = None
    note: str = ""
    stage: Stage = Stage.READING
    seen: bool | None = None


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """A verdict as it is kept, for good.

    Attributes:
        id: rises in the order in which verdicts were stored.
        review_id: the review.
        number: the pair.
        reviewer: who gave it.
        verdict: what was said; None withdraws what the reviewer said of the pair before.
        confidence: 1 to 5, or None.
        note: free text.
        stage: reading or adjudication.
        seen: whether both images had been drawn, or None.
        blinded: whether the reader had not yet chosen to see the review's outcome.
        made_at: when it was stored, by the server's clock.
        token: what it was handed in with.
    """

    id: int
    review_id: str
    number: int
    reviewer: str
    verdict: Verdict | None
    confidence: int | None
    note: str
    stage: Stage
    seen: bool | None
    blinded: bool
    made_at: datetime
    token: str
