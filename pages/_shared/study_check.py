"""The check of every file of a study that is being set up: start, progress, findings."""

from __future__ import annotations

import streamlit as st

from core.config import Settings
from core.datasets.study_folders import StudyFolders
from core.db.database import Database
from core.db.job_record import JobRecord
from core.db.jobs import list_jobs
from core.jobs.check_job import CheckPayload, StudyCheck
from core.jobs.queue import submit_job
from pages._shared.job_progress import show_active_jobs
from pages._shared.names import escape_markdown, show_name
from pages._shared.table import Cell, Column, Table, show_table

__all__ = ["show_study_check"]

_COLUMNS = (
    Column("set", "Set"),
    Column("n", "Images", kind="number"),
    Column("left_out", "Left out", kind="number"),
    Column("repeated", "Repeated", "Pictures that occur more than once in the set.", kind="number"),
    Column("classes", "Classes"),
    Column("formats", "Formats"),
)
_FILES = (Column("file", "File"), Column("set", "Set"), Column("reason", "Why it is left out"))


def show_study_check(database: Database, settings: Settings, folders: StudyFolders) -> None:
    """Offer to read every file, and show what that found."""
    payload = CheckPayload(folders=folders).model_dump(mode="json")
    jobs = [job for job in list_jobs(database, kind="check") if job.payload == payload]
    latest = jobs[0] if jobs else None
    show_active_jobs(kind="check")
    if latest is None or latest.state.has_ended:
        st.button(
            "Check every file" if latest is None else "Check again",
            icon=":material/fact_check:",
            help="Reads every file as an audit would, and lists what cannot be read, and repeated and shared "
            "images. What was read is kept for the audit.",
            on_click=_start,
            args=(database, settings, payload),
        )
    if latest is not None and latest.state.has_ended:
        _show_end(latest)


def _start(database: Database, settings: Settings, payload: dict[str, object]) -> None:
    submit_job(database, settings, kind="check", payload=payload, title="Check of every file")


def _show_end(job: JobRecord) -> None:
    if job.outcome is None:
        st.error(escape_markdown(job.exit_reason))
        return
    found = StudyCheck.model_validate(job.outcome)
    for warning in found.warnings:
        st.warning(escape_markdown(warning))
    rows = tuple(
        (
            one.name,
            {
                "set": Cell(one.name),
                "n": Cell(f"{one.n:,}", one.n),
                "left_out": Cell(
                    f"{len(one.unreadable):,}", len(one.unreadable), strong=bool(one.unreadable)
                ),
                "repeated": Cell(f"{len(one.duplicates):,}", len(one.duplicates)),
                "classes": Cell(", ".join(f"{show_name(name)} {n:,}" for name, n in one.classes.items())),
                "formats": Cell(", ".join(f"{name} {n:,}" for name, n in one.formats.items())),
            },
        )
        for one in found.sets
    )
    show_table(Table(_COLUMNS, rows, "Every file was read."), key="checked_sets", file_name="image-sets.csv")
    bad = tuple(
        (
            f"{one.name}/{place}",
            {"file": Cell(show_name(bad.file)), "set": Cell(one.name), "reason": Cell(bad.reason)},
        )
        for one in found.sets
        for place, bad in enumerate(one.unreadable)
    )
    if bad:
        show_table(Table(_FILES, bad), key="checked_files", file_name="left-out.csv", height_px=320)
