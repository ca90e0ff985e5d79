"""The answers that a page on an audit opens with."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.audit.findings import SetFindings, summarise_answers
from core.audit.judgements import Finding

__all__ = ["show_answers"]

_MARKS = {
    "concern": ("orange", ":material/warning:"),
    "clear": ("green", ":material/check:"),
    "open": ("gray", None),
}


def show_answers(answers: Sequence[SetFindings]) -> None:
    """Show one sentence for each question, and each set's answers below on demand."""
    for column, (word, sentence) in zip(st.columns(3), summarise_answers(answers), strict=True):
        with column.container(border=True, height="stretch"):
            st.caption(word)
            st.text(sentence)
    with st.expander("Set by set"):
        for one in answers:
            st.text(one.name)
            for column, (word, finding) in zip(
                st.columns(3),
                (("Fidelity", one.fidelity), ("Variety", one.variety), ("Privacy", one.privacy)),
                strict=True,
            ):
                with column:
                    _show(word, finding)


def _show(word: str, finding: Finding) -> None:
    colour, icon = _MARKS[finding.level]
    st.badge(f"{word}: {finding.headline}", icon=icon, color=colour)
    st.caption(finding.sentence)
