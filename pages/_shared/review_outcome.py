"""What a review found, shown only to somebody whom it cannot bias any more, or who accepts that it does."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.config import Settings
from core.db.database import Database
from core.db.review_openings import has_opened, open_outcome
from core.db.review_record import ReviewRecord, Stage
from core.jobs.job_folder import audit_folder
from core.review.findings import ReviewFindings, find_review_results
from core.review.loaded import LoadedReview, load_whole_review
from core.review.outcome import SetOutcome, compute_calls, find_disagreements
from core.review.standing import compute_standing
from pages._shared.review_cleaned import show_cleaned
from pages._shared.review_closing import show_exports, show_lock
from pages._shared.review_queue import Reading
from pages._shared.review_tables import (
    lay_out_agreement,
    lay_out_confirmed,
    lay_out_readers,
    lay_out_sets,
)
from pages._shared.table import show_table
from pages._shared.workspace import open_workspace

__all__ = ["find_adjudication", "find_shown_outcomes", "show_outcome"]

_STAGE = "stage"


def find_shown_outcomes(
    database: Database, settings: Settings, record: ReviewRecord, reader: str | None
) -> Mapping[str, SetOutcome] | None:
    """Confirmed copies by set, for a reader who has read every pair, or of a locked review; else None."""
    review = load_whole_review(database, record.id, audit_folder(settings, record.audit_id))
    if _unread(review, reader):
        return None
    return {one.name: one for one in find_review_results(review).outcomes}


def find_adjudication(
    database: Database, settings: Settings, record: ReviewRecord, reader: str
) -> Reading | None:
    """Return the disagreements as a queue where the address asks for them, else None.

    With each pair it tells what readers said, so that whoever still reads has to accept that first.
    """
    if st.query_params.get(_STAGE) != Stage.ADJUDICATION.value:
        return None
    review = load_whole_review(database, record.id, audit_folder(settings, record.audit_id))
    if _unread(review, reader) and not _has_accepted(database, record.id, reader):
        st.info("Read your own pairs first, or open the outcome below: settling tells what readers said.")
        return None
    calls = find_disagreements(compute_calls(review.pairs, review.verdicts), settled=True)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Settling disagreements.** What you say here is the call on each pair.")
        if st.button("Back to reading", icon=":material/arrow_back:"):
            del st.query_params[_STAGE]
            st.rerun()
    remarks = {
        call.pair.number: "Readers said: "
        + ", ".join(sorted(str(row.verdict) for row in call.readings if row.verdict))
        + "."
        for call in calls
    }
    pairs = [call.pair for call in calls]
    return Reading(record, pairs, reader, stage=Stage.ADJUDICATION, remarks=remarks)


@st.fragment
def show_outcome(review_id: str, audit_id: str, reader: str | None) -> None:
    """Show agreement, false alarms, confirmed copies, exports and the lock, below a fold.

    Args:
        review_id: the review.
        audit_id: its audit.
        reader: who looks.
    """
    settings, database = open_workspace()
    fold = st.expander("Outcome (unblinds)", key=f"outcome_{review_id}", on_change="rerun")
    if not fold.open:
        return
    with fold:
        review = load_whole_review(database, review_id, audit_folder(settings, audit_id))
        if not review.verdicts:
            st.info("Nobody has given a verdict yet.")
            return
        n_unread = _unread(review, reader)
        if n_unread and not _has_accepted(database, review_id, reader):
            st.warning(
                f"{n_unread:,} pairs are left for you to read. The outcome tells which pairs are controls "
                "and what others said: verdicts that you give afterwards are not blinded any more."
            )
            st.button("Show the outcome all the same", on_click=_accept, args=(database, review_id, reader))
            return
        _show(database, settings, review, reader)


def _show(database: Database, settings: Settings, review: LoadedReview, reader: str | None) -> None:
    found: ReviewFindings = find_review_results(review)
    record = review.record
    n_confirmed = sum(call.is_confirmed for call in found.calls)
    st.markdown(
        f"**Confirmed as copies or near copies: {n_confirmed:,}. Pairs that wait to be settled: "
        f"{len(found.open):,}.**"
    )
    if reader is not None and find_disagreements(found.calls, settled=True):
        label = f"Settle disagreements ({len(found.open):,} open)"
        if st.button(label, icon=":material/gavel:", disabled=record.is_locked):
            st.query_params[_STAGE] = Stage.ADJUDICATION.value
            st.rerun()
    show_table(lay_out_sets(found.outcomes), key="review_sets", file_name=f"sets-{record.id}.csv")
    show_table(lay_out_readers(found), key="review_readers", file_name=f"readers-{record.id}.csv")
    if found.agreements:
        table = lay_out_agreement(found.agreements)
        show_table(table, key="review_agreement", file_name=f"agreement-{record.id}.csv")
    else:
        st.caption("Agreement is shown once two readers have read.")
    if n_confirmed:
        table = lay_out_confirmed(found.calls, review.items)
        show_table(table, key="review_confirmed", file_name=f"confirmed-{record.id}.csv", height_px=400)
    show_exports(review)
    show_cleaned(database, settings, review, found)
    show_lock(database, review, found, reader=reader)


def _accept(database: Database, review_id: str, reader: str | None) -> None:
    """Keep with the review that this reader reads unblinded from now on; who only looks is not a reader."""
    if reader is None:
        st.session_state[f"unblinded_{review_id}"] = True
    else:
        open_outcome(database, review_id, reader)


def _has_accepted(database: Database, review_id: str, reader: str | None) -> bool:
    """Whether the one who looks has accepted to read unblinded from now on."""
    if reader is None:
        return bool(st.session_state.get(f"unblinded_{review_id}"))
    return has_opened(database, review_id, reader)


def _unread(review: LoadedReview, reader: str | None) -> int:
    """How many pairs the one who looks may still read blinded; none of a locked review."""
    if review.record.is_locked:
        return 0
    if reader is None:
        return len(review.pairs)
    return compute_standing(review.pairs, review.verdicts, reader).n_left
