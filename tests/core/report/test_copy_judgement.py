"""What is said of a set's calibrated copies."""

from __future__ import annotations

import pytest

from core.report.copy_judgement import judge_flags
from core.report.findings import find_answers
from tests.core.audit.fixtures import make_row, make_summary


@pytest.mark.parametrize(
    ("excess", "repeated", "shared", "level", "headline"),
    [
        (0.0, 0.0, 0, "clear", "No copies found"),
        (0.10, 0.0, 0, "concern", "More flagged than chance explains"),
        (0.0, 0.005, 0, "concern", "Holds copies of training images"),
        (0.0, None, 1, "concern", "Holds copies of training images"),
    ],
)
def test_levels(excess: float, repeated: float | None, shared: int, level: str, headline: str) -> None:
    finding = judge_flags(
        make_row("flagged", 0.01 + excess, 0.01, note="2.0 false flags are expected."),
        excess=make_row("flag_excess", excess, 0.03),
        repeated=None if repeated is None else make_row("repeated", repeated, 0.001),
        n_shared=shared,
    )
    assert (finding.level, finding.headline) == (level, headline)
    assert "2.0 false flags are expected." in finding.sentence
    assert ("no proof of privacy" in finding.sentence) is (level == "clear")


def test_one_copy_is_named_as_one() -> None:
    finding = judge_flags(
        make_row("flagged", 0.01, 0.01),
        excess=make_row("flag_excess", 0.0, 0.03),
        repeated=make_row("repeated", 0.005, 0.001),
        n_shared=1,
    )
    assert finding.sentence.startswith(
        "1 of 200 images shows the same picture as a training image, be it mirrored, turned, moved or "
        "brightened, 1 of them pixel for pixel."
    )


def test_a_null_that_can_flag_nothing_leaves_the_question_open() -> None:
    flagged = make_row("flagged", None, note="20 images to compare with can flag nothing at a rate of 0.01.")
    finding = judge_flags(flagged, excess=make_row("flag_excess", None, note="-"), repeated=None, n_shared=0)
    assert (finding.level, finding.headline) == ("open", "Cannot be judged")
    assert "can flag nothing" in finding.sentence


def test_calibration_decides_where_there_is_one_and_pixels_lead() -> None:
    rows = [
        make_row("privacy", 0.05, 0.02, extractor="pixels"),
        make_row("flagged", 0.01, 0.01, extractor="random-conv"),
        make_row("flag_excess", 0.0, 0.03, extractor="random-conv"),
        make_row("flagged", 0.12, 0.01, extractor="pixels"),
        make_row("flag_excess", 0.11, 0.03, extractor="pixels"),
        make_row("repeated", 0.0, 0.01, extractor="pixels"),
    ]
    (answer,) = find_answers(make_summary(rows))
    assert answer.privacy.headline == "More flagged than chance explains by 1 of 2 extractors"
    assert answer.privacy.sentence.index("pixels") < answer.privacy.sentence.index("random-conv")
