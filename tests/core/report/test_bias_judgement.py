"""From inheritance at the most suspect place to a sentence."""

from __future__ import annotations

import pytest

from core.audit.result import MetricRow
from core.report.bias_judgement import METRIC, judge_inheritance
from core.report.findings import find_answers, summarise_answers
from core.report.metric_table import build_metric_table
from tests.core.audit.fixtures import make_floor, make_row, make_summary

NOTE = "Most suspect place: upper left."


def row(value: float | None, half: float | None = 0.1, *, synthetic: str = "gan") -> MetricRow:
    floor = None if value is None else make_floor(1.0, 0.05, n=20)
    return make_row(METRIC, value, half, synthetic=synthetic, extractor=None, floor=floor, note=NOTE)


@pytest.mark.parametrize(
    ("value", "half", "level"),
    [
        (1.0, 0.1, "concern"),
        (0.61, 0.1, "concern"),
        (0.6, 0.1, "open"),  # the interval's lower end is not above one half
        (0.45, 0.1, "open"),
        (0.39, 0.1, "clear"),
        (-0.39, 0.1, "clear"),
        (-0.45, 0.1, "open"),  # it may be carried with the classes swapped
        (-0.8, 0.1, "concern"),
        (1.0, None, "open"),
    ],
)
def test_only_what_surely_carries_most_of_the_sign_is_a_concern(
    value: float, half: float | None, level: str
) -> None:
    finding = judge_inheritance(row(value, half))
    assert finding.level == level
    assert NOTE in finding.sentence
    assert "held-out real images carry 1.00 [0.95, 1.05]" in finding.sentence
    assert ("swapped" in finding.headline) == (value == -0.8)
    assert ("swapped" in finding.sentence) == (value < 0)


def test_without_a_suspect_place_there_is_nothing_to_inherit() -> None:
    finding = judge_inheritance(row(None, None))
    assert (finding.level, finding.headline, finding.sentence) == (
        "clear", "No suspect place to inherit from", NOTE,
    )  # fmt: skip


def test_audits_that_did_not_look_for_it_answer_three_questions() -> None:
    answers = find_answers(make_summary([make_row("kid", 0.1, 0.01)]))
    assert answers[0].bias is None
    assert [word for word, _ in summarise_answers(answers)] == ["Fidelity", "Variety", "Privacy"]


def test_to_swap_the_classes_is_no_better_than_to_carry_nothing() -> None:
    table = build_metric_table(make_summary([row(0.0, synthetic="a"), row(-0.9, synthetic="b")]), None)
    (group,) = table.groups
    assert group.name == "Bias"
    assert [cell.best for cell in group.rows[0].cells if cell is not None] == [False, False]
    assert group.rows[0].floor is not None
    apart = build_metric_table(make_summary([row(0.0, synthetic="a"), row(0.9, synthetic="b")]), None)
    assert [cell.best for cell in apart.groups[0].rows[0].cells if cell is not None] == [True, False]
