"""Efficiency: what each generator costs in memory and time, device by device."""

import streamlit as st

from core.csv_text import render_csv
from core.db.generator_runs import list_generator_runs
from core.db.studies import list_studies
from core.generators.published_costs import SOURCE
from core.report.efficiency_table import group_by_device, say_cheapest, tabulate_costs
from pages._shared.efficiency_measurement import read_costs, show_measurement
from pages._shared.efficiency_table import lay_out_costs, lay_out_published
from pages._shared.links import GENERATORS, OVERVIEW
from pages._shared.names import escape_markdown
from pages._shared.selection import choose, switch
from pages._shared.table import show_table
from pages._shared.workspace import open_workspace

ALL = "all"

settings, database = open_workspace()
st.title("Efficiency")
studies = {study.id: study.name for study in list_studies(database)}
if not studies:
    st.info("No study yet. Set one up, or run the demo, from the overview.")
    st.page_link(OVERVIEW, label="To the overview", icon=":material/overview:")
    st.stop()
study_id = choose("Study", {ALL: "All studies", **studies}, param="study", help="Whose generators are shown.")
runs = [
    run
    for run in list_generator_runs(database, None if study_id == ALL else study_id)
    if run.study_id in studies
]
by_id = {run.id: run for run in runs}
of_study = {} if study_id == ALL else {"study": study_id}
if not runs:
    st.info(
        "No generator yet. What drawing from one costs in memory and time is measured when its training ends."
    )
    st.page_link(
        GENERATORS, label="Train a generator", icon=":material/model_training:", query_params=of_study
    )
    st.stop()

costs = read_costs(settings, runs)
has_several_studies = len({by_id[run_id].study_id for run_id in costs}) > 1
devices = group_by_device(list(costs.values()))
if len(devices) > 1:
    st.info(
        f"Measured on {len(devices)} devices: memory and time compare within a device alone. Below, a "
        "generator can be measured again on this machine."
    )
for number, (device, group) in enumerate(devices.items()):
    st.subheader(escape_markdown(device))
    st.markdown(f"**{escape_markdown(say_cheapest(group))}**")
    shown = {run_id: one for run_id, one in costs.items() if one.cost.device == device}
    names = {run_id: studies[by_id[run_id].study_id] for run_id in shown} if has_several_studies else {}
    clicked = show_table(
        lay_out_costs(shown, studies=names), key=f"costs_{number}", file_name=f"efficiency-{number + 1}.csv"
    )
    if clicked in by_id:
        st.switch_page(GENERATORS, query_params={"study": by_id[clicked].study_id, "run": clicked})
    if len({(one.cost.size_px, one.cost.channels) for one in group}) > 1:
        st.caption("Images of these generators differ in size or colour: larger ones cost more.")
if len(devices) > 1:
    st.download_button(
        "All devices as CSV",
        render_csv(tabulate_costs(list(costs.values()))),
        file_name="efficiency.csv",
        mime="text/csv",
        icon=":material/download:",
        help="Every generator above with its device, values with all digits.",
        on_click="ignore",
    )
show_measurement(database, settings, runs, costs)

if switch("Published figures", param="published", help="What a published study said of its generators."):
    show_table(lay_out_published(), key="published", file_name="published-costs.csv")
    st.caption(
        f"{SOURCE}. Given without a device or how memory was counted: an order of magnitude, no comparison."
    )
