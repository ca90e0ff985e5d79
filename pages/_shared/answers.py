"""The answers that a page on an audit opens with."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.report.findings import SetFindings, summarise_answers
from core.report.judgements import Finding
from pages._shared.names import escape_markdown

__all__ = ["show_answers"]

_ICONS = {"concern": ":material/warning:", "clear": ":material/check:", "open": ":material/help:"}


def show_answers(answers: Sequence[SetFindings]) -> None:
    """Show one sentence for each question, and each set's answers below on demand."""
    sentences = summarise_answers(answers)
    for column, (word, sentence) in zip(st.columns(len(sentences)), sentences, strict=True):
        with column.container(border=True, height="stretch"):
            st.caption(word)
            st.text(sentence)
    with st.expander("Set by set"):
        for one in answers:
            st.text(one.name)
            asked = one.by_question
            for column, (word, finding) in zip(st.columns(len(asked)), asked, strict=True):
                with column:
                    _show(word, finding)


def _show(word: str, finding: Finding) -> None:
    text, icon = f"{word}: {finding.headline}", _ICONS[finding.level]
    match finding.level:
        case "concern":
            st.badge(escape_markdown(text), icon=icon, color="orange")
        case "clear":
            st.badge(escape_markdown(text), icon=icon, color="green")
        case _:
            st.badge(escape_markdown(text), icon=icon, color="gray")
    st.caption(escape_markdown(finding.sentence))
