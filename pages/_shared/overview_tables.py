"""The overview's tables: studies, and what their last audits and experiments found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.audit.archive import load_audit_summary
from core.config import get_settings
from core.crop_experiment.archive import load_crop_summary
from core.crop_experiment.findings import answer_sets, describe_crop
from core.crop_experiment.result import CropSummary
from core.db.audits import AuditRecord
from core.db.database import open_database
from core.db.experiments import EXPERIMENT_KINDS, ExperimentRecord
from core.db.studies import StudyRecord
from core.errors import InputError
from core.report.findings import find_answers, summarise_answers
from core.report.utility_changes import list_baselines, list_scores
from core.report.utility_findings import describe_utility
from core.utility.archive import load_utility_summary
from pages._shared.table import Cell, Column, Table

__all__ = ["lay_out_audits", "lay_out_experiments", "lay_out_studies"]

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
    Column("bias", "Bias", "Said of audits that looked for it."),
    Column("open", "", kind="action"),
)
_EXPERIMENTS = (
    Column("study", "Study"),
    Column("kind", "Experiment"),
    Column("when", "Finished", kind="time"),
    Column("found", "Found"),
    Column("open", "", kind="action"),
)
_CROP_ANSWERS = {
    "fell": "Worth less without it",
    "rose": "Worth more without it",
    "none": "No loss shown",
    "open": "Too few repeats to tell",
}


def lay_out_studies(studies: Sequence[StudyRecord], latest: Mapping[str, AuditRecord]) -> Table:
    """One row a study, with actions `open ID`, `run ID` or `train ID`, and `edit ID`.

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
            "run": Cell("Run audit", action=f"run {study.id}")
            if n_sets
            else Cell("Train a generator", action=f"train {study.id}"),
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


def lay_out_experiments(experiments: Sequence[ExperimentRecord]) -> Table:
    """One row an experiment, with what it found; the action is `KIND STUDY_ID EXPERIMENT_ID`."""
    rows = []
    for one in experiments:
        cells = {
            "study": Cell(one.study_name),
            "kind": Cell(EXPERIMENT_KINDS.get(one.kind, one.kind)),
            "when": Cell("", one.finished_at.isoformat()),
            "found": Cell(_describe(one.id, one.kind)),
            "open": Cell("Open", action=f"{one.kind} {one.study_id} {one.id}"),
        }
        rows.append((one.id, cells))
    return Table(_EXPERIMENTS, tuple(rows))


@st.cache_data(max_entries=500, show_spinner=False)
def _summarise(audit_id: str) -> tuple[tuple[str, str], ...]:
    """An audit never changes, so its sentences are made once."""
    _, summary = load_audit_summary(open_database(get_settings()), audit_id)
    return summarise_answers(find_answers(summary))


@st.cache_data(max_entries=500, show_spinner=False)
def _describe(experiment_id: str, kind: str) -> str:
    """An experiment never changes either; one of another version says so and hides no other."""
    database = open_database(get_settings())
    try:
        if kind == "crop":
            return _describe_crop(load_crop_summary(database, experiment_id)[1])
        _, summary = load_utility_summary(database, experiment_id)
    except InputError as error:
        return str(error)
    baseline = next(iter(list_baselines(summary)))
    return describe_utility(summary, list_scores(summary)["accuracy"], baseline).headline


def _describe_crop(summary: CropSummary) -> str:
    answers = [one for one in answer_sets(summary) if one.synthetic is not None]
    parts = [
        f"{words}: {', '.join(str(one.synthetic) for one in answers if one.level == level)}."
        for level, words in _CROP_ANSWERS.items()
        if any(one.level == level for one in answers)
    ]
    return " ".join((describe_crop(summary), *parts))
