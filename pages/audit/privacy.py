"""Privacy review: the images most likely to be copies, each beside its nearest real one, and verdicts."""

import streamlit as st

from core.audit.pairs import load_pairs
from core.db.reviews import list_reviews, load_review_pairs
from core.errors import InputError
from pages._shared.audit_choice import choose_finished_audit, lead_to_new_audit
from pages._shared.review_answers import show_copy_answers
from pages._shared.review_filters import choose_filters
from pages._shared.review_outcome import find_adjudication, find_shown_outcomes, show_outcome
from pages._shared.review_queue import Reading, show_queue
from pages._shared.review_reader import ask_reader
from pages._shared.review_setup import show_review_form
from pages._shared.selection import choose
from pages._shared.workspace import open_workspace

NEW = "new"

settings, database = open_workspace()
st.title("Privacy review")
study_column, audit_column, review_column, reader_column = st.columns([2, 2, 2, 2])
audit = choose_finished_audit(study_column, audit_column)
audit_id, summary = audit.record.id, audit.summary
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
    load_pairs(audit.folder)
except InputError as error:
    lead_to_new_audit(audit.record.study_id, str(error))
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
