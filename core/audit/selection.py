"""A part of an audit's numbers: one class, some extractors; and extractors by what readers call them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from core.audit.result import AuditSummary

__all__ = ["name_extractors", "select_results", "select_sets"]


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


def name_extractors(summary: AuditSummary, titles: Mapping[str, str]) -> AuditSummary:
    """Call extractors by what readers know them as; for showing, as files keep the names.

    Args:
        summary: an audit.
        titles: an extractor's name to its title; one that is not in it keeps its name.

    Returns:
        The same audit with other names; two extractors never become one.
    """
    taken = {one.name for one in summary.protocol.extractors}
    taken |= {row.extractor for row in summary.results if row.extractor is not None}
    named = {name: titles[name] for name in sorted(taken) if name in titles}
    for name, title in named.items():
        if list(named.values()).count(title) > 1 or title in taken:
            named[name] = f"{title} ({name})"
    if not named:
        return summary
    extractors = tuple(
        one.model_copy(update={"name": named.get(one.name, one.name)}) for one in summary.protocol.extractors
    )
    results = tuple(
        row.model_copy(update={"extractor": named.get(row.extractor, row.extractor)})
        if row.extractor is not None
        else row
        for row in summary.results
    )
    protocol = summary.protocol.model_copy(update={"extractors": extractors})
    return summary.model_copy(update={"protocol": protocol, "results": results})
