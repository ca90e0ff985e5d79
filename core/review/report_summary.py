"""A review in the plain numbers that a report shows."""

from __future__ import annotations

from core.errors import InputError
from core.metrics.estimate import Estimate
from core.report.review_section import Agreement, Rate, Reader, ReviewSummary, SetOutcome
from core.review.findings import find_review_results
from core.review.loaded import LoadedReview

__all__ = ["summarise_review"]

_SCALES = {"verdicts": "the four verdicts", "copies": "copies and near copies against the rest"}


def summarise_review(review: LoadedReview) -> ReviewSummary:
    """Sum up a review for a report of its audit.

    Args:
        review: with the items of the audit that the report is of.

    Raises:
        InputError: if the review is of another audit.
    """
    if any(pair.query_id not in review.items for pair in review.pairs):
        raise InputError(
            f"The review {review.record.name!r} is of another audit than the report; name one of this audit."
        )
    found = find_review_results(review)
    alarms = {one.reviewer: one.rate for one in found.false_alarms}
    return ReviewSummary(
        name=review.record.name,
        n_pairs=review.record.n_pairs,
        n_controls=review.record.n_controls,
        readers=tuple(
            Reader(one.reviewer, one.n_done, _rate(alarms.get(one.reviewer))) for one in found.standings
        ),
        agreements=tuple(
            Agreement(
                readers=one.readers,
                scale=_SCALES[one.scale] + _left_out(one.n_unsure),
                kappa=one.kappa,
                low=one.low,
                high=one.high,
                n=one.n,
                note=one.note,
            )
            for one in found.agreements
        ),
        outcomes=tuple(
            SetOutcome(
                name=one.name,
                n_confirmed=one.n_confirmed,
                n_open=one.n_open,
                of_reviewed=_rate(one.of_called),
                of_all=_rate(one.of_all),
            )
            for one in found.outcomes
        ),
        n_open=len(found.open),
        locked_at=review.record.locked_at,
        locked_by=review.record.locked_by,
    )


def _rate(estimate: Estimate | None) -> Rate | None:
    if estimate is None:
        return None
    return Rate(estimate.value, estimate.low, estimate.high, estimate.n_synthetic)


def _left_out(n_unsure: int) -> str:
    if not n_unsure:
        return ""
    return f", without {n_unsure} pair{'' if n_unsure == 1 else 's'} of which a reader was unsure"
