"""Who reads: whoever is logged in, else whoever says so in the address."""

from __future__ import annotations

import streamlit as st

from core.db.reviews import check_reviewer
from core.errors import InputError
from pages._shared.access import is_authentication_configured
from pages._shared.names import escape_markdown

__all__ = ["ask_reader"]

_PARAM = "reader"


def ask_reader() -> str | None:
    """Return the reader's name, or None after asking for one."""
    if is_authentication_configured() and st.user.get("is_logged_in"):
        # An address is unique; names are not.
        return check_reviewer(str(st.user.get("email") or st.user.get("name") or ""))
    key = "reader_name"
    st.session_state[key] = st.query_params.get(_PARAM, "")

    def remember() -> None:
        st.query_params[_PARAM] = st.session_state[key]

    name = st.text_input(
        "Your name as reader",
        key=key,
        max_chars=120,
        placeholder="For example A. Reader",
        on_change=remember,
        help="Verdicts are kept under this name, for good. Two readers use two names.",
    )
    if not name.strip():
        return None
    try:
        return check_reviewer(name)
    except InputError as error:
        st.error(escape_markdown(str(error)))
        return None
