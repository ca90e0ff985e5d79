"""What a report says of a review is what the review found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.db.review_record import ReviewRecord
from core.errors import InputError
from core.review.loaded import LoadedReview
from core.review.plan import ReviewPlan
from core.review.queue import plan_review
from core.review.report_summary import summarise_review
from tests.core.review.rows import COPY, NEAR, NOT, UNSURE, make_rows
from tests.reviews import make_paired_audit


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> LoadedReview:
    audit = make_paired_audit(tmp_path_factory.mktemp("data"))
    pairs = plan_review(audit.pairs, audit.items, ReviewPlan(n_strongest=8))
    synthetic = [pair.number for pair in pairs if not pair.is_control]
    controls = [pair.number for pair in pairs if pair.is_control]
    ada = dict.fromkeys(controls, NOT) | {controls[0]: COPY} | dict.fromkeys(synthetic, NOT)
    bo = dict.fromkeys(synthetic, NOT) | {synthetic[0]: COPY, synthetic[1]: NEAR, synthetic[2]: UNSURE}
    ada |= {synthetic[0]: COPY, synthetic[1]: COPY}
    record = ReviewRecord(
        id="1", audit_id="2", name="First", created_at=datetime(2026, 1, 1, tzinfo=UTC), created_by="Ada", plan={},
        locked_at=datetime(2026, 1, 2, tzinfo=UTC), locked_by="Ada", n_pairs=len(pairs), n_controls=len(controls),
    )  # fmt: skip
    return LoadedReview(record, pairs, (*make_rows("Ada", ada), *make_rows("Bo", bo)), audit.items)


def test_counts_and_rates_are_the_reviews(review: LoadedReview) -> None:
    found = summarise_review(review)
    n_controls = review.record.n_controls
    assert (found.name, found.locked_by, found.n_pairs) == ("First", "Ada", len(review.pairs))
    ada, bo = found.readers
    assert ada.n_judged == len(review.pairs)
    assert ada.false_alarms is not None
    assert (ada.false_alarms.value, ada.false_alarms.n) == (pytest.approx(1 / n_controls), n_controls)
    assert bo.false_alarms is None
    assert found.n_open == 1
    assert sum(one.n_confirmed for one in found.outcomes) == 2
    for one in found.outcomes:
        assert one.of_all is not None
        assert one.of_all.n == {"gan": 20, "ddpm": 10}[one.name]


def test_agreement_says_what_was_compared(review: LoadedReview) -> None:
    verdicts, copies = summarise_review(review).agreements
    assert verdicts.scale == "the four verdicts"
    assert copies.scale.endswith("without 1 pair of which a reader was unsure")
    assert copies.kappa == 1.0
    assert copies.n == verdicts.n - 1


def test_a_review_of_another_audit_is_refused(review: LoadedReview, tmp_path: Path) -> None:
    other = make_paired_audit(tmp_path, seed=5)
    with pytest.raises(InputError, match="of another audit"):
        summarise_review(replace(review, items=other.items))
