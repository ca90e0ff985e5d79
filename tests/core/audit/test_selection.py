"""A part of an audit's numbers: one class, some extractors."""

from __future__ import annotations

from core.audit.result import AuditResult
from core.audit.selection import name_extractors, select_results


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


def test_extractors_go_by_their_titles_and_stay_apart(demo_result: AuditResult) -> None:
    summary = demo_result.summary
    assert name_extractors(summary, {"unheard": "x"}) is summary
    named = name_extractors(summary, {"pixels": "Thumbnails"})
    assert [row.extractor for row in named.results] == [
        "Thumbnails" if row.extractor == "pixels" else row.extractor for row in summary.results
    ]
    assert "Thumbnails" in {one.name for one in named.protocol.extractors}
    assert [row.value for row in named.results] == [row.value for row in summary.results]
    # A title that two would share, or that another is called, keeps the name beside it.
    for titles in ({"pixels": "Same", "texture": "Same"}, {"pixels": "texture"}):
        apart = {row.extractor for row in name_extractors(summary, titles).results}
        assert len(apart) == len({row.extractor for row in summary.results})
        assert f"{titles['pixels']} (pixels)" in apart
