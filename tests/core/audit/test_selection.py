"""A part of an audit's numbers: one class, some extractors."""

from __future__ import annotations

from core.audit.result import AuditResult
from core.audit.selection import select_results


def test_the_whole_sets_by_default(demo_result: AuditResult) -> None:
    summary = demo_result.summary
    kept = select_results(summary, class_name=None).results
    assert kept == tuple(row for row in summary.results if row.class_name is None)
    assert kept


def test_a_class_stands_as_if_it_were_the_whole(demo_result: AuditResult) -> None:
    summary = demo_result.summary
    label = next(row.class_name for row in summary.results if row.class_name is not None)
    of_class = [row for row in summary.results if row.class_name == label]
    kept = select_results(summary, class_name=label).results
    assert [row.value for row in kept] == [row.value for row in of_class]
    assert {row.class_name for row in kept} == {None}


def test_extractors_are_kept_beside_what_needs_none(demo_result: AuditResult) -> None:
    summary = demo_result.summary
    kept = select_results(summary, class_name=None, extractors=["pixels"]).results
    assert {row.extractor for row in kept} == {"pixels", None}
    assert select_results(summary, class_name=None, extractors=[]).results == ()
    assert select_results(summary, class_name="no such class").results == ()
