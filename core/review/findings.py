"""A review's results in one piece: who read how much, agreement, false alarms, calls, confirmed copies."""

from __future__ import annotations

from dataclasses import dataclass

from core.review.agreement import FalseAlarms, ReaderAgreement, compute_agreements, compute_false_alarms
from core.review.loaded import LoadedReview
from core.review.outcome import FinalCall, SetOutcome, compute_calls, compute_outcomes, find_disagreements
from core.review.standing import Standing, compute_standing, list_reviewers

__all__ = ["ReviewFindings", "find_review_results"]


@dataclass(frozen=True, slots=True)
class ReviewFindings:
    """What a review found so far; to look at it unblinds whoever still reads.

    Attributes:
        standings: how far each reviewer is.
        agreements: for each two reviewers, over the four verdicts and over copies against the rest.
        false_alarms: for each reviewer, controls called copies.
        calls: one a pair, in reading order.
        open: calls that wait to be settled.
        outcomes: confirmed copies by synthetic set.
    """

    standings: tuple[Standing, ...]
    agreements: tuple[ReaderAgreement, ...]
    false_alarms: tuple[FalseAlarms, ...]
    calls: tuple[FinalCall, ...]
    open: tuple[FinalCall, ...]
    outcomes: tuple[SetOutcome, ...]


def find_review_results(review: LoadedReview) -> ReviewFindings:
    """Compute everything that a review says."""
    calls = compute_calls(review.pairs, review.verdicts)
    return ReviewFindings(
        standings=tuple(
            compute_standing(review.pairs, review.verdicts, reviewer)
            for reviewer in list_reviewers(review.verdicts)
        ),
        agreements=compute_agreements(review.verdicts),
        false_alarms=compute_false_alarms(review.pairs, review.verdicts),
        calls=calls,
        open=find_disagreements(calls),
        outcomes=compute_outcomes(calls, review.items),
    )
