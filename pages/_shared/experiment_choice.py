"""The study and experiment that a page shows, chosen at its top and kept in the address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

import streamlit as st

from core.db.database import Database
from core.db.experiments import ExperimentRecord, list_experiments
from core.db.job_record import JobRecord, JobState
from core.db.jobs import list_jobs
from core.db.studies import StudyRecord
from core.jobs.description import describe_job
from core.jobs.job_folder import experiment_folder
from pages._shared.job_progress import show_active_jobs
from pages._shared.links import JOBS
from pages._shared.names import escape_markdown
from pages._shared.selection import choose
from pages._shared.study_choice import choose_study
from pages._shared.times import format_instant
from pages._shared.workspace import open_workspace

__all__ = ["NEW", "ExperimentChoice", "FinishedExperiment", "choose_experiment"]

NEW: Final = "new"
"""Stands in the address for the form of a new experiment."""

Summary = TypeVar("Summary")


@dataclass(frozen=True, slots=True)
class FinishedExperiment(Generic[Summary]):
    """An experiment with what it found.

    Attributes:
        id: the experiment, which is the id of the job that ran it.
        folder: its files.
        summary: what it found.
    """

    id: str
    folder: Path
    summary: Summary


@dataclass(frozen=True, slots=True)
class ExperimentChoice(Generic[Summary]):
    """What the page shows.

    Attributes:
        study: the study.
        experiment: the finished experiment, or None where a new one is to be set up.
        n_finished: finished experiments of the study.
    """

    study: StudyRecord
    experiment: FinishedExperiment[Summary] | None
    n_finished: int


def choose_experiment(
    kinds: Mapping[str, str],
    load: Callable[[Database, str], tuple[ExperimentRecord, Summary]],
    *,
    job_kind: str,
    opens_form: bool = False,
) -> ExperimentChoice[Summary]:
    """Ask for study and experiment, show running jobs; without a study, link to where to set one up.

    A job that has not ended stands in the list beside finished experiments: its id is theirs once it has.
    While it is chosen, and it runs or failed, the page ends with that.

    Args:
        kinds: each kind of experiment that the page shows, to what a list calls it; empty where the page has
            one kind only.
        load: reads a finished experiment of these kinds from the database.
        job_kind: the kind of job that runs them.
        opens_form: whether the form of a new one is shown where the address names no experiment.
    """
    settings, database = open_workspace()
    owners = {one.id: one.study_id for one in list_experiments(database, kinds=list(kinds))}
    study_column, experiment_column = st.columns([2, 3])
    study = choose_study(database, study_column, owners=owners, param="experiment", needs_synthetic=True)
    finished = {
        one.id: ", ".join(filter(None, (kinds[one.kind], format_instant(one.finished_at))))
        for one in list_experiments(database, study_id=study.id, kinds=list(kinds))
    }
    asked = st.query_params.get("experiment", "")
    if owners.get(asked, study.id) != study.id:
        # Another study was chosen since.
        del st.query_params["experiment"]
    jobs = {
        job.id: job
        for job in list_jobs(database, study_id=study.id, kind=job_kind)
        if job.id not in finished and (not job.state.has_ended or job.id == asked)
    }
    shown = finished | {key: f"{job.title}, {format_instant(job.created_at)}" for key, job in jobs.items()}
    with experiment_column:
        experiment_id = choose(
            "Experiment",
            shown | {NEW: "New experiment"},
            param="experiment",
            default=NEW if opens_form else None,
            help="An experiment's numbers never change; each one is kept.",
        )
    show_active_jobs(study_id=study.id)
    if experiment_id in jobs:
        _show_unfinished(jobs[experiment_id])
        st.stop()
    if experiment_id not in finished:
        return ExperimentChoice(study, None, len(finished))
    _, summary = load(database, experiment_id)
    experiment = FinishedExperiment(experiment_id, experiment_folder(settings, experiment_id), summary)
    return ExperimentChoice(study, experiment, len(finished))


def _show_unfinished(job: JobRecord) -> None:
    if not job.state.has_ended:
        st.info("This experiment has not ended; its results appear here when it has. The page may be closed.")
        return
    # Who cancels knows; what failed is an error.
    show = st.info if job.state is JobState.CANCELLED else st.error
    show(escape_markdown(job.exit_reason or describe_job(job, job.created_at).word))
    st.text("What was finished is kept; run again, the experiment goes on where it stopped.")
    st.page_link(
        JOBS, label="Log, and run again", icon=":material/work_history:", query_params={"job": job.id}
    )
