"""Privacy review: the images most likely to be copies, each beside its nearest real one, and verdicts."""

import streamlit as st

from core.audit.archive import load_audit_summary
from core.audit.pairs import load_pairs
from core.db.audits import list_audits
from core.db.reviews import list_reviews, load_review_pairs
from core.db.studies import list_studies
from core.errors import InputError
from core.jobs.job_folder import audit_folder
from pages._shared.job_progress import show_active_jobs
from pages._shared.links import LAUNCH, OVERVIEW
from pages._shared.names import escape_markdown
from pages._shared.review_answers import show_copy_answers
from pages._shared.review_filters import choose_filters
from pages._shared.review_outcome import find_adjudication, find_shown_outcomes, show_outcome
from pages._shared.review_queue import Reading, show_queue
from pages._shared.review_reader import ask_reader
from pages._shared.review_setup import show_review_form
from pages._shared.selection import choose
from pages._shared.times import format_instant
from pages._shared.workspace import open_workspace

NEW = "new"

settings, database = open_workspace()
st.title("Privacy review")
studies = list_studies(database)
if not studies:
    st.info("No study yet. Set one up, or run the demo, from the overview.")
    st.page_link(OVERVIEW, label="To the overview", icon=":material/overview:")
    st.stop()

study_column, audit_column, review_column, reader_column = st.columns([2, 2, 2, 2])
audited = {audit.study_id for audit in list_audits(database)}
ordered = sorted(studies, key=lambda study: study.id not in audited)
with study_column:
    study_id = choose("Study", {study.id: study.name for study in ordered}, param="study")
show_active_jobs(study_id=study_id)
audits = list_audits(database, study_id=study_id)
if not audits:
    st.info("This study has no audit yet.")
    st.page_link(LAUNCH, label="Run an audit", icon=":material/play_arrow:", query_params={"study": study_id})
    st.stop()
with audit_column:
    audit_id = choose("Audit", {one.id: format_instant(one.finished_at) for one in audits}, param="audit")
_, summary = load_audit_summary(database, audit_id)
reviews = {review.id: review for review in list_reviews(database, audit_id)}
with review_column:
    names = {key: f"{one.name}{', locked' if one.is_locked else ''}" for key, one in reviews.items()}
    review_id = choose("Review", names | {NEW: "New review"}, param="review")
with reader_column:
    reader = ask_reader()

review = reviews.get(review_id)
shown = find_shown_outcomes(database, settings, review, reader) if review else None
reads = bool(review and reader)
answer_column, filter_column = st.columns(2) if reads else (st.container(), st.container())
with answer_column:
    show_copy_answers(summary, shown, folded=reads)
try:
    load_pairs(audit_folder(settings, audit_id))
except InputError as error:
    st.info(escape_markdown(str(error)))
    st.page_link(LAUNCH, label="Run an audit", icon=":material/play_arrow:", query_params={"study": study_id})
    st.stop()
if not reader:
    st.info("Enter your name above: verdicts are kept under it, and nobody else sees them while you read.")
elif review is None:
    show_review_form(database, settings, audit_id, reader=reader)
elif adjudication := find_adjudication(database, settings, review, reader):
    show_queue(adjudication)
else:
    pairs = load_review_pairs(database, review.id)
    with filter_column:
        filters = choose_filters(pairs)
    show_queue(Reading(review, pairs, reader, filters=filters))
if review:
    show_outcome(review.id, review.audit_id, reader)
