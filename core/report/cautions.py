"""What a reader must know before the numbers."""

from __future__ import annotations

from core.audit.result import AuditSummary
from core.report.numbers import format_count

__all__ = ["collect_cautions"]


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
