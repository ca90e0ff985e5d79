"""The study, audit and class that a page on one audit shows, chosen at its top and kept in the address."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.audit.archive import load_audit_summary
from core.audit.result import AuditSummary
from core.audit.selection import name_extractors
from core.db.audits import AuditRecord, list_audits
from core.jobs.job_folder import audit_folder
from pages._shared.code_extractors import title_code_extractors
from pages._shared.job_progress import show_active_jobs
from pages._shared.links import LAUNCH
from pages._shared.names import escape_markdown
from pages._shared.selection import choose
from pages._shared.study_choice import choose_study
from pages._shared.times import format_instant
from pages._shared.workspace import open_workspace

__all__ = ["AuditChoice", "FinishedAudit", "choose_audit", "choose_finished_audit", "lead_to_new_audit"]


@dataclass(frozen=True, slots=True)
class FinishedAudit:
    """An audit with what it found.

    Attributes:
        record: what lists show of it.
        folder: its files.
        summary: what it found.
    """

    record: AuditRecord
    folder: Path
    summary: AuditSummary


@dataclass(frozen=True, slots=True)
class AuditChoice:
    """What a page shows.

    Attributes:
        record: what lists show of the audit.
        folder: its files.
        summary: what it found, extractors by what readers call them.
        class_name: the class or group chosen, or None for all images.
        classes: every class of the audit's numbers.
        groups: every group of them, such as `sex=F`.
    """

    record: AuditRecord
    folder: Path
    summary: AuditSummary
    class_name: str | None
    classes: tuple[str, ...]
    groups: tuple[str, ...]

    @property
    def study_id(self) -> str:
        """The study."""
        return self.record.study_id

    @property
    def audit_id(self) -> str:
        """The audit."""
        return self.record.id


def choose_audit(*, all_classes: str) -> AuditChoice:
    """Ask for study, audit and class or group; without any, say what to do, link there, and end the page.

    Args:
        all_classes: what the choice of no single class is called.
    """
    study_column, audit_column, class_column = st.columns([2, 2, 1])
    found = choose_finished_audit(study_column, audit_column)
    parts = sorted({row.class_name for row in found.summary.results if row.class_name is not None})
    groups = tuple(name for name in parts if name in found.summary.groups)
    classes = tuple(name for name in parts if name not in groups)
    with class_column:
        named = {"": all_classes} | {f"class:{name}": name for name in classes}
        named |= {f"group:{name}": name for name in groups}
        title = "Class or group" if groups else "Class"
        chosen = choose(title, named, param="class", follows=True).partition(":")[2] or None
    _, database = open_workspace()
    summary = name_extractors(found.summary, title_code_extractors(database))
    return AuditChoice(found.record, found.folder, summary, chosen, classes, groups)


def choose_finished_audit(
    study_place: DeltaGenerator, audit_place: DeltaGenerator, *, show_jobs: bool = True
) -> FinishedAudit:
    """Ask for study and audit; without any, say what to do, link there, and end the page.

    Args:
        study_place: where the study is chosen.
        audit_place: where the audit is chosen.
        show_jobs: whether the study's running jobs are shown; not on pages that show their own.
    """
    settings, database = open_workspace()
    owners = {audit.id: audit.study_id for audit in list_audits(database)}
    study_id = choose_study(database, study_place, owners=owners, param="audit", needs_synthetic=True).id
    if show_jobs:
        show_active_jobs(study_id=study_id)
    audits = {audit.id: audit for audit in list_audits(database, study_id=study_id)}
    if not audits:
        st.info("This study has no audit yet.")
        _link_to_launch(study_id)
        st.stop()
    with audit_place:
        times = {key: format_instant(audit.finished_at) for key, audit in audits.items()}
        audit_id = choose(
            "Audit",
            times,
            param="audit",
            help="An audit's numbers never change; each run is kept.",
            follows=True,
        )
    _, summary = load_audit_summary(database, audit_id)
    return FinishedAudit(audits[audit_id], audit_folder(settings, audit_id), summary)


def lead_to_new_audit(study_id: str, sentence: str) -> None:
    """Say what an audit of an earlier version lacks, and link to a new one."""
    st.info(escape_markdown(sentence))
    _link_to_launch(study_id)


def _link_to_launch(study_id: str) -> None:
    st.page_link(LAUNCH, label="Run an audit", icon=":material/play_arrow:", query_params={"study": study_id})
