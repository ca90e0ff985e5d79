"""A choice that lives in the address, so that a view can be shared, reloaded and gone back to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import streamlit as st

from pages._shared.names import escape_markdown

__all__ = ["choose", "choose_several", "slide", "switch"]


def choose(
    label: str,
    options: Mapping[str, str],
    *,
    param: str,
    default: str | None = None,
    help: str | None = None,
    follows: bool = False,
) -> str:
    """Let the user choose one of several things.

    Args:
        label: what is chosen.
        options: id to what is shown; not empty.
        param: name of the query parameter that holds the id.
        default: id of the default; the first one where it is None.
        help: one sentence on it.
        follows: whether another choice decides the options: what was chosen then may go without a word.

    Returns:
        The chosen id.
    """
    ids, key = list(options), f"choose_{param}"
    # The widget tells options apart by what it shows: two audits of the same minute would be one.
    shown = list(options.values())
    labels = {one: text if shown.count(text) == 1 else f"{text} ({one[:6]})" for one, text in options.items()}
    wanted = st.query_params.get(param)
    if wanted in options:
        st.session_state[f"{key}_was"] = wanted
    elif wanted is not None and not (follows and wanted == st.session_state.get(f"{key}_was")):
        st.warning(f"What the address asks for under “{label}” is not there; another one is shown.")
    # The address wins over what the widget remembers: going back in the browser changes only the address.
    st.session_state[key] = wanted if wanted in options else default or ids[0]

    def remember() -> None:
        st.query_params[param] = st.session_state[key]

    st.selectbox(label, ids, key=key, format_func=labels.__getitem__, on_change=remember, help=help)
    chosen: str = st.session_state[key]
    return chosen


def choose_several(
    label: str,
    options: Sequence[str],
    *,
    param: str,
    default: Sequence[str],
    help: str | None = None,
    follows: bool = False,
) -> list[str]:
    """Let the user choose any number of things, none included.

    Args:
        label: what is chosen.
        options: the things by name.
        param: name of the query parameter, which is there once a name, and once and empty for none.
        default: what is chosen where the address says nothing.
        help: one sentence on it.
        follows: see `choose`; where none of what was chosen is left, the default is chosen.

    Returns:
        The chosen names in the order of the options.
    """
    key, wanted = f"choose_{param}", st.query_params.get_all(param)
    if not set(wanted) - {*options, ""}:
        st.session_state[f"{key}_was"] = wanted
    elif not (follows and wanted == st.session_state.get(f"{key}_was")):
        st.warning(f"Some of what the address asks for under “{label}” is not there; it is left out.")
    elif not set(wanted) & set(options):
        wanted = []
    st.session_state[key] = [name for name in options if name in (wanted or default)]

    def remember() -> None:
        st.query_params[param] = st.session_state[key] or [""]

    # What pills show is markdown, unlike the options of a selectbox.
    st.pills(
        label,
        options,
        selection_mode="multi",
        key=key,
        format_func=escape_markdown,
        on_change=remember,
        help=help,
    )
    chosen = set(st.session_state[key])
    return [name for name in options if name in chosen]


def switch(label: str, *, param: str, help: str | None = None) -> bool:
    """Let the user turn something on, which is off at first.

    Args:
        label: what is turned on.
        param: name of the query parameter, which is 1 while it is on.
        help: one sentence on it.
    """
    key = f"choose_{param}"
    st.session_state[key] = st.query_params.get(param) == "1"

    def remember() -> None:
        if st.session_state[key]:
            st.query_params[param] = "1"
        else:
            del st.query_params[param]

    return st.toggle(label, key=key, on_change=remember, help=help)


def slide(label: str, *, lowest: int, highest: int, param: str, default: int, help: str | None = None) -> int:
    """Let the user choose a whole number with a slider.

    Args:
        label: what is chosen.
        lowest: its smallest value.
        highest: its largest value; where it is no more than `lowest`, there is nothing to choose.
        param: name of the query parameter that holds the number; beyond an end, the end counts.
        default: what is chosen where the address says nothing.
        help: one sentence on it.
    """
    if highest <= lowest:
        return lowest
    key, wanted = f"choose_{param}", st.query_params.get(param)
    if wanted is not None and not re.fullmatch(r"-?[0-9]{1,9}", wanted):
        st.warning(f"What the address asks for under “{label}” is no number; another one is shown.")
        wanted = None
    st.session_state[key] = min(max(int(wanted), lowest), highest) if wanted is not None else default

    def remember() -> None:
        st.query_params[param] = str(st.session_state[key])

    chosen: int = st.slider(label, lowest, highest, key=key, on_change=remember, help=help)
    return chosen
