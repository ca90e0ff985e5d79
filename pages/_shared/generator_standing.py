"""A generator's name, where its training stands, and what can be done about it."""

from __future__ import annotations

import streamlit as st

from core.db.generator_runs import GeneratorRun, load_generator_run, restore_generator_run
from core.db.job_record import JobState
from core.generators.families import FAMILIES
from core.jobs.generator_state import GeneratorState, describe_state
from core.jobs.generator_submission import submit_train
from pages._shared.job_progress import show_job
from pages._shared.links import JOBS
from pages._shared.names import escape_markdown, show_name
from pages._shared.times import format_instant
from pages._shared.workspace import open_workspace

__all__ = ["show_head", "show_standing"]

_TRAIN_HELP = "Trains in the background on the study's real images; this page may be closed meanwhile."
_GO_ON_HELP = "Goes on from the last checkpoint, to the same weights as if it had never stopped."
_MEASURE_HELP = "Draws images for up to half a minute, and notes their time and memory."


def show_head(run: GeneratorRun, state: GeneratorState) -> None:
    """Show what the generator is; a removed one can be restored."""
    st.header(escape_markdown(show_name(run.name)), anchor=False)
    family, size = FAMILIES[run.family], run.options.get("size_px")
    about = [
        f"{family.title} ({family.paper})",
        f"preset {run.preset}" if run.preset else "trained elsewhere",
        f"{size} × {size} pixels, {'colour' if run.options.get('channels') == 3 else 'grey'}",
    ]
    if state.folder.has_record:
        about.append(f"trained on {state.folder.read_record().device.upper()}")
    about.append(f"made {format_instant(run.created_at)}")
    st.caption(escape_markdown(" · ".join(about)))
    if run.removed_at is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info("This generator was removed from the lists; nothing of it is deleted.")
            st.button("Restore", icon=":material/undo:", on_click=_restore, args=(run.id,))


def show_standing(run: GeneratorRun, state: GeneratorState) -> None:
    """Say where training stands, with progress and cancel while it runs, else with what can be done next."""
    with st.container(border=True):
        st.markdown(f"**{escape_markdown(describe_state(state))}**")
        if state.job is not None and state.is_active:
            show_job(state.job)
            return
        _explain_end(state)
        if run.removed_at is None:
            _offer_training(run, state)


def _explain_end(state: GeneratorState) -> None:
    job = state.job
    if job is None or job.state is JobState.DONE:
        return
    if job.state is JobState.CANCELLED:
        # Who cancels knows.
        st.caption(f"Its last training job was cancelled {format_instant(job.ended_at or job.created_at)}.")
    else:
        st.error(escape_markdown(job.exit_reason))
    st.page_link(JOBS, label="Details", icon=":material/work_history:", query_params={"job": job.id})


def _offer_training(run: GeneratorRun, state: GeneratorState) -> None:
    if not state.standing.is_complete:
        begun = state.standing.has_begun
        st.button(
            "Go on" if begun else "Train",
            key="train",
            type="primary",
            icon=":material/play_arrow:",
            help=_GO_ON_HELP if begun else _TRAIN_HELP,
            on_click=_train,
            args=(run.id, _wants_tensorboard(state)),
        )
    elif not state.folder.efficiency_path.is_file():
        st.button(
            "Measure what it costs",
            key="train",
            icon=":material/speed:",
            help=_MEASURE_HELP,
            on_click=_train,
            args=(run.id, False),
        )


def _wants_tensorboard(state: GeneratorState) -> bool:
    return state.job is not None and bool(state.job.payload.get("tensorboard"))


def _train(run_id: str, tensorboard: bool) -> None:
    settings, database = open_workspace()
    submit_train(database, settings, load_generator_run(database, run_id), tensorboard=tensorboard)


def _restore(run_id: str) -> None:
    _, database = open_workspace()
    restore_generator_run(database, run_id)
