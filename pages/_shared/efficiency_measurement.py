"""Costs of generators as they were measured, and the job that measures one on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.config import Settings
from core.db.database import Database
from core.db.generator_runs import GeneratorRun
from core.db.jobs import list_jobs
from core.errors import MedSynError
from core.generators.efficiency_record import load_efficiency
from core.generators.run_folder import RunFolder
from core.generators.standing import describe_standing
from core.jobs.generator_submission import submit_measure
from core.jobs.job_folder import generator_folder
from core.report.efficiency_table import GeneratorCost
from pages._shared.job_progress import show_active_jobs, show_last_job
from pages._shared.names import escape_markdown

__all__ = ["read_costs", "show_measurement"]


def read_costs(settings: Settings, runs: Sequence[GeneratorRun]) -> dict[str, GeneratorCost]:
    """Read what was measured, by the generator's id; a damaged file is said and left out."""
    costs = {}
    for run in runs:
        try:
            cost = load_efficiency(RunFolder(generator_folder(settings, run.id)))
        except MedSynError as error:
            st.warning(escape_markdown(f"{run.name}: {error}"))
            continue
        if cost is not None:
            costs[run.id] = GeneratorCost(run.name, cost, run.options)
    return costs


def show_measurement(
    database: Database, settings: Settings, runs: Sequence[GeneratorRun], costs: Mapping[str, GeneratorCost]
) -> None:
    """Name the generators that were not measured, and offer to measure any that can draw."""
    show_active_jobs(kind="measure")
    show_last_job(list_jobs(database, limit=1, kind="measure"), "measurement")
    able = {run.id: run for run in runs if _can_draw(settings, run)}
    missing = [run.name for run in runs if run.id not in costs]
    if missing:
        st.caption(
            f"Not measured: {escape_markdown(', '.join(missing))}. It is done when training ends; one whose "
            "training was stopped can be measured here once all its parts have begun."
        )
    if not able:
        return
    with st.form("measure"), st.container(horizontal=True, vertical_alignment="bottom"):
        # What was never measured comes first.
        ordered = sorted(able, key=lambda run_id: run_id in costs)
        chosen = st.selectbox(
            "Measure on this machine",
            ordered,
            format_func=lambda run_id: able[run_id].name,
            help="Draws for about 20 seconds; what was measured before is replaced. While other jobs run, "
            "times come out too long.",
        )
        if st.form_submit_button("Measure", icon=":material/speed:") and chosen is not None:
            try:
                submit_measure(database, settings, able[chosen])
            except MedSynError as error:
                st.error(escape_markdown(str(error)))
            else:
                st.rerun()


def _can_draw(settings: Settings, run: GeneratorRun) -> bool:
    try:
        return describe_standing(RunFolder(generator_folder(settings, run.id))).can_draw
    except MedSynError:
        return False
