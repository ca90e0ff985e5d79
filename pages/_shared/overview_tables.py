"""The overview's tables: studies, and what their last audits found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.audit.archive import load_audit_summary
from core.config import get_settings
from core.db.audits import AuditRecord
from core.db.database import open_database
from core.db.studies import StudyRecord
from core.report.findings import find_answers, summarise_answers
from pages._shared.table import Cell, Column, Table

__all__ = ["lay_out_audits", "lay_out_studies"]

_HELDOUT = "Real images of other patients: what synthetic sets are held against."
_STUDIES = (
    Column("name", "Study"),
    Column("sets", "Synthetic sets", kind="number"),
    Column("heldout", "Held-out set", _HELDOUT),
    Column("audit", "Last audit", kind="time"),
    Column("results", "", kind="action"),
    Column("run", "", kind="action"),
    Column("edit", "", kind="action"),
)
_AUDITS = (
    Column("study", "Study"),
    Column("when", "Finished", kind="time"),
    Column("fidelity", "Fidelity"),
    Column("variety", "Variety"),
    Column("privacy", "Privacy"),
    Column("open", "", kind="action"),
)


def lay_out_studies(studies: Sequence[StudyRecord], latest: Mapping[str, AuditRecord]) -> Table:
    """One row a study, with actions `open ID`, `run ID` and `edit ID`.

    Args:
        studies: the studies.
        latest: each audited study's last audit, by the study's id.
    """
    rows = []
    for study in studies:
        n_sets = len(study.folders.synthetic)
        cells = {
            "name": Cell(study.name),
            "sets": Cell(str(n_sets), n_sets),
            "heldout": Cell("yes" if study.folders.heldout else "none"),
            "run": Cell("Run audit", action=f"run {study.id}"),
            "edit": Cell("Change", action=f"edit {study.id}"),
        }
        if study.id in latest:
            cells["audit"] = Cell("", latest[study.id].finished_at.isoformat())
            cells["results"] = Cell("Results", action=f"open {study.id}")
        rows.append((study.id, cells))
    return Table(_STUDIES, tuple(rows))


def lay_out_audits(audits: Sequence[AuditRecord]) -> Table:
    """One row an audit, with what it found in a sentence each; the action is `STUDY_ID AUDIT_ID`."""
    rows = []
    for one in audits:
        cells = {
            "study": Cell(one.study_name),
            "when": Cell("", one.finished_at.isoformat()),
            "open": Cell("Open", action=f"{one.study_id} {one.id}"),
        }
        for word, sentence in _summarise(one.id):
            cells[word.lower()] = Cell(sentence)
        rows.append((one.id, cells))
    return Table(_AUDITS, tuple(rows))


@st.cache_data(max_entries=500, show_spinner=False)
def _summarise(audit_id: str) -> tuple[tuple[str, str], ...]:
    """An audit never changes, so its sentences are made once."""
    _, summary = load_audit_summary(open_database(get_settings()), audit_id)
    return summarise_answers(find_answers(summary))
