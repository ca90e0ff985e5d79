"""Generators: those of a study and the form that trains one, or one of them by itself."""

import streamlit as st

from core.db.generator_runs import list_generator_runs, load_generator_run
from pages._shared.generator_adoption import show_adoption
from pages._shared.generator_form import show_generator_form
from pages._shared.generator_list import show_generators
from pages._shared.generator_run import show_run
from pages._shared.study_choice import choose_study
from pages._shared.workspace import open_workspace

settings, database = open_workspace()
st.title("Generators")
every = (*list_generator_runs(database), *list_generator_runs(database, removed=True))
owners = {run.id: run.study_id for run in every}
study = choose_study(database, st.container(), owners=owners, param="run")
run_id = st.query_params.get("run")
if run_id:
    show_run(database, settings, study, load_generator_run(database, run_id))
else:
    if "study" in st.query_params:
        # A link from this page to itself changes what the script is told and leaves the browser's address.
        st.query_params["study"] = study.id
    show_generators(database, settings, study)
    show_generator_form(database, settings, study)
    show_adoption(database, settings, study)
