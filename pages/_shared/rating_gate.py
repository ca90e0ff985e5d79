"""Whether a session's results may be shown: while raters still rate, only to somebody who accepts that."""

from __future__ import annotations

import streamlit as st

from core.db.database import Database
from core.db.raters import list_raters
from core.db.rating_record import RatingSessionRecord
from pages._shared.rating_standing import count_raters

__all__ = ["is_unblinded"]


def is_unblinded(database: Database, session: RatingSessionRecord) -> bool:
    """Tell whether to show results, asking first while raters still rate.

    Once a session is closed, or all its raters have finished, nothing is asked. Before, whoever looks could
    tell raters how they do, or stop when the numbers please: both make the numbers worthless.
    """
    if session.closed_at is not None or session.is_simulated:
        return True
    n_finished, n_raters = count_raters(list_raters(database, session.id))
    if n_raters and n_finished == n_raters:
        return True
    key = f"unblinded_{session.id}"
    if st.session_state.get(key):
        st.warning(
            f"**Preliminary.** {n_finished:,} of {n_raters:,} raters have finished; these numbers still "
            "change. Decide when a session ends before looking at them."
        )
        return True
    st.info(
        f"{n_finished:,} of {n_raters:,} raters have finished. Whoever knows the results now may tell raters "
        "how they do, or stop when the numbers please; close the session first, or look all the same if you "
        "are no rater of it."
    )

    def accept() -> None:
        st.session_state[key] = True

    st.button("Show preliminary results", icon=":material/visibility:", on_click=accept)
    return False
