"""The study and utility experiment that a page shows, chosen at its top and kept in the address."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import streamlit as st

from core.db.experiments import list_experiments
from core.db.job_record import JobRecord, JobState
from core.db.jobs import list_jobs
from core.db.studies import StudyRecord, list_studies
from core.jobs.description import describe_job
from core.jobs.job_folder import experiment_folder
from core.utility.archive import load_utility_summary
from core.utility.result import UtilitySummary
from pages._shared.job_progress import show_active_jobs
from pages._shared.links import JOBS, OVERVIEW
from pages._shared.names import escape_markdown
from pages._shared.selection import choose
from pages._shared.times import format_instant
from pages._shared.workspace import open_workspace

__all__ = ["KIND_TITLES", "NEW", "UTILITY_KINDS", "FinishedExperiment", "UtilityChoice", "choose_experiment"]

NEW: Final = "new"
"""Stands in the address for the form of a new experiment."""

KIND_TITLES: Final = {"augmentation": "Augmentation", "feature-extraction": "Feature extraction"}
UTILITY_KINDS: Final = tuple(KIND_TITLES)


@dataclass(frozen=True, slots=True)
class FinishedExperiment:
    """An experiment with what it found.

    Attributes:
        id: the experiment, which is the id of the job that ran it.
        folder: its files.
        summary: what it found.
    """

    id: str
    folder: Path
    summary: UtilitySummary


@dataclass(frozen=True, slots=True)
class UtilityChoice:
    """What the page shows.

    Attributes:
        study: the study.
        experiment: the finished experiment, or None where a new one is to be set up.
        n_finished: finished experiments of the study.
    """

    study: StudyRecord
    experiment: FinishedExperiment | None
    n_finished: int


def choose_experiment() -> UtilityChoice:
    """Ask for study and experiment, show running jobs; without a study, link to where to set one up.

    A job that has not ended stands in the list beside finished experiments: its id is theirs once it has.
    While it is chosen, and it runs or failed, the page ends with that.
    """
    settings, database = open_workspace()
    studies = list_studies(database)
    if not studies:
        st.info("No study yet. Set one up, or run the demo, from the overview.")
        st.page_link(OVERVIEW, label="To the overview", icon=":material/overview:")
        st.stop()
    studies_of = {one.id: one.study_id for one in list_experiments(database, kinds=UTILITY_KINDS)}
    # An address may name the experiment alone.
    first = studies_of.get(st.query_params.get("experiment", ""))
    with_experiments = set(studies_of.values())
    ordered = sorted(studies, key=lambda study: (study.id != first, study.id not in with_experiments))
    study_column, experiment_column = st.columns([2, 3])
    with study_column:
        study_id = choose("Study", {one.id: one.name for one in ordered}, param="study")
    study = next(one for one in ordered if one.id == study_id)
    finished = {one.id: one for one in list_experiments(database, study_id=study_id, kinds=UTILITY_KINDS)}
    asked = st.query_params.get("experiment", "")
    if studies_of.get(asked, study_id) != study_id:
        # Another study was chosen since.
        del st.query_params["experiment"]
    jobs = {
        job.id: job
        for job in list_jobs(database, study_id=study_id, kind="utility")
        if job.id not in finished and (not job.state.has_ended or job.id == asked)
    }
    shown = {
        key: f"{KIND_TITLES[one.kind]}, {format_instant(one.finished_at)}" for key, one in finished.items()
    }
    shown |= {key: f"{job.title}, {format_instant(job.created_at)}" for key, job in jobs.items()}
    with experiment_column:
        experiment_id = choose(
            "Experiment",
            shown | {NEW: "New experiment"},
            param="experiment",
            help="An experiment's numbers never change; each one is kept.",
        )
    show_active_jobs(study_id=study_id)
    if experiment_id in jobs:
        _show_unfinished(jobs[experiment_id])
        st.stop()
    if experiment_id not in finished:
        return UtilityChoice(study, None, len(finished))
    _, summary = load_utility_summary(database, experiment_id)
    folder = experiment_folder(settings, experiment_id)
    return UtilityChoice(study, FinishedExperiment(experiment_id, folder, summary), len(finished))


def _show_unfinished(job: JobRecord) -> None:
    if not job.state.has_ended:
        st.info("This experiment has not ended; its results appear here when it has. The page may be closed.")
        return
    # Who cancels knows; what failed is an error.
    show = st.info if job.state is JobState.CANCELLED else st.error
    show(escape_markdown(job.exit_reason or describe_job(job, job.created_at).word))
    st.text("Trainings that were finished are kept; run again, the experiment goes on where it stopped.")
    st.page_link(
        JOBS, label="Log, and run again", icon=":material/work_history:", query_params={"job": job.id}
    )
