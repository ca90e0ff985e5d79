"""What a generator costs, and every setting that it was made with."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from core.db.generator_runs import GeneratorRun, remove_generator_run
from core.db.studies import StudyRecord
from core.generators.efficiency_record import load_efficiency
from core.generators.families import FAMILIES
from core.jobs.generator_state import GeneratorState
from pages._shared.links import EFFICIENCY, GENERATORS
from pages._shared.names import escape_markdown
from pages._shared.table import Cell, Column, Table, show_table
from pages._shared.workspace import open_workspace

__all__ = ["show_cost", "show_record"]

_MIB: Final = 2**20
_COLUMNS: Final = (
    Column("setting", "Setting", width=210),
    Column("value", "Value", "Bold where it is not the preset's."),
    Column("preset", "Preset", "What the preset that it began with has there."),
    Column("about", "What it does"),
)
_EXTRACTOR = (
    "Its autoencoder is an extractor now: `vqvae-top` (coarse codes) and `vqvae-bottom` (fine codes) "
    "describe images by the codes that it learned; choose it on Run audit."
)


def show_cost(state: GeneratorState, study: StudyRecord) -> None:
    """Show what drawing and training cost, as measured at the end of training."""
    cost = load_efficiency(state.folder)
    if cost is None:
        return
    st.subheader("What it costs", anchor=False)
    scaled = f", scaled up from {cost.timed_images:,}" if cost.timed_images < 1000 else ""
    with st.container(horizontal=True):
        st.metric(
            "Memory for 8 images ↓",
            f"{_write_mib(cost.peak_memory_bytes)}",
            help="Tensors alive at most while 8 images are drawn at once, weights included; lower is better.",
            border=True,
        )
        st.metric(
            "Time for 1,000 images ↓",
            f"{cost.seconds_per_1000:,.3g} s",
            help=f"In batches of {cost.settings.get('batch_size', '?')}{scaled}; lower is better.",
            border=True,
        )
        st.metric(
            "Parameters",
            f"{cost.n_parameters:,}",
            help="Numbers that were learned, of the networks that draw.",
            border=True,
        )
        for phase, speed in cost.training_images_per_second.items():
            st.metric(
                f"Training, {escape_markdown(phase)} ↑",
                f"{speed:,.0f} images/s",
                help=f"Speed of training on {cost.training_device.upper()}; higher is better.",
                border=True,
            )
    st.caption(
        escape_markdown(
            f"Images were drawn on {cost.device}. Training took {cost.training_seconds:,.0f} s on "
            f"{cost.training_device.upper()}. Numbers of different devices cannot be compared."
        )
    )
    st.page_link(
        EFFICIENCY,
        label="Beside other generators",
        icon=":material/speed:",
        query_params={"study": study.id},
    )


def show_record(run: GeneratorRun, state: GeneratorState) -> None:
    """Show all settings, those that are not the preset's marked, and the way to use them again."""
    if run.family == "vqvae2" and state.standing.phases and state.standing.phases[0].is_complete:
        st.info(_EXTRACTOR)
    with st.expander("All settings"):
        show_table(_lay_out(run), key="generator_settings", file_name=f"settings-{run.id}.csv")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            GENERATORS,
            label="Use these settings again",
            icon=":material/content_copy:",
            query_params={"study": run.study_id, "like": run.id},
        )
        if run.removed_at is None:
            st.button(
                "Remove",
                key="remove_generator",
                icon=":material/delete:",
                disabled=state.is_active,
                help="Cancel its training first."
                if state.is_active
                else "Takes it off the lists; nothing is deleted, and it can be restored.",
                on_click=_remove,
                args=(run.id,),
            )


def _lay_out(run: GeneratorRun) -> Table:
    family = FAMILIES[run.family]
    preset = family.presets.get(run.preset)
    start = {} if preset is None else preset.model_dump(mode="json")
    rows = []
    for name, value in run.options.items():
        field = family.options.model_fields.get(name)
        differs = name in start and start[name] != value
        rows.append(
            (
                name,
                {
                    "setting": Cell(name),
                    "value": Cell(_show(value), strong=differs),
                    "preset": Cell(_show(start[name]) if name in start else ""),
                    "about": Cell((field.description or "") if field else ""),
                },
            )
        )
    return Table(_COLUMNS, tuple(rows))


def _write_mib(n_bytes: int) -> str:
    mib = n_bytes / _MIB
    return f"{mib:,.0f} MiB" if mib >= 100 else f"{mib:.3g} MiB"


def _show(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _remove(run_id: str) -> None:
    _, database = open_workspace()
    remove_generator_run(database, run_id)
