"""Overview: studies, what their last audits found, and a way in for newcomers."""

import streamlit as st

from core.db.audits import list_audits
from core.db.experiments import list_experiments
from core.db.jobs import list_jobs
from core.db.studies import list_studies, restore_study
from core.jobs.demo_job import DEMO_NAME
from core.jobs.submission import submit_demo
from pages._shared.job_progress import show_active_jobs
from pages._shared.links import GENERATORS, LAUNCH, QUALITY, SETUP
from pages._shared.overview_tables import lay_out_audits, lay_out_experiments, lay_out_studies
from pages._shared.results_links import page_of_experiment
from pages._shared.table import show_table
from pages._shared.workspace import open_workspace

settings, database = open_workspace()
studies, audits = list_studies(database), list_audits(database)
latest = {audit.study_id: audit for audit in reversed(audits)}
demo_runs = bool(list_jobs(database, kind="demo", active=True))


def start_demo() -> None:
    """Put the demo into the queue."""
    submit_demo(database, settings)


def restore(study_id: str) -> None:
    """Undo the removal of a study."""
    restore_study(database, study_id)


st.title("Overview")
if studies:
    audited = sum(study.id in latest for study in studies)
    st.markdown(f"**{len(studies)} {'study' if len(studies) == 1 else 'studies'}, {audited} audited.**")
elif not demo_runs:
    st.markdown("Two ways to begin:")

show_active_jobs()

if not studies and not demo_runs:
    left, right = st.columns(2, width=1100)
    with left.container(border=True, height="stretch"):
        st.subheader("See what an audit says")
        st.write(
            "The demo makes phantom chest films and six synthetic sets with known faults, such as copies and "
            "a burned-in marker, and audits them. It needs no data and no network, and takes about a minute."
        )
        st.button("Run the demo", type="primary", icon=":material/play_arrow:", on_click=start_demo)
    with right.container(border=True, height="stretch"):
        st.subheader("Audit your own images")
        st.write(
            "A study is one folder of real images, one folder of images for each generator and, better, "
            "one of real images that no generator has seen. Without a generator, train one here."
        )
        if st.button("Set up a study", icon=":material/create_new_folder:"):
            st.switch_page(SETUP)

if studies:
    st.subheader("Studies")
    clicked = show_table(lay_out_studies(studies, latest), key="studies", file_name="studies.csv")
    if clicked:
        action, _, study_id = clicked.partition(" ")
        target = {"open": QUALITY, "run": LAUNCH, "train": GENERATORS, "edit": SETUP}[action]
        st.switch_page(target, query_params={"study": study_id})
    with st.container(horizontal=True):
        st.page_link(SETUP, label="Set up a study", icon=":material/create_new_folder:")
        if not demo_runs and all(study.name != DEMO_NAME for study in studies):
            st.button("Run the demo", icon=":material/play_arrow:", on_click=start_demo)

if audits:
    st.subheader("Last audits")
    clicked = show_table(lay_out_audits(audits[:20]), key="audits", file_name="audits.csv")
    if clicked:
        study_id, _, audit_id = clicked.partition(" ")
        st.switch_page(QUALITY, query_params={"study": study_id, "audit": audit_id})

experiments = list_experiments(database, limit=10)
if experiments:
    st.subheader("Last experiments")
    clicked = show_table(lay_out_experiments(experiments), key="experiments", file_name="experiments.csv")
    if clicked:
        kind, study_id, experiment_id = clicked.split(" ")
        target = page_of_experiment(kind)
        st.switch_page(target, query_params={"study": study_id, "experiment": experiment_id})

removed = list_studies(database, removed=True)
if removed:
    with st.expander(f"Removed studies ({len(removed)})"):
        for study in removed:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.text(study.name)
                st.button("Restore", key=f"restore_{study.id}", on_click=restore, args=(study.id,))
