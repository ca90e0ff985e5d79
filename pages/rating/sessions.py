"""Rating sessions: blinded studies of whether experts tell synthetic images from real ones."""

import streamlit as st

from pages._shared.job_progress import show_active_jobs
from pages._shared.rating_choice import choose_session
from pages._shared.rating_form import show_session_form
from pages._shared.rating_list import lay_out_sessions
from pages._shared.rating_panel import show_session
from pages._shared.rating_unmade import show_unmade_session
from pages._shared.table import show_table
from pages._shared.workspace import open_workspace

PATH = "rating-sessions"

settings, database = open_workspace()
st.title("Rating sessions")
choice = choose_session(database, offers_new=True)
if choice.session is not None:
    show_active_jobs(study_id=choice.study.id, kind="rating")
    show_session(database, settings, choice.session, path=PATH)
elif choice.unmade is not None:
    show_unmade_session(database, choice.unmade)
else:
    # Nothing on the form runs by itself: counting the files takes a while, and what a timer sends meanwhile
    # holds the address from before.
    st.markdown(
        "Experts look at shuffled real and synthetic images and say which are fake. The share of synthetic "
        "images that they call fake is the fake identification rate (FIR): the lower, the more real a set "
        "looks; hold it against how often real images are called fake."
    )
    n_before = len(choice.sessions) + choice.n_waiting
    show_session_form(database, settings, choice.study, n_before=n_before, like=choice.like)
if choice.sessions:
    st.subheader("Sessions of this study")
    table = lay_out_sessions(database, choice.sessions)
    opened = show_table(table, key="rating_sessions", file_name="rating-sessions.csv", height_px=360)
    if opened:
        st.query_params["session"] = opened
        st.rerun()
