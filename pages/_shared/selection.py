"""A choice that lives in the address, so that a view can be shared, reloaded and gone back to."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

__all__ = ["choose"]


def choose(label: str, options: Mapping[str, str], *, param: str, help: str | None = None) -> str:
    """Let the user choose one of several things.

    Args:
        label: what is chosen.
        options: id to what is shown; not empty. The first is the default.
        param: name of the query parameter that holds the id.
        help: one sentence on it.

    Returns:
        The chosen id.
    """
    ids, key = list(options), f"choose_{param}"
    wanted = st.query_params.get(param)
    if wanted is not None and wanted not in options:
        st.warning(f"The address asks for a {label.lower()} that is not there; another one is shown.")
    # The address wins over what the widget remembers: going back in the browser changes only the address.
    st.session_state[key] = wanted if wanted in options else ids[0]

    def remember() -> None:
        st.query_params[param] = st.session_state[key]

    st.selectbox(label, ids, key=key, format_func=options.__getitem__, on_change=remember, help=help)
    chosen: str = st.session_state[key]
    return chosen
