"""What a reader must know before the numbers."""

from __future__ import annotations

from collections.abc import Collection

from core.audit.result import AuditSummary, SetSummary
from core.audit.set_warnings import (
    title_set,
    warn_of_classes,
    warn_of_shapes,
    warn_of_sizes,
    warn_of_spacing,
)
from core.report.numbers import format_count

__all__ = ["collect_cautions", "collect_set_cautions", "has_other_classes"]


def collect_cautions(summary: AuditSummary) -> list[tuple[str, str]]:
    """Kind and sentence of everything that a reader must know before the numbers."""
    cautions = [("Notice", notice) for notice in summary.notices]
    for one in summary.sets:
        if one.unreadable:
            files = "file was" if len(one.unreadable) == 1 else "files were"
            cautions.append(
                (
                    "Warning",
                    f"{one.name}: {format_count(len(one.unreadable))} {files} left out of all numbers, being "
                    "unreadable; the reasons stand under Image sets.",
                )
            )
    cautions += [("Warning", warning) for warning in summary.warnings]
    cautions += [("Warning", f"{one.name}: {warning}") for one in summary.sets for warning in one.warnings]
    return list(dict.fromkeys(cautions))


def collect_set_cautions(
    summary: AuditSummary, names: Collection[str], *, class_name: str | None
) -> tuple[str, ...]:
    """Pick the cautions on classes and image sizes of the sets that are shown.

    Args:
        summary: the audit.
        names: the sets that are shown.
        class_name: the class that is shown, or None for the whole sets; classes matter to these only.

    Returns:
        The warnings of `collect_cautions`, word for word, in the order of the sets.
    """
    real = next(one for one in summary.sets if one.role == "real")
    found = []
    for one in summary.sets:
        if one.name not in names or one.role == "real":
            continue
        title = title_set(one.role, one.name)
        if class_name is None and has_other_classes(one, real):
            found.append(warn_of_classes(title, one.classes, real.classes))
        # Which sizes occur stands in the warning alone: a summary has the smallest and the largest.
        sizes = [warn_of_sizes(title)]
        if one.slices is not None:
            sizes = [
                warn_of_shapes(title, _list_ranges(one), _list_ranges(real)) or "",
                warn_of_spacing(title, one.spacing_mm, real.spacing_mm) or "",
            ]
        found += [sentence for sentence in sizes if sentence in summary.warnings]
    return tuple(found)


def _list_ranges(one: SetSummary) -> list[tuple[int, int]]:
    """Smallest and largest number of slices, of rows and of columns."""
    (least_width, least_height), (width, height) = one.sizes
    return [one.slices or (1, 1), (least_height, height), (least_width, width)]


def has_other_classes(one: SetSummary, real: SetSummary) -> bool:
    """Whether a set has not the classes of the real one, where both have any."""
    return bool(one.classes and real.classes) and set(one.classes) != set(real.classes)
