"""A part of an audit's numbers: one class, some extractors."""

from __future__ import annotations

from collections.abc import Collection

from core.audit.result import AuditSummary

__all__ = ["select_results"]


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
