"""Rating results: how many synthetic images experts recognised as fake, and how sure that is."""

import streamlit as st

from core.datasets.study_folders import StudyFolders
from core.plots.style import assign_styles
from core.rating.design import SessionDesign
from pages._shared.links import RATING_SESSIONS
from pages._shared.names import escape_markdown
from pages._shared.rating_choice import choose_session
from pages._shared.rating_exports import show_answer_files
from pages._shared.rating_figures import show_fooled, show_roc, show_set_rates, show_times
from pages._shared.rating_gate import is_unblinded
from pages._shared.rating_panel import describe_design, mark_simulated
from pages._shared.rating_pictures import show_image_table, show_pictures
from pages._shared.rating_rates import lay_out_rates, list_parts
from pages._shared.rating_score_view import load_score, show_cautions, show_findings
from pages._shared.rating_tables import (
    lay_out_agreement,
    lay_out_comparisons,
    lay_out_flagged,
    lay_out_raters,
    lay_out_times,
)
from pages._shared.selection import choose
from pages._shared.table import show_table
from pages._shared.workspace import open_workspace

settings, database = open_workspace()
st.title("Rating results")
choice = choose_session(database, offers_new=False)
session = choice.session
if session is None:
    st.info("No rating session of this study yet: in one, experts say which images they take for fake.")
    view = {"study": choice.study.id}
    st.page_link(RATING_SESSIONS, label="Design one", icon=":material/groups:", query_params=view)
    st.stop()

mark_simulated(session)
score = None
if is_unblinded(database, session):
    score = load_score(database, session)
    if score is None:
        st.info("No scored trial of a synthetic image has been answered yet.")
view = {"study": session.study_id, "session": session.id}
if score is None:
    st.page_link(RATING_SESSIONS, label="Raters and links", icon=":material/groups:", query_params=view)
    st.stop()
folders = StudyFolders.model_validate(session.folders)
styles = assign_styles(dict.fromkeys([*(one.name for one in folders.synthetic), *score.by_set]))
cautions = show_findings(database, settings, session, score)

st.subheader("Fake identification rate")
show_set_rates(score, styles)
show_cautions(cautions)
with st.columns(3)[0]:
    part = choose("Rates by", list_parts(score), param="by", follows=True)
show_table(lay_out_rates(score, part), key="rating_rates", file_name=f"rates-{session.id}.csv")

if score.roc is not None:
    st.subheader("Confidence")
    show_roc(score)

if score.comparisons:
    st.subheader("Do sets differ?")
    table = lay_out_comparisons(score)
    show_table(table, key="rating_sets", file_name=f"sets-{session.id}.csv", height_px=440)

st.subheader("Images")
show_fooled(score, styles)
show_pictures(settings, session.id, score, styles)
show_image_table(score, session.id)

st.subheader("Agreement")
st.caption(
    "Of raters with each other, beyond what chance gives (0) up to always (1), and of each with what they "
    "said before. Who cannot tell fakes agrees by chance only, however careful."
)
show_table(lay_out_agreement(score), key="rating_agreement", file_name=f"agreement-{session.id}.csv")

st.subheader("Raters and times")
show_table(lay_out_raters(score), key="rating_by_rater", file_name=f"raters-{session.id}.csv", height_px=440)
show_times(score)
show_table(lay_out_times(score), key="rating_times", file_name=f"times-{session.id}.csv")
if score.flagged:
    with st.expander(f"{len(score.flagged):,} flagged trials"):
        show_table(lay_out_flagged(score), key="rating_flagged", file_name=f"flagged-{session.id}.csv")

show_answer_files(database, session)
st.caption(escape_markdown(describe_design(SessionDesign.model_validate(session.design))))
