"""An audit with what people recognised as fake in the rating sessions of its study."""

from __future__ import annotations

from pathlib import Path

from core.audit.result import AuditSummary
from core.db.audits import AuditRecord
from core.rating.set_rates import load_set_rates
from core.report.rated_summary import add_rates
from pages._shared.workspace import open_workspace

__all__ = ["add_ratings"]


def add_ratings(record: AuditRecord, summary: AuditSummary, folder: Path) -> AuditSummary:
    """Add the rates of the study's ended rating sessions to an audit's numbers.

    Args:
        record: what lists show of the audit.
        summary: what it found.
        folder: its files.
    """
    _, database = open_workspace()
    return add_rates(summary, load_set_rates(database, record.study_id), folder)
