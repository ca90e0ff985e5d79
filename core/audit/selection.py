"""A part of an audit's numbers: one class, some extractors."""

from __future__ import annotations

from collections.abc import Collection

from core.audit.result import AuditSummary

__all__ = ["select_results", "select_sets"]


def select_results(
    summary: AuditSummary, *, class_name: str | None, extractors: Collection[str] | None = None
) -> AuditSummary:
    """Keep the results of the whole sets, or of one class as if it were the whole set.

    Args:
        summary: an audit.
        class_name: the class, or None for the whole sets.
        extractors: keep only these extractors' results, beside those of no extractor; None keeps all.

    Returns:
        The same audit with fewer results, in their order; none when `extractors` is empty.
    """
    kept = tuple(
        row.model_copy(update={"class_name": None})
        for row in summary.results
        if row.class_name == class_name
        and (extractors is None or (row.extractor in extractors if row.extractor else extractors))
    )
    return summary.model_copy(update={"results": kept})


def select_sets(summary: AuditSummary, names: Collection[str]) -> AuditSummary:
    """Keep some synthetic sets, with their results, beside the real ones.

    Numbers that rank a set among others, such as variety, stay as the audit of all sets found them.

    Args:
        summary: an audit.
        names: synthetic sets to keep.

    Returns:
        The same audit with fewer sets and results, in their order.
    """
    sets = tuple(one for one in summary.sets if one.role != "synthetic" or one.name in names)
    kept = tuple(row for row in summary.results if row.synthetic in names)
    return summary.model_copy(update={"sets": sets, "results": kept})
