"""A page that fails on demand."""

import streamlit as st

from core.errors import StoreError


def _fail() -> None:
    raise StoreError("The callback could not write; free some space.")


@st.fragment
def _part() -> None:
    if st.button("Fail in a fragment"):
        raise KeyError("patient 17")


st.title("Failures")
st.button("Fail in a callback", on_click=_fail)
_part()
