"""One generator: its training as it goes on, what it draws, what it costs, and its settings."""

from __future__ import annotations

import streamlit as st

from core.config import Settings
from core.db.database import Database
from core.db.generator_runs import GeneratorRun
from core.db.studies import StudyRecord
from core.jobs.generator_state import GeneratorState, load_generator_state
from pages._shared.generator_drawing import show_drawing
from pages._shared.generator_losses import show_losses
from pages._shared.generator_record import show_cost, show_record
from pages._shared.generator_samples import show_samples
from pages._shared.generator_sets import show_drawn_sets
from pages._shared.generator_standing import show_head, show_standing
from pages._shared.links import GENERATORS
from pages._shared.workspace import open_workspace

__all__ = ["show_run"]

_EVERY_S = 2.0


def show_run(database: Database, settings: Settings, study: StudyRecord, run: GeneratorRun) -> None:
    """Show a generator; what changes while it is trained is kept up to date.

    Args:
        database: where studies, generators and jobs are kept.
        settings: the workspace.
        study: the study that is chosen; a generator of another one is left.
        run: the generator, which may be a removed one.

    Raises:
        InputError: if its files are damaged or of another version.
        UnknownNameError: if its family is not there.
        DatabaseError: if the database does not answer.
    """
    if run.study_id != study.id:
        # Another study was chosen since.
        del st.query_params["run"]
        st.rerun()
    st.page_link(
        GENERATORS, label="All generators", icon=":material/arrow_back:", query_params={"study": study.id}
    )
    state = load_generator_state(database, settings, run)
    show_head(run, state)
    every = _EVERY_S if state.is_active else None
    st.fragment(_show_training, run_every=every)(run, _look_of(state))
    show_drawing(database, settings, run, state)
    show_drawn_sets(database, study, run)
    show_cost(state, study)
    show_record(run, state)


def _show_training(run: GeneratorRun, known: tuple[object, ...]) -> None:
    settings, database = open_workspace()
    state = load_generator_state(database, settings, run)
    if _look_of(state) != known:
        st.rerun()
    show_standing(run, state)
    show_samples(state)
    show_losses(run, state)


def _look_of(state: GeneratorState) -> tuple[object, ...]:
    """What the rest of the page goes by."""
    job = state.job and (state.job.id, state.job.state.has_ended)
    return job, state.standing.has_begun, state.standing.can_draw
