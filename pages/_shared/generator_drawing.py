"""The form that draws images from a generator."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st
from pydantic import ValidationError

from core.config import Settings
from core.datasets.study import clean_name
from core.db.database import Database
from core.db.generator_runs import GeneratorRun
from core.errors import InputError
from core.generators.efficiency_record import load_efficiency
from core.generators.run_folder import RunRecord
from core.generators.sampling_settings import SamplingSettings
from core.jobs.generator_jobs import list_generator_jobs
from core.jobs.generator_state import GeneratorState
from core.jobs.generator_submission import submit_generate
from core.jobs.train_job import read_options
from core.validation import explain_first
from pages._shared.generator_sampling import choose_sampling
from pages._shared.job_progress import show_last_job
from pages._shared.names import escape_markdown, show_name

__all__ = ["show_drawing"]

_MOST: Final = 1_000_000
_NAME_HELP = (
    "What the set of images is called, here and in a study: letters, digits, spaces and _.+()-, 80 at most."
)
_COUNT_HELP = (
    "Images in all, shared out over the classes as among the training images. As many as these by default, "
    "so that the set can be held against them."
)
_CLASSES_HELP = "Draw images of these classes only; none chosen draws all."
_SEED_HELP = "The same seed with the same weights and settings draws the same images."


def show_drawing(database: Database, settings: Settings, run: GeneratorRun, state: GeneratorState) -> None:
    """Ask what is to be drawn, and draw it; say what is missing where nothing can be drawn yet."""
    st.subheader("Draw images", anchor=False)
    if not state.standing.can_draw:
        st.info(_explain_missing(state))
        return
    record = state.folder.read_record()
    if not state.standing.is_complete:
        st.caption("Its training is not over: images are drawn from the checkpoints that there are by then.")
    jobs = list_generator_jobs(database, run, kind="generate")
    show_last_job(jobs, "set of images", kept="What it drew lies in its folder; Run again on Jobs goes on.")
    used = {str(job.payload.get("name", "")).casefold() for job in jobs}
    try:
        asked = _ask(run, record, used)
    except InputError as error:
        st.error(escape_markdown(str(error)))
        return
    _tell_time(state, asked["count"])
    if st.button("Draw images", type="primary", icon=":material/auto_awesome:", key="draw"):
        submit_generate(database, settings, run, **asked)
        st.rerun()


def _explain_missing(state: GeneratorState) -> str:
    lacking = [phase.name for phase in state.standing.phases if not phase.has_begun]
    if not lacking:
        return "Images can be drawn as soon as training has made its first checkpoint: train it above."
    todo = "it is in training" if state.is_active else "go on with the training above"
    return f"Images can be drawn as soon as {' and '.join(lacking)} have a checkpoint: {todo}."


def _ask(run: GeneratorRun, record: RunRecord, used: set[str]) -> dict[str, Any]:
    """Ask for all that `submit_generate` takes.

    Raises:
        InputError: if it does not go together.
    """
    # A set that was drawn has its name: the next one begins with another, and its own fields.
    key = f"draw_{run.id}_{len(used)}"
    left, middle, right = st.columns([2, 1, 1])
    name = left.text_input("Name", _suggest_name(run.name, used), key=f"{key}_name", help=_NAME_HELP)
    count = middle.number_input(
        "Images", 1, _MOST, min(sum(record.n_images), _MOST), key=f"{key}_count", help=_COUNT_HELP
    )
    seed = right.number_input("Seed", 0, 2**32 - 1, 0, key=f"{key}_seed", help=_SEED_HELP)
    classes: list[str] = []
    if record.options.get("is_conditional") and len(record.classes) > 1:
        classes = st.multiselect(
            "Classes",
            record.classes,
            key=f"{key}_classes",
            format_func=show_name,
            placeholder="All",
            help=_CLASSES_HELP,
        )
    elif len(record.classes) > 1:
        st.caption("It was trained without classes, so images are drawn of all of them mixed.")
    with st.expander("All settings of drawing"):
        chosen = choose_sampling(run.family, read_options(run), key=key)
    wanted = " ".join(name.split())
    if clean_name(wanted) != wanted:
        raise InputError(f"{_NAME_HELP} Such as {clean_name(wanted)!r}.")
    try:
        sampling = SamplingSettings.model_validate(chosen | {"seed": seed})
    except ValidationError as error:
        raise InputError(explain_first(error)) from error
    return {"name": wanted, "count": count, "classes": classes, "sampling": sampling}


def _suggest_name(run_name: str, used: set[str]) -> str:
    name, number = clean_name(run_name), 2
    while name.casefold() in used:
        name, number = f"{clean_name(run_name)[:76]} {number}", number + 1
    return name


def _tell_time(state: GeneratorState, count: int) -> None:
    """Say how long it will take, where that was measured."""
    cost = load_efficiency(state.folder)
    if cost is not None:
        seconds = cost.seconds_per_1000 * count / 1000
        st.caption(
            escape_markdown(
                f"About {_write_time(seconds)} for {count:,} images, as measured on {cost.device} with "
                "the run's own settings."
            )
        )


def _write_time(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:,.0f} min" if seconds < 5400 else f"{seconds / 3600:,.1f} h"
