"""A review's outcome in the report, with and without the names of its readers."""

from __future__ import annotations

from datetime import UTC, datetime

from core.report.content import ReportContent
from core.report.document import render_report
from core.report.review_section import Agreement, Rate, Reader, ReviewSummary, SetOutcome, hide_reviewers
from tests.core.audit.fixtures import build_result
from tests.core.report.test_document import Page

REVIEW = ReviewSummary(
    name="First <reading>",
    n_pairs=60,
    n_controls=12,
    readers=(
        Reader("Dr. Ada Weiss", 60, Rate(1 / 12, 0.015, 0.354, 12)),
        Reader("Dr. Bo Schwarz", 58, None),
    ),
    agreements=(
        Agreement(("Dr. Ada Weiss", "Dr. Bo Schwarz"), "the four verdicts", 0.71, 0.55, 0.87, 58),
        Agreement(
            ("Dr. Ada Weiss", "Dr. Bo Schwarz"), "copies", None, None, None, 1, "Dr. Bo Schwarz read one."
        ),
    ),
    outcomes=(SetOutcome("StyleGAN2", 9, 2, Rate(0.3, 0.17, 0.48, 30), Rate(0.045, 0.024, 0.083, 200)),),
    n_open=2,
    locked_at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
    locked_by="Dr. Ada Weiss",
)


def test_numbers_stand_with_their_intervals_and_counts() -> None:
    page = Page(render_report(build_result(), reviews=(REVIEW,)))
    for text in (
        "First <reading>",
        "60 pairs, 12 of them controls. 2 disagreements are not settled. Locked on 02 March 2026, 09:30 UTC by Dr. Ada Weiss",
        "30 % [17 %, 48 %] of 30",
        "4 % [2 %, 8 %] of 200",
        "0.71 [0.55, 0.87]",
        "no control was judged",
        "Dr. Bo Schwarz read one.",
    ):
        assert " ".join(text.split()) in page.text.replace(" .", "."), text
    assert page.open == []


def test_a_report_without_a_review_says_nothing_of_one() -> None:
    assert "Review by readers" not in render_report(build_result())


def test_readers_are_numbered_where_nobody_is_named() -> None:
    text = Page(
        render_report(build_result(), reviews=(REVIEW, REVIEW), content=ReportContent.DEIDENTIFIED)
    ).text
    for name in ("Weiss", "Schwarz", "First"):
        assert name not in text
    assert "reader 1" in text
    assert "0.71 [0.55, 0.87]" in text


def test_the_same_reader_keeps_one_number() -> None:
    first, second = hide_reviewers((REVIEW, REVIEW))
    assert (
        [one.name for one in first.readers]
        == [one.name for one in second.readers]
        == ["reader 1", "reader 2"]
    )
    assert first.locked_by == "reader 1"
    assert first.agreements[0].readers == ("reader 1", "reader 2")
    assert first.agreements[1].note == ""
    assert (first.name, second.name) == ("Review 1", "Review 2")
